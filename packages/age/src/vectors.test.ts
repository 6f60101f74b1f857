import { createHash } from "node:crypto";
import { KeyUnavailable, NotDecryptable } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { collect, collectUntilError, inPieces } from "../test/bytes.ts";
import { type Vector, vectors } from "../test/vectors.ts";
import { decrypt } from "./decrypt.ts";
import { openFile } from "./range.ts";

/** What each outcome of the vectors is called here. */
const outcomes: Record<string, typeof NotDecryptable | typeof KeyUnavailable | undefined> = {
  success: undefined,
  "no match": KeyUnavailable,
  "header failure": NotDecryptable,
  "HMAC failure": NotDecryptable,
  "payload failure": NotDecryptable,
};

/** In these the last chunk that is authentic is not the file's end. The reference hands it out and fails then; here it is held back. */
const heldBack = new Set([
  "stream_no_final_full",
  "stream_no_final_two_chunks_full",
  "stream_trailing_garbage_long",
  "stream_trailing_garbage_short",
  "stream_two_final_chunks",
  "stream_two_final_chunks_full",
  "stream_two_final_chunks_second",
]);

const ours = vectors.filter(({ skipped }) => skipped === undefined);
const others = vectors.filter(({ skipped }) => skipped !== undefined);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("the age project's own vectors", () => {
  test.each(ours)("$name: $expect", async ({ name, expect: outcome, payload, identities, file }: Vector) => {
    for (const pieces of [[file.length || 1], [977]]) {
      const { got, error } = await collectUntilError(decrypt(inPieces(file, pieces), identities));
      const kind = outcomes[outcome];
      if (kind === undefined) expect(error).toBeUndefined();
      else expect(error).toBeInstanceOf(kind);
      if (heldBack.has(name)) expect(sha256(got)).not.toBe(payload);
      else if (payload !== undefined) expect(sha256(got)).toBe(payload);
      else expect(got.length).toBe(0);
    }
  });

  test.each(ours.filter((vector) => vector.expect === "success"))("$name opens by ranges too", async ({ identities, file }: Vector) => {
    const sealed = { bytes: file.length, read: (from: number, to: number) => inPieces(file.subarray(from, to), [10_000]) };
    const { plainBytes } = await openFile(sealed, identities);
    expect(plainBytes).toBe((await collect(decrypt(inPieces(file), identities))).length);
  });
});

test("the vectors that are not ours are 33 armored files and 25 with a passphrase; of 143 none other is left out", () => {
  const reasons = Map.groupBy(others, ({ skipped }) => skipped?.split(":")[0]);
  expect(reasons.get("armor")?.length).toBe(33);
  expect(reasons.get("scrypt")?.length).toBe(25);
  expect(reasons.size).toBe(2);
  expect(ours.length).toBe(143 - 33 - 25);
  expect(others.every(({ name }) => /^(armor|scrypt)_?/.test(name))).toBe(true);
  for (const { expect: outcome } of ours) expect(Object.keys(outcomes)).toContain(outcome);
});

test("an armored file is refused, none is opened by accident", async () => {
  for (const { name, identities, file } of others.filter((vector) => vector.name.startsWith("armor"))) {
    const { got, error } = await collectUntilError(decrypt(inPieces(file), identities));
    expect(error, name).toBeInstanceOf(NotDecryptable);
    expect(got.length).toBe(0);
  }
});
