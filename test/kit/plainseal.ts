import { createHash } from "node:crypto";
import { type Bytes, Crcs, DigestMismatch, NotDecryptable, type Owner, type Seal, type Sealed, type Unseal } from "@holdfast/core";

/**
 * Seal and Unseal without a cipher, for tests of what is around them: fast, and readable in a failure. It keeps the promises of the ports:
 * the owner is bound to the bytes, nothing is handed out before all of it was checked, and every change is found.
 */
export const plainSeal: Seal = {
  recipients: ["age1test"],
  seal(plain, owner, { progress }) {
    const { promise: sealed, resolve, reject } = Promise.withResolvers<Sealed>();
    async function* body(): Bytes {
      const [outer, inner] = [digester(), digester()];
      try {
        yield outer.seen(headerOf(owner));
        for await (const chunk of plain) {
          progress(chunk.length);
          yield outer.seen(inner.seen(chunk));
        }
        const { crcs, ...plainDigest } = inner.end();
        const { crcs: of, ...cipher } = outer.end();
        resolve({ ...cipher, ...of, plain: plainDigest });
      } catch (error) {
        reject(error);
        throw error;
      }
    }
    return { body: body(), sealed };
  },
};

export const plainUnseal: Unseal = {
  async *unseal(body, expected, owner) {
    const outer = digester();
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(outer.seen(chunk));
    const all = Buffer.concat(chunks);
    const header = headerOf(owner);
    const hint = "Use another backup.";
    if (!all.subarray(0, header.length).equals(header))
      throw new NotDecryptable(`it is not sealed for ${owner.source}/${owner.slot}`, hint);
    const { crcs, ...cipher } = outer.end();
    const found = { ...cipher, ...crcs };
    for (const sum of ["bytes", "sha256", "crc32c", "crc64nvme"] as const)
      if (found[sum] !== expected[sum]) throw new DigestMismatch(`${sum} is ${found[sum]}, the manifest says ${expected[sum]}`, hint);
    const plain = all.subarray(header.length);
    const inner = digester();
    inner.seen(plain);
    const { crcs: _, ...digest } = inner.end();
    if (digest.sha256 !== expected.plain.sha256 || digest.bytes !== expected.plain.bytes)
      throw new DigestMismatch("the plaintext is not what the manifest says", hint);
    yield plain;
  },
};

const headerOf = ({ source, slot }: Owner) => Buffer.from(`sealed for ${source}/${slot}\n`);

/** One for all of them: an instance reserves gigabytes of addresses. */
const crcs = new Crcs();

function digester() {
  const hash = createHash("sha256");
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    seen: (chunk: Uint8Array) => {
      hash.update(chunk);
      chunks.push(chunk);
      bytes += chunk.length;
      return chunk;
    },
    end: () => {
      crcs.reset();
      for (const chunk of chunks) crcs.update(chunk);
      return { bytes, sha256: hash.digest("hex"), crcs: crcs.digest() };
    },
  };
}
