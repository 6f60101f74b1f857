import type { Archive } from "./archive.ts";
import type { Native } from "./native.ts";

/** What an archive and a manifest have in common. */
export type Told = Pick<Native, "raft" | "seal" | "archive" | "entries">;

/** What a manifest tells of an archive. */
export function toldOf({ index, term, servers, seal, size, sums, entries }: Archive): Told {
  return { raft: { index, term, servers }, seal, archive: { stateBytes: size, ...sums }, entries };
}
