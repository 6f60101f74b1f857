import type { Native } from "../native.ts";

/** What a manifest tells of a small cluster of unseal keys. */
export const aNative = (some: Partial<Native> = {}): Native => ({
  format: "holdfast-vault/1",
  product: "openbao",
  version: "2.7.2",
  clusterId: "cluster-of-the-backup",
  raft: { index: 241, term: 3, servers: ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"] },
  seal: { type: "shamir", shares: 3, threshold: 2 },
  archive: { stateBytes: 131_555, meta: "0".repeat(64), state: "1".repeat(64) },
  entries: { all: 60, data: 20 },
  ...some,
});
