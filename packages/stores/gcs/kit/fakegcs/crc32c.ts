/** RFC 3720, reflected; enough for a test server, far too slow for a store. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** Base64 of the big-endian value, as Google writes it. */
export function crc32c(bytes: Uint8Array): string {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  const value = Buffer.alloc(4);
  value.writeUInt32BE(~crc >>> 0);
  return value.toString("base64");
}
