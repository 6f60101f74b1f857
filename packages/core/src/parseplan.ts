import type { z } from "zod";
import { copiedDays } from "./copies.ts";
import { pathed } from "./issues.ts";
import {
  type Lists,
  nameSchema,
  type Plan,
  type PlanInput,
  type PlannedStore,
  planSchema,
  type Source,
  sourceSchema,
  storeSchema,
  type Target,
  targetSchema,
} from "./plan.ts";
import { recheckHours } from "./margins.ts";
import { PlanInvalid } from "./planerrors.ts";
import { releaseProblems } from "./planstores.ts";
import { overQuota } from "./quotas.ts";
import { misplacedAt, type Residency } from "./residency.ts";
import { parseSchedule } from "./schedule.ts";
import type { WatchedSource } from "./status.ts";

/** Throws {@link PlanInvalid} with every problem and its path. */
export function parsePlan(input: unknown, lists: Lists): Plan {
  const parsed = planSchema.safeParse(input);
  const problems = parsed.success ? [] : pathed(parsed.error);
  problems.push(...outside(input));
  const part = (path: string[], kind: string, of: "kinds" | "stores", pick: "config" | "target", config: unknown): unknown => {
    const schema = schemaOf(lists, of, kind, pick);
    if (!schema) problems.push(`${path.join(".")}.kind: "${kind}" is none of ${Object.keys(lists[of]).sort().join(", ")}`);
    const result = schema?.safeParse(config);
    if (result && !result.success) problems.push(...pathed(result.error, path));
    return result?.data;
  };
  const stores = Object.fromEntries(
    named(input, "stores", storeSchema, problems).map(([own, { kind, rate, prune, keyDays, ...config }]) => {
      return [own, { name: own, kind, rate, prune, keyDays, config: part(["stores", own], kind, "stores", "config", config) }];
    }),
  );
  const targets = Object.fromEntries(
    named(input, "targets", targetSchema, problems).map(([own, { kind, protected: guarded, ...config }]) => {
      return [own, { name: own, kind, protected: guarded, config: part(["targets", own], kind, "kinds", "target", config) }];
    }),
  );
  const sources = sourcesOf(input, lists, part, problems);
  problems.push(...Object.values(stores).flatMap((store) => unfit(store, input, Object.values(sources), lists)));
  problems.push(...misaimed(Object.values(sources), targets, lists));
  problems.push(...overQuota(Object.values(sources), planSchema.shape.quotas.safeParse(listed(input, "quotas")).data ?? {}, lists));
  if (!parsed.success || problems.length > 0) throw new PlanInvalid(problems, parsed.success ? undefined : { cause: parsed.error });
  const { stores: _stores, sources: _sources, targets: _targets, quotas: _quotas, ...rest } = parsed.data;
  return { ...rest, stores, sources, targets };
}

/** A source as whoever looks at it needs to know it. */
export function watchedSource(
  { targets }: Plan,
  { name, kind: of, schedule, alarmHours, drill, keep, copies, config }: Source,
  { kinds }: Lists,
): WatchedSource {
  const kind = kinds[of]?.kind;
  const own = Object.values(targets).filter((target) => target.kind === of);
  return {
    name,
    kind: of,
    schedule,
    alarmHours,
    verified: kind?.verified ?? [],
    undrilled: kind?.undrilled?.(
      config,
      own.map((target) => target.config),
      own.find((target) => target.name === drill?.target)?.config,
    ),
    cautions: kind?.cautions?.(config),
    replicas: kind?.replicatesTo?.(config),
    copies,
    copiedDays: copiedDays(keep),
    ...(drill ? { drillHours: overdueHours(drill.schedule) } : {}),
    finishes: kind?.hints !== undefined,
    ...(kind?.portable === false ? { recheckHours } : {}),
  };
}

/** Its interval plus half. */
const overdueHours = (schedule: string): number => (parseSchedule(schedule).longestGap() * 1.5) / 3_600_000;

type Part = (path: string[], kind: string, of: "kinds", pick: "config", config: unknown) => unknown;

/** The plan's sources, and those that they bring. */
function sourcesOf(input: unknown, lists: Lists, part: Part, problems: string[]): Record<string, Source> {
  const planned = named(input, "sources", sourceSchema, problems);
  const stores = keysOf(input, "stores");
  const sources: Record<string, Source> = {};
  const add = (own: string, { kind, client, schedule, keep, copies, alarmHours, drill, ...config }: z.infer<typeof sourceSchema>) => {
    const path = ["sources", own];
    for (const [i, copy] of copies.entries())
      if (!stores.includes(copy))
        problems.push(
          `${path.join(".")}.copies.${i}: "${copy}" is none of the plan's stores: ${stores.sort().join(", ") || "it has none"}`,
        );
    problems.push(...immovable([...path, "copies"].join("."), kind, copies, lists));
    problems.push(...undrillable([...path, "drill"].join("."), kind, drill, listed(input, "targets")));
    const parsed = part(path, kind, "kinds", "config", config);
    if (parsed !== undefined) problems.push(...misplaced(own, lists.kinds[kind]?.kind.replicatesTo?.(parsed) ?? [], input));
    const hours = alarmHours ?? overdueHours(schedule);
    sources[own] = { name: own, kind, client, schedule, keep, copies, alarmHours: hours, drill, config: parsed };
    if (parsed !== undefined) bring(own, { client, schedule, keep }, lists.kinds[kind]?.kind.expand?.(own, parsed) ?? {});
  };
  const bring = (by: string, inherited: object, brought: Record<string, unknown>) => {
    for (const [own, config] of Object.entries(brought)) {
      const found = sourceSchema.safeParse({ ...inherited, ...(config as object) });
      const called = nameSchema.safeParse(own);
      if (!called.success) problems.push(...pathed(called.error, ["sources", by, `brings "${own}"`]));
      if (keysOf(input, "sources").includes(own) || Object.hasOwn(sources, own))
        problems.push(`sources.${by}: brings a source "${own}", and another is called so already`);
      else if (found.success) add(own, found.data);
      else problems.push(...pathed(found.error, ["sources", own]));
    }
  };
  for (const [own, raw] of planned) add(own, raw);
  return sources;
}

/** A drill must not wait for an approval, and what it is restored to must be of its kind. */
function undrillable(path: string, kind: string, drill: Source["drill"], targets: object): string[] {
  if (!drill) return [];
  const found = (targets as Record<string, { kind?: unknown; protected?: unknown }>)[drill.target];
  if (found?.kind !== kind) return [`${path}.target: "${drill.target}" is no target of kind ${kind}`];
  return found.protected === true
    ? [`${path}.target: "${drill.target}" is protected, so each drill would wait for somebody's approval`]
    : [];
}

/** Targets that their kind lets nobody drill to, or not beside the plan's sources. */
function misaimed(sources: readonly Source[], targets: Readonly<Record<string, Target>>, { kinds }: Lists): string[] {
  const known = sources.filter(({ kind, config }) => config !== undefined && Object.hasOwn(kinds, kind));
  const right = Object.values(targets).filter(({ config }) => config !== undefined);
  return known.flatMap(({ name, kind: of, config, drill }) => {
    const kind = kinds[of]?.kind;
    return right
      .filter((target) => target.kind === of)
      .flatMap((target) => {
        const undrillable = target.name === drill?.target ? kind?.undrillable?.(target.config) : undefined;
        const collides = kind?.collides?.(target.config, config);
        return [
          ...(undrillable === undefined ? [] : [`sources.${name}.drill.target: "${target.name}" ${undrillable}`]),
          ...(collides === undefined ? [] : [`targets.${target.name}: ${collides}, which the source "${name}" has too`]),
        ];
      });
  });
}

/** Copies of what cannot leave the source's own service. */
function immovable(path: string, of: string, copies: readonly string[], { kinds }: Lists): string[] {
  const kind = Object.hasOwn(kinds, of) ? kinds[of]?.kind : undefined;
  if (copies.length === 0 || kind?.portable !== false) return [];
  const instead = kind.expand ? '; name the stores in its dump, as dump: { copies: ["…"] }' : "";
  return [`${path}: backups of kind ${of} cannot leave the service that they stand at${instead}`];
}

const schemaOf = (lists: Lists, of: "kinds" | "stores", kind: string, pick: "config" | "target"): z.ZodType | undefined => {
  if (!Object.hasOwn(lists[of], kind)) return undefined;
  return of === "stores" ? lists.stores[kind]?.kind.config : lists.kinds[kind]?.kind[pick];
};

/** What the plan names under one of its lists, without what a prototype brings. */
function listed(input: unknown, list: "stores" | "sources" | "targets" | "quotas"): object {
  const found = (input as Record<string, unknown> | null | undefined)?.[list];
  return typeof found === "object" && found !== null ? found : {};
}
const keysOf = (input: unknown, list: "stores" | "sources" | "targets") => Object.keys(listed(input, list));

/** The entries that are right by themselves, whatever else is wrong, so that one reading of the plan finds every problem. */
function named<T extends z.ZodType>(input: unknown, list: "stores" | "sources" | "targets", schema: T, problems: string[]) {
  const found: [string, z.infer<T>][] = [];
  for (const [own, raw] of Object.entries(listed(input, list))) {
    const parsed = schema.safeParse(raw);
    if (own === "__proto__") problems.push(`${list}.${own}: cannot be a name`);
    else if (parsed.success) found.push([own, parsed.data]);
  }
  return found;
}

function outside(input: unknown): string[] {
  const { region } = { ...(input as Partial<PlanInput> | undefined) };
  if (typeof region !== "string") return [];
  return present(misplacedAt("region", { cloud: "aws", region, field: "" }, residencyOf(input)));
}

const residencyOf = (input: unknown): Residency | undefined =>
  planSchema.shape.residency.safeParse((input as Partial<PlanInput> | null | undefined)?.residency).data;
const present = (problem: string | undefined): string[] => (problem === undefined ? [] : [problem]);

/** A store where data may not be, whoever copies there; one that would not let go of what is copied there, or not as the plan says. */
function unfit(store: PlannedStore, input: unknown, sources: readonly Source[], { kinds, stores }: Lists): string[] {
  const { name, kind: of, config } = store;
  const kind = Object.hasOwn(stores, of) ? stores[of]?.kind : undefined;
  if (!kind || config === undefined) return [];
  const home = (input as Partial<PlanInput> | undefined)?.region;
  return [
    ...present(misplacedAt(`stores.${name}`, kind.place(config, typeof home === "string" ? home : ""), residencyOf(input))),
    ...releaseProblems(store, kind, sources, kinds),
  ];
}

/** Copies that would leave where data may be, or stand where the source itself is. A destination is a region, with an account behind it where it is another one's. */
function misplaced(source: string, replicas: readonly string[], input: unknown): string[] {
  const { region: home } = { ...(input as Partial<PlanInput> | undefined) };
  const path = `sources.${source}.replicas`;
  return replicas.flatMap((to) => {
    const abroad = misplacedAt(path, { cloud: "aws", region: to.replace(/-\d{12}$/, ""), field: "" }, residencyOf(input));
    if (abroad) return [abroad];
    return to === home ? [`${path}: ${to} is where the source itself is; name another region, or another account`] : [];
  });
}
