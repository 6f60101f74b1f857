import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Archive, ArchiveReader, FormatBroken, FormatUnknown } from "./archive.ts";
import { type Entry, type Written, writeArchive } from "./kit/anarchive.ts";

/** Shows the archive in pieces of these sizes, over and over, in memory that others have as soon as it has been shown. */
function readInPieces(bytes: Buffer, sizes: readonly number[] = [1000]): Archive {
  const reader = new ArchiveReader();
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    const piece = Buffer.from(bytes.subarray(at, at + size));
    reader.push(piece);
    piece.fill("lost");
    at += size;
  }
  return reader.end();
}

/** A row in COPY's text format: anything but a line end, and never the end marker. */
const row = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\\", "\\\\").replaceAll(/[\r\n]/g, "\\n"));
const table = fc.record({ what: fc.constant("TABLE DATA"), name: fc.string(), rows: fc.array(row, { maxLength: 20 }) });
const other = fc.record({
  what: fc.constantFrom("TABLE", "SEQUENCE SET", "FUNCTION"),
  name: fc.string(),
  definition: fc.string({ maxLength: 3000 }),
});
const blobs = fc.record({
  what: fc.constantFrom("BLOBS"),
  name: fc.constant("BLOBS"),
  largeObjects: fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 5 }),
});
const written: fc.Arbitrary<Written> = fc.record({
  version: fc.constantFrom("1.14", "1.15", "1.16"),
  piece: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
  entries: fc
    .array(fc.oneof(table, other, blobs), { maxLength: 12 })
    .map((entries) => entries.map((entry, i): Entry => ({ ...entry, id: i + 1, oid: 16384 + i }))),
});
const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 });

test("every archive is read to its end with all that it holds, however it is cut into pieces and chunks", () => {
  fc.assert(
    fc.property(written, sizes, (archive, at) => {
      const found = readInPieces(writeArchive(archive), at);
      const of = (what: string) => archive.entries.filter((entry) => entry.what === what);
      expect(found.version).toBe(archive.version);
      expect(found.entries).toBe(archive.entries.length);
      expect([...found.rows]).toEqual(of("TABLE DATA").map((entry) => [entry.oid, entry.rows?.length]));
      expect(found.sequences).toBe(of("SEQUENCE SET").length);
      expect(found.largeObjects).toBe(of("BLOBS").reduce((sum, entry) => sum + (entry.largeObjects?.length ?? 0), 0));
    }),
  );
});

test("no archive that is cut anywhere, or goes on after its end, passes for a whole one", () => {
  fc.assert(
    fc.property(written, fc.nat(), sizes, (archive, cut, at) => {
      const bytes = writeArchive(archive);
      expect(() => readInPieces(bytes.subarray(0, cut % bytes.length), at)).toThrow(FormatBroken);
      expect(() => readInPieces(Buffer.concat([bytes, Buffer.of(0)]), at)).toThrow(FormatBroken);
    }),
  );
});

test("no bytes whatever make it do anything but throw one of its two errors", () => {
  fc.assert(
    fc.property(written, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 40 }), sizes, (archive, where, garbage, at) => {
      const bytes = writeArchive(archive);
      bytes.set(garbage.subarray(0, bytes.length - (where % bytes.length)), where % bytes.length);
      try {
        readInPieces(bytes, at);
      } catch (error) {
        expect(error instanceof FormatBroken || error instanceof FormatUnknown).toBe(true);
      }
    }),
  );
});

describe("an archive", () => {
  const one: Entry = { id: 1, oid: 16385, what: "TABLE DATA", name: "t", rows: ["1", "2"] };
  const simple: Written = { version: "1.16", entries: [one] };

  test("of a format that is newer than this reader is not judged", () => {
    const bytes = writeArchive(simple);
    bytes[6] = 17;
    expect(() => readInPieces(bytes)).toThrow(FormatUnknown);
  });

  test("that pg_dump compressed is not judged", () => {
    const bytes = writeArchive(simple);
    bytes[11] = 1;
    expect(() => readInPieces(bytes)).toThrow(FormatUnknown);
  });

  test("that is something else is broken", () => {
    expect(() => readInPieces(Buffer.from("-- PostgreSQL database dump"))).toThrow("is no archive");
  });

  test("whose data its contents do not list is broken", () => {
    const bytes = writeArchive(simple);
    bytes[bytes.indexOf(Buffer.from([1, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0x31])) + 2] = 9;
    expect(() => readInPieces(bytes)).toThrow("do not list");
  });

  test("that has a table twice is broken", () => {
    expect(() => readInPieces(writeArchive({ ...simple, entries: [one, { ...one, id: 2 }] }))).toThrow("same table twice");
  });

  test("whose rows do not end with COPY's marker is broken", () => {
    const bytes = writeArchive(simple);
    bytes[bytes.lastIndexOf("\\.")] = "x".charCodeAt(0);
    expect(() => readInPieces(bytes)).toThrow("does not end");
  });

  test("tells where it broke, and nothing of what it holds", () => {
    const bytes = writeArchive({ ...simple, entries: [{ ...one, rows: ["hunter2"] }] });
    expect(() => readInPieces(bytes.subarray(0, -3))).toThrow(/^ends too early, at byte \d+$/);
  });

  test("may hold rows that look like the end marker or like SQL", () => {
    const rows = ["\\\\.", "COPY public.t FROM stdin;", "", "\\N", "--"];
    expect(readInPieces(writeArchive({ ...simple, entries: [{ ...one, rows }] })).rows.get(16385)).toBe(rows.length);
  });
});
