import { network } from "@holdfast/core";
import { z } from "zod";
import { dump } from "../rds/dump.ts";
import { replicas } from "../rds/replicas.ts";
import { target as common, identifier, key, wait } from "../rds/schemas.ts";

/** The aurora part of a source in the plan. */
export const config = z.strictObject({
  /** The DB cluster's identifier: Aurora's, or a Multi-AZ DB cluster's. */
  cluster: identifier,
  /**
   * The key that its snapshots are to be under: the cluster's own where it has one, else one under which each snapshot is encrypted anew by a copy,
   * being under AWS's own key aws/rds. One that is not encrypted stays so: Aurora cannot do it.
   */
  key: key.optional(),
  /** Minutes from the slot on to wait for a cluster that is busy, before its newest automated snapshot is copied instead. */
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

/** The aurora part of a target in the plan: where restores go, and what they take from here instead of from the backup. */
export const target = z.strictObject({
  ...common,
  /** How many of the recorded instances are made; a drill needs one. Default: all. */
  instances: z.number().int().min(1).max(16).optional(),
  /** Where the recorded one is not offered any more. */
  engineVersion: z.string().min(1).optional(),
  clusterParameterGroup: z.string().min(1).optional(),
});
export type Target = z.infer<typeof target>;
