import { HoldfastError } from "@holdfast/core";

/**
 * Flips each bit of a file in turn and tells which flips were not refused as damage: none should be. Collected, because one assertion for each of
 * some ten thousand bits takes longer than the reading.
 */
export function acceptedFlips(file: Uint8Array, read: (changed: Buffer) => unknown): string[] {
  const accepted: string[] = [];
  for (let bit = 0; bit < file.length * 8; bit++) {
    const changed = Buffer.from(file);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    try {
      read(changed);
      accepted.push(`bit ${bit} was accepted`);
    } catch (error) {
      if (!(error instanceof HoldfastError && error.fault === "backup")) accepted.push(`bit ${bit}: ${error}`);
    }
  }
  return accepted;
}
