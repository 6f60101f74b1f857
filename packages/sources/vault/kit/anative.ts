import type { Archive } from "../archive.ts";
import type { Native } from "../native.ts";
import { toldOf } from "../told.ts";

/** What a manifest tells of some cluster, with so many of everything that shares mean something. */
export function aNative(some: Partial<Native> = {}): Native {
  return {
    format: "holdfast-vault/1",
    product: "openbao",
    version: "2.7.2",
    clusterId: "46e9edd7-26e9-00d4-4a19-8326117a6fd7",
    raft: { index: 5_000, term: 3, servers: ["dccccdb313d8cc4c"] },
    seal: { type: "shamir", shares: 3, threshold: 2 },
    archive: { stateBytes: 10_000_000, meta: "a".repeat(64), state: "b".repeat(64) },
    entries: { all: 1_100, data: 1_000 },
    ...some,
  };
}

/** What a manifest tells of this archive. */
export const nativeOf = (archive: Archive): Native => aNative(toldOf(archive));
