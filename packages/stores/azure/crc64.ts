import { combine, Crcs } from "@holdfast/core";

let shared: Crcs | undefined;

/**
 * CRC-64/NVME in lower-case hexadecimal, as the ports have it: S3's CRC64NVME, and what Azure calls `x-ms-content-crc64` and sends with its least
 * significant byte first. Over "123456789" it is ae8b14860a799888 (https://reveng.sourceforge.io/crc-catalogue/17plus.htm).
 */
export function crc64(bytes: Uint8Array): string {
  shared ??= new Crcs();
  const crcs = shared;
  crcs.reset();
  crcs.update(bytes);
  return crcs.digest().crc64nvme;
}

/** The CRC of pieces one after the other, from theirs. */
export function joinCrc64(pieces: readonly { crc: string; bytes: number }[]): string {
  return combine(pieces.map(({ crc, bytes }) => ({ bytes, sums: { crc64nvme: crc } }))).sums.crc64nvme ?? "";
}

/** As Azure's headers have it. */
export const toWire = (crc: string): string => Buffer.from(crc, "hex").reverse().toString("base64");
