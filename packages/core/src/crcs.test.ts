import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Crcs } from "./crcs.ts";

const of = (...parts: Uint8Array[]) => {
  const crcs = new Crcs();
  for (const part of parts) crcs.update(part);
  return crcs.digest();
};

/** Bit by bit, as the definitions read. */
function slowly(data: Uint8Array): { crc32c: string; crc64nvme: string } {
  let crc32 = 0xffff_ffffn;
  let crc64 = 0xffff_ffff_ffff_ffffn;
  for (const byte of data) {
    crc32 ^= BigInt(byte);
    crc64 ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      crc32 = crc32 & 1n ? (crc32 >> 1n) ^ 0x82f63b78n : crc32 >> 1n;
      crc64 = crc64 & 1n ? (crc64 >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc64 >> 1n;
    }
  }
  const hex = (n: bigint, bits: number) =>
    BigInt.asUintN(bits, ~n)
      .toString(16)
      .padStart(bits / 4, "0");
  return { crc32c: hex(crc32, 32), crc64nvme: hex(crc64, 64) };
}

test("the check values of both catalogues come out", () => {
  expect(of(Buffer.from("123456789"))).toEqual({ crc32c: "e3069283", crc64nvme: "ae8b14860a799888" });
});

test("the CRC32C vectors of RFC 3720 come out", () => {
  expect(of(new Uint8Array(32)).crc32c).toBe("8a9136aa");
  expect(of(new Uint8Array(32).fill(0xff)).crc32c).toBe("62a8ab43");
  expect(of(Uint8Array.from({ length: 32 }, (_, i) => i)).crc32c).toBe("46dd794e");
});

test("nothing has a digest of zeros", () => {
  expect(of()).toEqual({ crc32c: "00000000", crc64nvme: "0000000000000000" });
});

test("any bytes in any pieces give what the definition gives", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 6 }), (parts) => {
      expect(of(...parts)).toEqual(slowly(Buffer.concat(parts)));
    }),
  );
});

test("pieces larger than the module's memory do too, and two at work at once do not disturb each other", () => {
  const data = randomBytes(200_002);
  const [one, other] = [new Crcs(), new Crcs()];
  for (let at = 0; at < data.length; at += 100_001) {
    one.update(data.subarray(at, at + 100_001));
    other.update(Uint8Array.of(1));
  }
  expect(one.digest()).toEqual(slowly(data));
  expect(other.digest()).toEqual(slowly(Uint8Array.of(1, 1)));
});

test("one that begins anew is as good as a new one", () => {
  const [used, fresh] = [new Crcs(), new Crcs()];
  used.update(randomBytes(1000));
  used.reset();
  const bytes = randomBytes(5000);
  for (const crcs of [used, fresh]) crcs.update(bytes);
  expect(used.digest()).toEqual(fresh.digest());
});
