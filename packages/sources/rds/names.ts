import { createHash } from "node:crypto";
import { slotId } from "@holdfast/core";

/** How names of snapshots begin. What is only the way to a copy under another key has one of its own, so that whoever backs up may delete those alone. */
const FINAL = "holdfast";
const RAW = "holdfastraw";
/** With the longest beginning, a slot and a number the name of a cluster's snapshot still has at most 63 characters. */
const LONGEST_IN_CLUSTER_SNAPSHOT = 32;
const DIGITS = 6;

/**
 * The name of a slot's snapshot: `holdfast-shop-20261121t020000z`, and `…-2` where that is somebody else's. Of the slot and never of the clock, so
 * that two runs for one slot want the same name. Identifiers of databases already keep RDS's rules for hyphens.
 */
export function snapshotName(database: string, at: Date, { raw = false, number = 1 }: { raw?: boolean; number?: number } = {}): string {
  return `${raw ? RAW : FINAL}-${database}-${slotId(at).toLowerCase()}${number === 1 ? "" : `-${number}`}`;
}
export const isRaw = (id: string): boolean => id.startsWith(`${RAW}-`);

/** A cluster's identifier as it stands in the names of its snapshots, which may be no longer than the cluster's own. */
export function shortened(cluster: string): string {
  if (cluster.length <= LONGEST_IN_CLUSTER_SNAPSHOT) return cluster;
  const kept = cluster.slice(0, LONGEST_IN_CLUSTER_SNAPSHOT - DIGITS - 1).replace(/-$/, "");
  return `${kept}-${createHash("sha256").update(cluster).digest("hex").slice(0, DIGITS)}`;
}

const LONGEST = 63;
/** Room for the number of a cluster's instance. */
const SPARE = 3;
/** What RDS takes as an identifier of what a restore makes. */
export const isIdentifier = (text: string): boolean => text.length <= LONGEST - SPARE && /^[a-z](-?[a-z0-9])*$/.test(text);

/** An identifier for a restore that nothing has yet: `restored-shop-20261121t020000z`. */
export function proposed(names: string, database: string, slot: string, taken: readonly string[]): string {
  const room = LONGEST - SPARE - names.length - slot.length - 4;
  const first = `${names}${database.slice(0, room).replace(/-$/, "")}-${slot.toLowerCase()}`;
  for (let id = first, number = 2; ; id = `${first}-${number++}`) if (!taken.includes(id)) return id;
}
