import { z } from "zod";
import { pathed } from "./issues.ts";
import { keep } from "./keep.ts";
import { PlanInvalid } from "./planerrors.ts";
import type { Kind } from "./ports/kind.ts";
import type { StoreKind } from "./ports/storekind.ts";
import { parseSchedule } from "./schedule.ts";

/** Kinds and stores by name, with the folder (from the repository's root) that holds their verbs. */
export type Kinds = Readonly<Record<string, { kind: Kind; folder: string }>>;
export type StoreKinds = Readonly<Record<string, { kind: StoreKind; folder: string }>>;
export type Lists = { kinds: Kinds; stores: StoreKinds };

/** Names end up in keys, role names and KMS contexts, all of which this is safe in; with a project of 16 and a stage of 10 they fit a 64-character role name. */
const name = z.string().regex(/^[a-z][a-z0-9-]{0,23}$/, "use lower-case letters, digits and hyphens, at most 24, a letter first");
const schedule = z.string().superRefine((text, check) => {
  try {
    parseSchedule(text);
  } catch (error) {
    if (!(error instanceof PlanInvalid)) throw error;
    check.addIssue({ code: "custom", message: error.problems.join("; ") });
  }
});
const age = z
  .string()
  .regex(/^age1[02-9ac-hj-np-z]{58}$/, "an offline key is the public half that `holdfast keygen` prints, age1 and 58 characters");

const common = z.looseObject({
  kind: z.string(),
  /** Whom the source belongs to; stands in names, tags and notices. */
  client: name.optional(),
  schedule,
  keep: keep.prefault({}),
  /** Stores that get a copy. */
  copies: z.array(z.string()).default([]),
  /** Alarm when the newest verified backup is older than this many hours; undefined: the schedule's interval plus half. */
  alarmHours: z.number().positive().optional(),
});
const root = z.strictObject({
  project: name.max(16, "at most 16 characters, because AWS names hold it with much else"),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "an AWS region such as eu-central-1"),
  /** `eu`: refuse any region outside the European Union's. */
  residency: z.literal("eu").optional(),
  /** Public halves; the private ones never touch a server. */
  offlineKeys: z.array(age).min(1, "at least one, or no backup could be opened without AWS; `holdfast keygen` makes one"),
  /** E-mail addresses that get notices. */
  alerts: z.array(z.email()).default([]),
  /** Further public keys (PEM, by key id) that readers trust: those of an account that is gone. */
  trust: z.record(z.string(), z.string()).default({}),
  stores: z.record(name, z.looseObject({ kind: z.string() })).default({}),
  sources: z.record(name, common),
  targets: z.record(name, z.looseObject({ kind: z.string(), protected: z.boolean().default(false) })).default({}),
});

export type PlanInput = z.input<typeof root>;
export type Source = {
  name: string;
  kind: string;
  client?: string | undefined;
  schedule: string;
  keep: z.infer<typeof keep>;
  copies: string[];
  alarmHours: number;
  config: unknown;
};
export type Target = { name: string; kind: string; protected: boolean; config: unknown };
export type PlannedStore = { name: string; kind: string; config: unknown };
export type Plan = Pick<z.infer<typeof root>, "project" | "region" | "residency" | "offlineKeys" | "alerts" | "trust"> & {
  stores: Record<string, PlannedStore>;
  sources: Record<string, Source>;
  targets: Record<string, Target>;
};

/** What `holdfast.config.ts` exports: typed as it is written, checked by {@link parsePlan} at synth. */
export const plan = (input: PlanInput): PlanInput => input;
/** The name of a secret in Secrets Manager. The plan never holds the value. */
export const secret = (name: string): string => name;

/** Throws {@link PlanInvalid} with every problem and its path. */
export function parsePlan(input: unknown, lists: Lists): Plan {
  const parsed = root.safeParse(input);
  if (!parsed.success) throw new PlanInvalid(pathed(parsed.error), { cause: parsed.error });
  const problems: string[] = [];
  const { stores: rawStores, sources: rawSources, targets: rawTargets, ...rest } = parsed.data;
  if (rest.residency === "eu" && !rest.region.startsWith("eu-")) problems.push(`region: ${rest.region} is outside the residency "eu"`);
  const part = (path: string[], kind: string, known: Readonly<Record<string, unknown>>, schema: z.ZodType | undefined, config: unknown) => {
    if (!schema) problems.push(`${path.join(".")}.kind: "${kind}" is none of ${Object.keys(known).sort().join(", ")}`);
    const result = schema?.safeParse(config);
    if (result && !result.success) problems.push(...pathed(result.error, path));
    return result?.data;
  };
  const stores = map(rawStores, (storeName, { kind, ...config }) => ({
    name: storeName,
    kind,
    config: part(["stores", storeName], kind, lists.stores, lists.stores[kind]?.kind.config, config),
  }));
  const targets = map(rawTargets, (targetName, { kind, protected: isProtected, ...config }) => ({
    name: targetName,
    kind,
    protected: isProtected,
    config: part(["targets", targetName], kind, lists.kinds, lists.kinds[kind]?.kind.target, config),
  }));
  const sources: Record<string, Source> = {};
  const add = (sourceName: string, raw: z.infer<typeof common>) => {
    const { kind, client, schedule, keep, copies, alarmHours, ...config } = raw;
    const path = ["sources", sourceName];
    for (const copy of copies)
      if (!(copy in rawStores)) problems.push(`${path.join(".")}.copies: "${copy}" is not among the plan's stores`);
    const own = part(path, kind, lists.kinds, lists.kinds[kind]?.kind.config, config);
    sources[sourceName] = {
      name: sourceName,
      kind,
      client,
      schedule,
      keep,
      copies,
      alarmHours: alarmHours ?? defaultAlarmHours(schedule),
      config: own,
    };
    if (own === undefined) return;
    for (const [extra, more] of Object.entries(lists.kinds[kind]?.kind.expand?.(sourceName, own) ?? {})) {
      const brought = common.safeParse({ client, schedule, keep, ...(more as object) });
      if (extra in rawSources) problems.push(`${path.join(".")}: brings a source "${extra}" that the plan names itself`);
      else if (brought.success) add(extra, brought.data);
      else problems.push(...pathed(brought.error, ["sources", extra]));
    }
  };
  for (const [sourceName, raw] of Object.entries(rawSources)) add(sourceName, raw);
  if (problems.length > 0) throw new PlanInvalid(problems);
  return { ...rest, stores, sources, targets };
}

const map = <A, B>(record: Record<string, A>, each: (name: string, value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, each(key, value)]));

/** The interval plus half, of the longest gap that the schedule makes around a fixed moment. */
function defaultAlarmHours(expression: string): number {
  const schedule = parseSchedule(expression);
  let at = schedule.next(new Date(Date.UTC(2026, 0, 1)));
  let longest = 0;
  for (let i = 0; i < gapsLookedAt; i++) {
    const next = schedule.next(at);
    longest = Math.max(longest, next.getTime() - at.getTime());
    at = next;
  }
  return (longest * 1.5) / 3_600_000;
}
/** Enough to see a weekend in an hourly working-day schedule. */
const gapsLookedAt = 200;
