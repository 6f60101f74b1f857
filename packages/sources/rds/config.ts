import { network } from "@holdfast/core";
import { z } from "zod";
import { dump } from "./dump.ts";
import { replicas } from "./replicas.ts";
import { target as common, identifier, key, wait } from "./schemas.ts";

/** The rds part of a source in the plan. */
export const config = z.strictObject({
  /** The DB instance's identifier. */
  instance: identifier,
  /**
   * The key that its snapshots are to be under: the instance's own where it has one, else one under which each snapshot is encrypted anew by a copy,
   * being unencrypted or under AWS's own key aws/rds. Without it they stay as they are, and nothing under an own key can be copied.
   */
  key: key.optional(),
  /** Minutes from the slot on to wait for an instance that is busy, before its newest automated snapshot is copied instead. */
  wait,
  /** How many of its newest verified snapshots stay; older ones are deleted. Long tiers are the dump's: snapshots have a quota, and no lock. */
  snapshots: z.number().int().min(1).max(1000).default(7),
  network: network.optional(),
  /** The dump that goes with the snapshots: `{name}-dump`. */
  dump,
  /** Other regions and accounts that its snapshots are copied to. */
  replicas,
});
export type Config = z.infer<typeof config>;

/** The rds part of a target in the plan: where restores go, and what they take from here instead of from the backup. */
export const target = z.strictObject({
  ...common,
  optionGroup: z.string().min(1).optional(),
  multiAz: z.boolean().optional(),
});
export type Target = z.infer<typeof target>;
