import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { Crcs } from "../crcs.ts";
import type { Bytes } from "../ports/bytes.ts";
import type { Sum } from "../ports/store.ts";
import type { Piece } from "./combine.ts";

/** Digests bytes on their way. */
export type Digesting = {
  update(chunk: Uint8Array): void;
  /** Once. */
  end(): Piece;
  /** The same bytes, digested as they pass. */
  through(bytes: Bytes): Bytes;
};

/** The CRCs that manifests hold, which come together. */
export const signedCrcs = ["crc32c", "crc64nvme"] as const satisfies readonly Sum[];
/** An instance reserves gigabytes of addresses, so those that have ended serve again. */
const idle: Crcs[] = [];

/** Of these sums and no other: each is paid for with every byte. One of {@link signedCrcs} brings the other along. */
export function digesting(sums: readonly Sum[]): Digesting {
  const crcs = signedCrcs.some((crc) => sums.includes(crc)) ? (idle.pop() ?? new Crcs()) : undefined;
  crcs?.reset();
  const hashes = sums.flatMap((sum) => (sum === "sha256" || sum === "md5" ? [{ sum, hash: createHash(sum) }] : []));
  const wantsCrc32 = sums.includes("crc32");
  let [bytes, simple] = [0, 0];
  const update = (chunk: Uint8Array) => {
    bytes += chunk.length;
    crcs?.update(chunk);
    if (wantsCrc32) simple = crc32(chunk, simple);
    for (const { hash } of hashes) hash.update(chunk);
  };
  return {
    update,
    end() {
      if (crcs) idle.push(crcs);
      return {
        bytes,
        sums: {
          ...crcs?.digest(),
          ...(wantsCrc32 ? { crc32: simple.toString(16).padStart(8, "0") } : {}),
          ...Object.fromEntries(hashes.map(({ sum, hash }) => [sum, hash.digest("hex")])),
        },
      };
    },
    async *through(chunks) {
      for await (const chunk of chunks) {
        update(chunk);
        yield chunk;
      }
    },
  };
}

/** Every digest that a store may tell of a small object. */
export function digestsOf(bytes: Uint8Array): Piece {
  const digests = digesting(["sha256", "md5", "crc32", ...signedCrcs]);
  digests.update(bytes);
  return digests.end();
}
