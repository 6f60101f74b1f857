import { describe, expect, test } from "vitest";
import { z } from "zod";
import { signer } from "../../../test/kit/signer.ts";
import { manifestKey, signatureKey } from "./layout.ts";
import { encodeManifest, type Manifest, manifestLimit, sha256 } from "./manifest.ts";
import { loadManifest, openBackup, whole } from "./opened.ts";
import type { Bytes } from "./ports/bytes.ts";
import type { Stored, StoreList, StoreRead } from "./ports/store.ts";

const at = { source: "shop", slot: "20261121T020000Z", attempt: "aaaaaaaa" };
const key = signer();
const manifest: Manifest = {
  format: "holdfast-manifest/1",
  ...at,
  kind: "rows",
  trigger: "schedule",
  started: "2026-11-21T02:00:00.000Z",
  finished: "2026-11-21T02:00:01.000Z",
  holdfast: "0.1.0",
  recipients: [],
  signedBy: key.keyId,
  artifacts: [],
  findings: [],
  native: { rows: 3 },
};
async function* each(...chunks: Uint8Array[]): Bytes {
  yield* chunks;
}

/** A store that holds these objects, and tells which were read. */
function holding(objects: Record<string, Uint8Array>) {
  const reads: string[] = [];
  const stored = (of: string, bytes: Uint8Array): Stored => ({
    key: of,
    version: "1",
    bytes: bytes.length,
    at: new Date(0),
    access: "now",
    sums: {},
  });
  const list: StoreList = {
    async *list(prefix) {
      for (const [of, bytes] of Object.entries(objects)) if (of.startsWith(prefix)) yield stored(of, bytes);
    },
  };
  const store: StoreRead = {
    head: async ({ key: of }) => (objects[of] ? stored(of, objects[of]) : undefined),
    read: ({ key: of }) => {
      reads.push(of);
      return each(objects[of] ?? new Uint8Array());
    },
  };
  return { reads, ports: { list, store, trusted: key.trusted } };
}
const { signal } = new AbortController();
const signed = async (bytes: Uint8Array) => ({ [manifestKey(at)]: bytes, [signatureKey(at)]: await key.sign(sha256(bytes)) });
const padded = (length: number) => Buffer.concat([encodeManifest(manifest), Buffer.alloc(length - encodeManifest(manifest).length, " ")]);

describe("a manifest's size", () => {
  test("may be the limit", async () => {
    const { ports } = holding(await signed(padded(manifestLimit)));
    expect((await loadManifest(at, ports, signal)).manifest.source).toBe("shop");
  });
  test("over the limit is not read at all, whatever somebody has put there", async () => {
    const { ports, reads } = holding(await signed(padded(manifestLimit + 1)));
    await expect(loadManifest(at, ports, signal)).rejects.toMatchObject({
      name: "ManifestInvalid",
      message: "the manifest of shop/20261121T020000Z has 65537 bytes, over the limit of 65536",
    });
    expect(reads).toEqual([]);
  });
});

describe("a small object", () => {
  test("is collected up to its limit", async () => {
    expect(Buffer.from(await whole(each(Buffer.from("ab"), Buffer.from("c")), 3)).toString()).toBe("abc");
    expect(await whole(each(), 0)).toHaveLength(0);
  });
  test("is left alone as soon as it is over", async () => {
    let asked = 0;
    async function* endless(): Bytes {
      for (;;) {
        asked += 1;
        yield Buffer.from("ab");
      }
    }
    await expect(whole(endless(), 3)).rejects.toMatchObject({ name: "ManifestInvalid", message: expect.stringContaining("over 3 bytes") });
    expect(asked).toBe(2);
  });
});

test("an artifact that the manifest does not name cannot be opened", async () => {
  const { ports, reads } = holding(await signed(encodeManifest(manifest)));
  const loaded = await loadManifest(at, ports, signal);
  const kind = { name: "rows", native: z.object({ rows: z.number() }) };
  const { open } = openBackup(loaded, kind, { ...ports, unseal: { unseal: (body) => body } }, signal);
  expect(() => open("../../bank/rows.txt")).toThrow(
    expect.objectContaining({ name: "ManifestInvalid", message: expect.stringContaining("has no artifact ../../bank/rows.txt") }),
  );
  expect(reads).toEqual([manifestKey(at), signatureKey(at)]);
});
