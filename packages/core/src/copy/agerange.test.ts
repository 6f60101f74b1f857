import fc from "fast-check";
import { expect, test } from "vitest";
import { payloadRange, payloadStart } from "./agerange.ts";

const chunk = 65_552;
const header = "age-encryption.org/v1\n-> X25519 abc\nbody\n--- bm90IGEgbWFj\n";

test("the first chunk stands behind the header and 16 bytes", () => {
  expect(payloadStart(Buffer.from(`${header}nonce-of-16-byte12rest\n--- no header line\n`))).toBe(header.length + 16);
});
test("what is no age file is cut from its beginning", () => {
  expect(payloadStart(Buffer.from("PGDMP"))).toBe(0);
  expect(payloadStart(Buffer.from("\n--- without end"))).toBe(0);
  expect(payloadStart(new Uint8Array())).toBe(0);
});
test("a range is whole chunks within the file, and any chunk can be in one", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 1e12 }),
      fc.nat({ max: 5000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (bytes, start, random) => {
        fc.pre(start <= bytes);
        const { from, to } = payloadRange(bytes, start, random);
        expect((from - start) % chunk).toBe(0);
        expect(to === bytes || (to - start) % chunk === 0).toBe(true);
        expect([from >= start, to <= bytes, to - from <= 4 * 2 ** 20, to > from || bytes === start]).toEqual([true, true, true, true]);
      },
    ),
  );
  expect(payloadRange(300 * chunk, 0, 0).from).toBe(0);
  expect(payloadRange(300 * chunk - 5, 0, 0.999_999).to).toBe(300 * chunk - 5);
});
