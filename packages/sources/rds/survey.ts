import {
  DescribeAccountAttributesCommand,
  paginateDescribeDBEngineVersions,
  paginateDescribeOrderableDBInstanceOptions,
} from "@aws-sdk/client-rds";
import type { Backup, Surroundings, Want } from "@holdfast/core";
import { type Api, HIDDEN } from "./api.ts";
import type { Snapshots } from "./family.ts";
import { type LoggingIn, requireLogin, type Tokened } from "./login.ts";
import { isSameFamily, pointOf, type Window } from "./point.ts";
import type { Written } from "./recorded.ts";
import type { Group, Restores } from "./restores.ts";

/** What a plan must know of the account and region. JSON without a secret. */
export type Facts = {
  /** Identifiers that the target's names could collide with. */
  taken: string[];
  /** State of the snapshot, or `gone`. */
  snapshot: string;
  /** State of its key; `none` where it has none. */
  key: string;
  /** Versions of its engine that can be had now, oldest first. */
  offered: string[];
  missing: Pick<Group, "override" | "name">[];
  /** Classes that are not to be had with the engine and version. */
  unavailable: string[];
  /** The version that would come up. */
  version: string;
  /** That version, where a moment is of another major one than the backup. */
  upgraded?: string | undefined;
  room: { what: "instance" | "cluster"; used: number; max: number; needs: number }[];
  /** The times that its database can be taken back to, ISO 8601; undefined where there are none. */
  window?: Window | undefined;
};

type At<Settings, Target> = {
  api: Api;
  snapshots: Snapshots<Settings>;
  restores: Restores<Settings, Target>;
  target: Target & LoggingIn & { names: string; engineVersion?: string | undefined };
  surroundings: Pick<Surroundings, "secrets">;
};

/** Looks at everything that a restore of this backup would need, and changes nothing. Throws {@link SecretUnusable}, but to who says `force`. */
export async function survey<Settings extends Tokened, Target>(
  at: At<Settings, Target>,
  { native }: Pick<Backup<Written<Settings>>, "native">,
  want: Want,
): Promise<Facts> {
  const { api, snapshots, restores, target } = at;
  const { snapshot } = native;
  const recorded = restores.effective(native.settings, target);
  if (!want.force) await requireLogin(target, snapshot.engine, recorded, at.surroundings);
  const window = await windowOf(at, snapshot);
  const running = pointOf(want, window, snapshot) && (await snapshots.database(api, snapshot.of))?.version;
  const version = running ?? ((restores.chooseVersion && target.engineVersion) || snapshot.version);
  const upgraded = running !== undefined && !isSameFamily(snapshot.engine, running, snapshot.version) ? running : undefined;
  const settings = upgraded ? restores.ungrouped(recorded, target) : recorded;
  const offered = await versionsOf(api, snapshot.engine);
  return {
    taken: await restores.taken(api, target.names),
    snapshot: (await snapshots.find(api, snapshot.id))?.status ?? "gone",
    key: snapshot.key === undefined ? "none" : ((await api.key(snapshot.key))?.state ?? HIDDEN),
    offered,
    missing: await missingOf(api, restores.groups(settings)),
    version,
    upgraded,
    unavailable: offered.includes(version)
      ? await unavailableOf(api, { engine: snapshot.engine, version }, restores.classes(settings))
      : [],
    room: await roomOf(api, restores.creates("", settings)),
    window,
  };
}

async function windowOf(
  { api, restores }: { api: Api; restores: Pick<Restores<unknown, never>, "window"> },
  { of, resource }: { of: string; resource: string },
): Promise<Window | undefined> {
  const found = await restores.window(api, of, resource);
  return found && { earliest: found.earliest.toISOString(), latest: found.latest.toISOString() };
}

async function versionsOf(api: Api, engine: string): Promise<string[]> {
  return await api.rds(`listing versions of ${engine}`, async (client, options) => {
    const found: string[] = [];
    for await (const { DBEngineVersions = [] } of paginateDescribeDBEngineVersions({ client }, { Engine: engine }, options))
      found.push(...DBEngineVersions.flatMap(({ EngineVersion }) => EngineVersion ?? []));
    return found;
  });
}

async function missingOf(api: Api, groups: readonly Group[]): Promise<Facts["missing"]> {
  const missing: Facts["missing"] = [];
  for (const { override, name, exists } of groups) if (!(await exists(api))) missing.push({ override, name });
  return missing;
}

async function unavailableOf(
  api: Api,
  { engine, version }: { engine: string; version: string },
  classes: readonly string[],
): Promise<string[]> {
  const missing: string[] = [];
  for (const wanted of new Set(classes)) if (!(await isOrderable(api, engine, version, wanted))) missing.push(wanted);
  return missing;
}

async function isOrderable(api: Api, Engine: string, EngineVersion: string, DBInstanceClass: string): Promise<boolean> {
  return await api.rds(`looking for ${DBInstanceClass}`, async (client, options) => {
    const input = { Engine, EngineVersion, DBInstanceClass };
    for await (const { OrderableDBInstanceOptions = [] } of paginateDescribeOrderableDBInstanceOptions({ client }, input, options))
      if (OrderableDBInstanceOptions.length > 0) return true;
    return false;
  });
}

const QUOTAS = { instance: "DBInstances", cluster: "DBClusters" } as const;
async function roomOf(api: Api, creates: readonly { what: "instance" | "cluster" }[]): Promise<Facts["room"]> {
  const command = new DescribeAccountAttributesCommand({});
  const { AccountQuotas = [] } = await api.rds("describing the account's quotas", (client, options) => client.send(command, options));
  return [...new Set(creates.map(({ what }) => what))].map((what) => {
    const { Used: used = 0, Max: max = 0 } = AccountQuotas.find(({ AccountQuotaName }) => AccountQuotaName === QUOTAS[what]) ?? {};
    return { what, used, max, needs: creates.filter((one) => one.what === what).length };
  });
}
