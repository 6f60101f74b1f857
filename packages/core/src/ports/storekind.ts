import type { z } from "zod";
import type { Keep } from "../keep.ts";
import type { PerUse } from "../peruse.ts";
import type { Place } from "../residency.ts";
import type { Allow } from "./allow.ts";
import type { Identity } from "./identity.ts";
import type { Secrets } from "./source.ts";
import type { Store } from "./store.ts";

/** The rights that a role can have on a store; each maps to one port. */
export type Right = "read" | "list" | "create" | "ranges" | "mark" | "delete" | "thaw";

/**
 * What a role is there for, in a store of the plan. Each has an identity of its own there.
 * copy: makes objects and looks at those that stand · mark: writes marks alone · prune: deletes what nobody wants any more, where no mark could ·
 * read: reads back, to prove and to restore.
 */
export type StoreUse = "copy" | "mark" | "prune" | "read";
export const markedUses = ["copy", "mark", "read"] as const satisfies readonly StoreUse[];
export const prunedUses = ["copy", "prune", "read"] as const satisfies readonly StoreUse[];
export type MarkedUse = (typeof markedUses)[number];
export type PrunedUse = (typeof prunedUses)[number];
/** Those of one store. `prune`: as the plan says of it. */
export const usesOf = ({ prune }: { prune: boolean }): readonly StoreUse[] => (prune ? prunedUses : markedUses);
/** Reading is among those of a copy where a store tells the digests of an object to nobody else; what it could read is sealed for others. */
export const useRights: Readonly<Record<StoreUse, readonly Right[]>> = {
  copy: ["read", "list", "create", "ranges"],
  mark: ["list", "mark"],
  prune: ["list", "delete"],
  read: ["read", "list"],
};

/** For whom the other side is set up. */
export type SetupOf = {
  /** `acme-prod`. */
  project: string;
  /** The AWS account, 12 digits. */
  account: string;
  /** Names of the AWS roles that act there, by what they are there for; none for a use that the store does not have. */
  roles: Readonly<Record<StoreUse, readonly string[]>>;
  /** How the sources are kept whose backups are copied there. */
  keeps: readonly Keep[];
  /** The plan's region. */
  region: string;
  /** Ids of the identities there, where they are made elsewhere and only their owner knows them. */
  principals?: Readonly<Partial<Record<StoreUse, string>>> | undefined;
};
/**
 * One command of the stock program of a cloud. `${NAME}` in an argument stands for what an earlier step kept.
 * unless: a command that succeeds where it is done already · keep: the name under which the answer's one line goes on ·
 * lasting: what it does cannot be taken back.
 */
export type SetupStep = { why: string; command: readonly string[]; unless?: readonly string[]; keep?: string; lasting?: true };
/** Files lie where the commands run. Notes are for the person: what no command says, and what differs from other stores. */
export type Setup = { files: readonly { name: string; text: string }[]; steps: readonly SetupStep[]; notes: readonly string[] };

/**
 * What a person brings along on the day when AWS does not answer, in the place of what the plan names: the text that the store's secret would hold.
 * form: what that looks like, for people · environment: where the cloud's own tools keep one, as the name of a file or as a value to make it of.
 */
export type OwnLogin = { form: string; environment?: Readonly<Record<string, "file" | ((value: string) => string)>> };

/** `kind.ts` of each store kind: pure. A sibling `open.ts` exports `open: OpenStore`. */
export interface StoreKind<Config = unknown> {
  readonly name: string;
  /** The kind's own part of a store in the plan. */
  readonly config: z.ZodType<Config>;
  /** Whether marks can make this store expire objects; synth refuses copies to one that would keep them for ever, unless the plan says `prune`. */
  expires(config: Config): boolean;
  /** Who acts there, where the plan may name an identity for `prune`, and the field that does; synth holds it against the uses that the store has. */
  identities?(config: Config): { at: string; of: PerUse } | undefined;
  /** Absent where none is needed. */
  readonly login?: OwnLogin;
  /** Where it keeps its objects; synth holds it against the plan's residency. `home`: the plan's region. */
  place(config: Config, home: string): Place;
  /** All that its side of the plan needs, for a person to run, once. Undefined: nothing. */
  setup?(config: Config, of: SetupOf): Setup;
  needs(rights: readonly Right[], config: Config, use: StoreUse): { secrets: readonly string[]; allow: readonly Allow[] };
}
/** `now`: dates requests and tokens, and decides nothing about backups. */
export type OpenStore<Config> = (
  config: Config,
  surroundings: { secrets: Secrets; region: string; identity: Identity; use: StoreUse; now: () => Date },
) => Promise<Store>;
