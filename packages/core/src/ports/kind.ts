import type { z } from "zod";
import type { Network } from "../network.ts";
import type { Allow } from "./allow.ts";

/**
 * The ladder of proofs, lowest first. Each includes those before it, but for `copied`, which stands beside it.
 * present: it is there and its key is enabled · intact: bytes match the manifest, its signature holds · readable: decrypts,
 * decompresses, the archive parses to its end · copied: a whole copy stands in another store · restored: loaded in a real server, contents equal.
 */
export const proofs = ["present", "intact", "readable", "copied", "restored"] as const;
export type Proof = (typeof proofs)[number];

/** What verify records of backups of a kind: that they can be read, or, where there is nothing to read, that they are there. */
export const recordedProof = ({ verified }: { verified: readonly Proof[] }): "present" | "readable" =>
  verified.includes("readable") ? "readable" : "present";

/** Whether its backups are files that are sealed and opened, and not only manifests of what stands elsewhere. */
export const hasFiles = (kind: { verified: readonly Proof[] }): boolean => recordedProof(kind) === "readable";

/** Those below `restore` belong to kinds whose backups stand at the source's own service and not in a store. */
export type Verb = "capture" | "read" | "restore" | "prune" | "replicate";

/** What one verb of one kind needs of its surroundings; infrastructure turns it into layers, network and one written-out role. */
export type Needs = {
  /** Names of secrets in Secrets Manager that the verb reads. */
  secrets: readonly string[];
  /** Names of Lambda layers (folders below `.local/layers` after `scripts/layers.mjs`). */
  layers: readonly string[];
  /** Where the verb must stand in the network; undefined: no VPC. */
  vpc?: Network | undefined;
  /**
   * Further statements, for kinds that call AWS themselves. `{region}` and `{account}` in a resource or a condition stand for those of the deployment, `{project}`
   * for what a verb's surroundings call the project, `{source}` for the name of the source whose verb it is, `{resource}` for the id of what {@link Kind.looksUp} names.
   */
  allow: readonly Allow[];
};

/** What accounts `usual`ly have, and the code under which Service Quotas raises it. */
export type Quota = { usual: number; code: string };

/**
 * `kind.ts` of each kind: pure data and schemas. Plan, infrastructure and core's verbs import this and nothing else of a kind.
 * Sibling files hold the verbs, each exported under the verb's own name so that a Lambda bundles one of them only:
 * `capture.ts` exports `capture: CaptureFactory`, `read.ts` exports `read: ReadFactory`, `restore.ts` exports `restore: RestoreFactory`; where
 * {@link Kind.keeps} or {@link Kind.replicatesTo} say so, also `prune.ts` and `replicate.ts`.
 */
export interface Kind<Config = unknown, Native = unknown, Target = unknown> {
  readonly name: string;
  /** The kind's own part of a source in the plan (schedule, copies, keep… are the plan's). */
  readonly config: z.ZodType<Config>;
  /** The kind's own part of a manifest. At most 32 KiB as JSON. */
  readonly native: z.ZodType<Native>;
  /** The kind's own part of a target in the plan (`kind` and `protected` are the plan's). */
  readonly target: z.ZodType<Target>;
  /** The proofs that together make a backup of this kind "verified". */
  readonly verified: readonly Proof[];
  /** True: a restore replaces all that the target held. Otherwise it is made beside what runs there. */
  readonly replaces?: boolean;
  /**
   * True: its databases can be taken back to a moment by a log of their own, for which any backup tells the settings. A time that is asked for then
   * reaches the kind also where no backup is of it or before it, with `settingsOnly` in what is wanted.
   */
  readonly moments?: boolean;
  /** False: no copy of it outside AWS can exist (RDS snapshots). */
  readonly portable: boolean;
  /**
   * What of other people's keys a backup needs besides ours to be of use again: a Vault comes up only where its seal's key is. Undefined: nothing.
   * `withoutAws`: no when that key is one of AWS's, unknown where a backup does not tell whose it is. Shown by the status.
   */
  sealedBy?(native: Native): { key: string; withoutAws: "yes" | "no" | "unknown" } | undefined;
  /**
   * Why no backup of this source can be proven restored with the plan's targets of its kind; undefined: one can. `drill`: the one of them that the
   * source's own drills go to. Shown by the status.
   */
  undrilled?(config: Config, targets: readonly Target[], drill: Target | undefined): string | undefined;
  /** Why no source may be drilled to this target, as what is wrong with it: "is in use". Undefined: each may. Synth refuses the plan. */
  undrillable?(target: Target): string | undefined;
  /** Why this target must not stand in one plan with this source, likewise. */
  collides?(target: Target, source: Config): string | undefined;
  /** Sources that a source of this kind brings along: aurora "orders" brings "orders-dump" of kind postgres. */
  expand?(name: string, config: Config): Record<string, unknown>;
  /** What the status must say of every backup of such a source, good as it may be: that it is not immutable. */
  cautions?(config: Config): readonly string[];
  /** How many of its backups stay at its own service, the newest verified ones; `prune` deletes the others. Undefined: lifecycle rules see them all. */
  keeps?(config: Config): number;
  /** Where else its backups are copied to by its own service, each by an id that is safe in a key: `eu-west-1`. */
  replicatesTo?(config: Config): readonly string[];
  /** Places that it takes at most of the account's quotas, by the quota's name. Synth adds them up. */
  occupies?(config: Config): Readonly<Record<string, number>>;
  /** What the quotas are that {@link occupies} names, unless the plan says that they were raised. */
  readonly quotas?: Readonly<Record<string, Quota>>;
  /** The RDS database that it is or reads: infrastructure looks up its id, and keeps schedules off its maintenance window. */
  looksUp?(config: Config): { cluster: string } | { instance: string } | undefined;
  /** EventBridge patterns which hint that something pending has finished. Hints: they come late, twice or never. */
  hints?(config: Config): readonly { source: readonly string[]; "detail-type": readonly string[]; detail: unknown }[];
  needs(verb: "capture" | "prune" | "replicate", config: Config): Needs;
  needs(verb: "read"): Needs;
  needs(verb: "restore", target: Target): Needs;
}
