import { NotDecryptable } from "@holdfast/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { collect, inPieces } from "../test/bytes.ts";
import { recipient } from "../test/keys.ts";
import { encrypt } from "./encrypt.ts";
import { ciphertextLength, plaintextLength } from "./lengths.ts";

const chunk = 64 * 1024;

test("the length of a file is known from that of its plaintext", async () => {
  for (const bytes of [0, 1, chunk - 1, chunk, chunk + 1, 4 * chunk, 5 * chunk + 3]) {
    const file = await collect(encrypt(inPieces(new Uint8Array(bytes)), [recipient]));
    const header = file.indexOf("\n", file.indexOf("\n--- ") + 1) + 1;
    expect(file.length).toBe(ciphertextLength(header, bytes));
    expect(plaintextLength(header, file.length)).toBe(bytes);
  }
});

test("each formula undoes the other, up to petabytes", () => {
  fc.assert(
    fc.property(fc.nat(65536), fc.nat(2 ** 50), (header, bytes) => {
      expect(plaintextLength(header, ciphertextLength(header, bytes))).toBe(bytes);
    }),
  );
});

test("a length that no file has is refused", () => {
  const emptyFile = ciphertextLength(100, 0);
  for (const bytes of [0, 100, emptyFile - 1, ciphertextLength(100, chunk) + 1, ciphertextLength(100, chunk) + 16]) {
    expect(() => plaintextLength(100, bytes)).toThrow(NotDecryptable);
  }
  expect(plaintextLength(100, ciphertextLength(100, chunk) + 17)).toBe(chunk + 1);
});
