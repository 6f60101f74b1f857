import { z } from "zod";
import { keep } from "./keep.ts";
import { keyIdOf } from "./manifest.ts";
import { PlanInvalid } from "./planerrors.ts";
import type { Kind } from "./ports/kind.ts";
import type { StoreKind } from "./ports/storekind.ts";
import { parseSchedule } from "./schedule.ts";

/** Kinds and stores by name, with the folder (from the repository's root) that holds their verbs. */
export type Kinds = Readonly<Record<string, { kind: Kind; folder: string }>>;
export type StoreKinds = Readonly<Record<string, { kind: StoreKind; folder: string }>>;
export type Lists = { kinds: Kinds; stores: StoreKinds };

/** Names end up in keys, role names and KMS contexts, all of which this is safe in; with a project of 16 and a stage of 10 they fit a 64-character role name. */
export const nameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,23}$/, "use lower-case letters, digits and hyphens, at most 24, a letter first");
const schedule = z.string().superRefine((text, check) => {
  try {
    if (!parseSchedule(text).endless)
      check.addIssue({ code: "custom", message: `"${text}" names years; backups that end by themselves are noticed too late, so write *` });
  } catch (error) {
    if (!(error instanceof PlanInvalid)) throw error;
    check.addIssue({ code: "custom", message: error.problems.join("; ") });
  }
});
const age = z
  .string()
  .regex(/^age1[02-9ac-hj-np-z]{58}$/, "an offline key is the public half that `holdfast keygen` prints, age1 and 58 characters");
const once = <T extends z.ZodType>(item: T) =>
  z.array(item).superRefine((items, check) => {
    for (const [i, each] of items.entries())
      if (items.indexOf(each) < i) check.addIssue({ code: "custom", path: [i], message: `${JSON.stringify(each)} is there twice` });
  });
const trust = z.record(z.string(), z.string()).superRefine((keys, check) => {
  for (const [id, pem] of Object.entries(keys)) {
    const message = wrongKey(id, pem);
    if (message) check.addIssue({ code: "custom", path: [id], message });
  }
});
/** A restore made only to prove: on schedule, compared, and removed again. */
const drill = z.strictObject({
  /** One of the plan's targets of the same kind, not a protected one. */
  target: z.string(),
  schedule: schedule.default("rate(7 days)"),
  /** Which of the backup's databases, when it holds several. */
  which: z.string().optional(),
  force: z.boolean().optional(),
});
export const sourceSchema = z.looseObject({
  kind: z.string(),
  /** Whom the source belongs to; stands in names, tags and notices. */
  client: nameSchema.optional(),
  schedule,
  keep: keep.prefault({}),
  /** Stores that get a copy. */
  copies: once(z.string()).default([]),
  /** Alarm when the newest verified backup is older than this many hours; undefined: the schedule's interval plus half. */
  alarmHours: z.number().positive().optional(),
  drill: drill.optional(),
});
export const targetSchema = z.looseObject({ kind: z.string(), protected: z.boolean().default(false) });
export const storeSchema = z.looseObject({
  kind: z.string(),
  /** MiB a second that one Lambda moves there, where that is not what it usually is: what takes too long at that rate is shared out among several. */
  rate: z.number().positive().optional(),
  /** Lets a function with an identity of its own delete there what the tiers no longer want: for stores that carry no marks, and for no others. */
  prune: z.boolean().default(false),
  /** Alarm when a standing key of this store is older than this many days. */
  keyDays: z.int().min(1).default(90),
});
export const planSchema = z.strictObject({
  project: nameSchema.max(16, "at most 16 characters, because AWS names hold it with much else"),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "an AWS region such as eu-central-1"),
  /**
   * Where data may be: the plan's region, copies of snapshots, and every store. `eu`: the European Union. `europe`: also Switzerland, the United
   * Kingdom, Norway and Iceland. Or a list of regions, each in its own cloud's words.
   */
  residency: z.union([z.enum(["eu", "europe"]), once(z.string().min(1)).min(1)]).optional(),
  /** Public halves; the private ones never touch a server. */
  offlineKeys: once(age).min(1, "at least one, or no backup could be opened without AWS; `holdfast keygen` makes one"),
  /** E-mail addresses that get notices. */
  alerts: once(z.email()).default([]),
  /** Further public keys (PEM, by key id) that readers trust: those of an account that is gone. */
  trust: trust.default({}),
  stores: z.record(nameSchema, storeSchema).default({}),
  sources: z.record(nameSchema, sourceSchema),
  targets: z.record(nameSchema, targetSchema).default({}),
  /** Quotas of the account that AWS raised, as `ManualSnapshots: 200`. */
  quotas: z.record(z.string(), z.int().min(1)).default({}),
});

export type PlanInput = z.input<typeof planSchema>;
export type Source = {
  name: string;
  kind: string;
  client?: string | undefined;
  schedule: string;
  keep: z.infer<typeof keep>;
  copies: string[];
  alarmHours: number;
  drill?: z.infer<typeof drill> | undefined;
  config: unknown;
};
export type Target = { name: string; kind: string; protected: boolean; config: unknown };
export type PlannedStore = { name: string; kind: string; rate?: number | undefined; prune: boolean; keyDays: number; config: unknown };
export type Plan = Pick<z.infer<typeof planSchema>, "project" | "region" | "residency" | "offlineKeys" | "alerts" | "trust"> & {
  stores: Record<string, PlannedStore>;
  sources: Record<string, Source>;
  targets: Record<string, Target>;
};

/** What `holdfast.config.ts` exports: typed as it is written, checked by {@link parsePlan} at synth. */
export const plan = (input: PlanInput): PlanInput => input;
/** The name of a secret in Secrets Manager. The plan never holds the value. */
export const secret = (name: string): string => name;

function wrongKey(id: string, pem: string): string | undefined {
  if (pem.includes("PRIVATE KEY")) return "holds a private key; only public ones belong in a plan, and this one must be replaced";
  try {
    const actual = keyIdOf(pem);
    return actual === id ? undefined : `is the id of another key; this one's is ${actual}`;
  } catch {
    return "is not a public key in PEM";
  }
}
