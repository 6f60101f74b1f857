/** Writes custom-format archives as pg_dump does, for tests of what reads them. */
export type Entry = {
  id: number;
  oid: number;
  what: string;
  name: string;
  rows?: readonly string[];
  largeObjects?: readonly Uint8Array[];
  definition?: string;
};
export type Written = {
  version: "1.14" | "1.15" | "1.16";
  entries: readonly Entry[] /** Bytes a piece; undefined: a row a piece. */;
  piece?: number | undefined;
};

const int = (value: number) => {
  const bytes = Buffer.alloc(5);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
};
const text = (value: string | undefined) =>
  value === undefined ? int(-1) : Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);

export function writeArchive({ version, entries, piece }: Written): Buffer {
  const minor = Number(version.slice(2));
  const compression = minor >= 15 ? Buffer.of(0) : int(0);
  const head = [
    Buffer.from("PGDMP"),
    Buffer.of(1, minor, 0, 4, 8, 1),
    compression,
    ...Array.from({ length: 7 }, () => int(1)),
    text("shop"),
    text("17"),
    text("17"),
  ];
  const data = entries.filter((entry) => entry.rows || entry.largeObjects);
  return Buffer.concat([
    ...head,
    int(entries.length),
    ...entries.map((entry) => toc(entry, minor)),
    ...data.map((entry) => block(entry, piece)),
  ]);
}

function toc({ id, oid, what, name, rows, largeObjects, definition = "" }: Entry, minor: number): Buffer {
  return Buffer.concat([
    int(id),
    int(rows || largeObjects ? 1 : 0),
    ...[
      text("0"),
      text(String(oid)),
      text(name),
      text(what),
      int(2),
      text(definition),
      text(""),
      text(undefined),
      text("public"),
      text(""),
    ],
    text(undefined),
    ...(minor >= 16 ? [int("r".charCodeAt(0))] : []),
    ...[text("owner"), text("false"), text("1"), text(undefined)],
    Buffer.alloc(9),
  ]);
}

function block({ id, rows, largeObjects }: Entry, piece: number | undefined): Buffer {
  if (largeObjects) {
    const each = largeObjects.map((bytes, i) => Buffer.concat([int(i + 1), ...pieces(Buffer.from(bytes), piece ?? 2048)]));
    return Buffer.concat([Buffer.of(3), int(id), ...each, int(0)]);
  }
  const lines = [...(rows ?? []).map((row) => `${row}\n`), "\\.\n\n\n"].map((line) => Buffer.from(line));
  const all = piece ? pieces(Buffer.concat(lines), piece) : [...lines.map((line) => Buffer.concat([int(line.length), line])), int(0)];
  return Buffer.concat([Buffer.of(1), int(id), ...all]);
}

function pieces(bytes: Buffer, size: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    parts.push(int(part.length), part);
  }
  return [...parts, int(0)];
}
