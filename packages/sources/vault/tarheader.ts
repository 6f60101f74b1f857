import { SnapshotBroken } from "./errors.ts";

/** `file`: a member; `extended`: records about the one that follows, whose own size this is. */
export type TarHeader = { type: "file" | "extended"; name: string; size: number };

/** Records that leave a member what its header says. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html */
const TIMES = new Set(["mtime", "atime", "ctime"]);

/** Reads a header block of POSIX (ustar, pax) or GNU. Throws {@link SnapshotBroken} on another format, a wrong checksum, and what is no plain file. */
export function readHeader(block: Buffer): TarHeader {
  const magic = block.toString("latin1", 257, 265);
  if (magic !== "ustar\x0000" && magic !== "ustar  \0") throw new SnapshotBroken("it holds no tar that servers write");
  if (block.toString("latin1", 148, 156) !== sumOf(block)) throw new SnapshotBroken("a header of its tar differs from its checksum");
  const size = numberAt(block, 124, 12);
  const type = block[156];
  if (type === 0x78) return { type: "extended", name: "", size };
  if (type !== 0x30 && type !== 0) throw new SnapshotBroken("its tar holds something that is no plain file");
  return { type: "file", name: textAt(block, 345, 155) + textAt(block, 0, 100), size };
}

/** The size that an extended header's records give to the member after it; undefined: they say nothing of it. */
export function sizeInRecords(records: Buffer): number | undefined {
  let size: number | undefined;
  for (let at = 0; at < records.length; ) {
    const [, length, name, value] = /^(\d{1,5}) ([^=\n]+)=([^\n]*)\n/.exec(records.toString("latin1", at)) ?? [];
    if (length === undefined || name === undefined || value === undefined) throw new SnapshotBroken("a record of its tar cannot be read");
    if (Number(length) !== length.length + name.length + value.length + 3)
      throw new SnapshotBroken("a record of its tar has another length");
    if (name === "size") size = decimal(value);
    else if (!TIMES.has(name)) throw new SnapshotBroken("a record of its tar changes more than a size");
    at += Number(length);
  }
  return size;
}

/** The sum of all bytes, those of its own place as spaces; the way every tar writes it. */
function sumOf(block: Buffer): string {
  let sum = 8 * 0x20;
  for (let i = 0; i < block.length; i++) if (i < 148 || i >= 156) sum += block[i] ?? 0;
  return `${sum.toString(8).padStart(6, "0")}\0 `;
}

/** Octal digits, or from 8 GiB on GNU's base 256 with the highest bit set. */
function numberAt(block: Buffer, from: number, length: number): number {
  if ((block[from] ?? 0) & 0x80) return base256(block.subarray(from, from + length));
  const digits = block
    .toString("latin1", from, from + length)
    .replace(/^ +/, "")
    .replace(/[ \0]+$/, "");
  if (!/^[0-7]+$/.test(digits)) throw new SnapshotBroken("a number in its tar cannot be read");
  return Number.parseInt(digits, 8);
}

function base256(field: Buffer): number {
  const number = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
  if (field[0] !== 0x80 || !Number.isSafeInteger(number)) throw new SnapshotBroken("a number in its tar is beyond all sizes");
  return number;
}

function decimal(digits: string): number {
  const number = Number(digits);
  if (!/^\d+$/.test(digits) || !Number.isSafeInteger(number)) throw new SnapshotBroken("a size in its tar cannot be read");
  return number;
}

function textAt(block: Buffer, from: number, length: number): string {
  return block.toString("latin1", from, from + length).replace(/\0.*$/s, "");
}
