import { createHash } from "node:crypto";
import { z } from "zod";
import { SnapshotBroken } from "./errors.ts";

/** What we use of meta.json; Version, ID, Peers and ConfigurationIndex are raft's own. https://github.com/hashicorp/raft/blob/main/snapshot.go */
const meta = z.object({
  Index: z.int().nonnegative(),
  Term: z.int().nonnegative(),
  Size: z.int().nonnegative(),
  Configuration: z.object({ Servers: z.array(z.object({ ID: z.string(), Address: z.string() })).min(1) }),
});

/** `size`: bytes of state.bin. `servers`: fingerprints as in {@link Native}, sorted. */
export type Meta = { index: number; term: number; size: number; servers: string[] };

/** Throws {@link SnapshotBroken}. */
export function readMeta(json: Buffer): Meta {
  try {
    const { Index, Term, Size, Configuration } = meta.parse(JSON.parse(json.toString()));
    return { index: Index, term: Term, size: Size, servers: Configuration.Servers.map(fingerprint).sort() };
  } catch (error) {
    throw new SnapshotBroken("meta.json does not describe it", { cause: error });
  }
}

/** Tells two clusters' members apart without telling where they are. */
export function fingerprint({ ID, Address }: { ID: string; Address: string }): string {
  return createHash("sha256").update(`${ID} ${Address}`).digest("hex").slice(0, 16);
}
