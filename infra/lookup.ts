import { clash, parseSchedule, PlanInvalid, type Source } from "@holdfast/core";
import { type Deployment, kindOf } from "./deployment.ts";

/** By source: the resource id of the database of RDS that it is or reads, as IAM names it in rights to connect. */
export type Databases = ReadonlyMap<string, { resource: string }>;

type Named = { cluster: string } | { instance: string };
type Found = { resource: string; window: string };

/**
 * Looks up each database that a source's kind names, once, and before anything is made: a plan whose schedule falls into the maintenance window
 * of its own database is refused whole. Throws PlanInvalid, and the provider's own error where there is no such database.
 */
export async function lookUp(d: Deployment, now = new Date()): Promise<Databases> {
  const asked = new Map<string, Promise<Found>>();
  const found = new Map<string, { resource: string }>();
  const problems: string[] = [];
  for (const source of Object.values(d.plan.sources)) {
    const named = kindOf(d, source.kind).looksUp?.(source.config);
    if (!named) continue;
    const title = titleOf(named);
    const asking = asked.get(title) ?? describe(named);
    asked.set(title, asking);
    const { resource, window } = await asking;
    found.set(source.name, { resource });
    problems.push(...clashOf(source, named, window, now));
  }
  if (problems.length > 0) throw new PlanInvalid(problems);
  return found;
}

async function describe(named: Named): Promise<Found> {
  if ("cluster" in named) {
    const found = await aws.rds.getCluster({ clusterIdentifier: named.cluster });
    return { resource: found.clusterResourceId, window: found.preferredMaintenanceWindow };
  }
  const found = await aws.rds.getInstance({ dbInstanceIdentifier: named.instance });
  return { resource: found.resourceId, window: found.preferredMaintenanceWindow };
}

const titleOf = (named: Named): string => ("cluster" in named ? `cluster ${named.cluster}` : `instance ${named.instance}`);

/** RDS restarts an instance at any moment of its window, which fails a backup under way, and a snapshot that is under way holds the upkeep up. */
function clashOf(source: Source, named: Named, window: string, now: Date): string[] {
  const at = clash(parseSchedule(source.schedule), window, now);
  if (!at) return [];
  const when = `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return [
    `sources.${source.name}.schedule: ${source.schedule} fires at ${when}, in the maintenance window ${window} of the ${titleOf(named)}: ` +
      `choose another time for the schedule, or move the window with \`${moved(named)}\``,
  ];
}

const moved = (named: Named): string =>
  "cluster" in named
    ? `aws rds modify-db-cluster --db-cluster-identifier ${named.cluster} --preferred-maintenance-window …`
    : `aws rds modify-db-instance --db-instance-identifier ${named.instance} --preferred-maintenance-window …`;
