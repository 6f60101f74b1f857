import { Crcs } from "@holdfast/core";

/**
 * CRC-64/NVME: S3's CRC64NVME, and what Azure calls `x-ms-content-crc64` and sends with its least significant byte first.
 * Over "123456789" it is ae8b14860a799888 (https://reveng.sourceforge.io/crc-catalogue/17plus.htm).
 */
const polynomial = 0x9a6c9329ac4bc9b5n;

let shared: Crcs | undefined;

/** Lower-case hexadecimal, as the ports have it. */
export function crc64(bytes: Uint8Array): string {
  shared ??= new Crcs();
  const crcs = shared;
  crcs.reset();
  crcs.update(bytes);
  return crcs.digest().crc64nvme;
}

/** The CRC of pieces one after the other, from theirs. A run of pieces of equal length costs one multiplication each. */
export function joinCrc64(pieces: Iterable<{ crc: string; bytes: number }>): string {
  let joined = 0n;
  let [shift, shifted] = [1n << 63n, 0];
  for (const { crc, bytes } of pieces) {
    if (bytes !== shifted) [shift, shifted] = [zeroBytes(bytes), bytes];
    joined = multiply(joined, shift) ^ BigInt(`0x${crc}`);
  }
  return hex(joined);
}

/** What a CRC is multiplied by when so many zero bytes follow: x^(8 * bytes). Polynomials are reflected: the top bit is x^0. */
function zeroBytes(bytes: number): bigint {
  let [result, power] = [1n << 63n, 1n << 55n];
  for (let left = BigInt(bytes); left > 0n; left >>= 1n) {
    if (left & 1n) result = multiply(result, power);
    power = multiply(power, power);
  }
  return result;
}

function multiply(a: bigint, b: bigint): bigint {
  let [product, shifted] = [0n, b];
  for (let bit = 1n << 63n; bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}

const hex = (crc: bigint): string => crc.toString(16).padStart(16, "0");
/** As Azure's headers have it. */
export const toWire = (crc: string): string => Buffer.from(crc, "hex").reverse().toString("base64");
