import { expect, test } from "vitest";
import { END, padding, records, tarHeader, withSum } from "./kit/snapshottar.ts";
import { TarReader } from "./tar.ts";

const GiB = 2 ** 30;

/** Reads members of `size` bytes, given as one MiB again and again. */
function reading() {
  const seen: { name: string; size: number; bytes: number; finished: boolean }[] = [];
  const tar = new TarReader({
    begin: (name, size) => seen.push({ name, size, bytes: 0, finished: false }),
    data: (part) => {
      const last = seen.at(-1);
      if (last) last.bytes += part.length;
    },
    finish: () => {
      const last = seen.at(-1);
      if (last) last.finished = true;
    },
  });
  return { tar, seen };
}
const MiB = Buffer.alloc(2 ** 20, 1);

test.each(["pax", "gnu"] as const)("a member of 9 GiB and a bit, its size written as %s does", (form) => {
  const { tar, seen } = reading();
  const size = 9 * GiB + 100;
  tar.push(tarHeader("state.bin", size, form));
  for (let i = 0; i < 9 * 1024; i++) tar.push(MiB);
  expect(tar.between).toBe(false);
  tar.push(Buffer.concat([Buffer.alloc(100), padding(size), tarHeader("next", 0), END]));
  expect(seen).toEqual([
    { name: "state.bin", size, bytes: size, finished: true },
    { name: "next", size: 0, bytes: 0, finished: true },
  ]);
  expect(tar.ended).toBe(true);
});

test("a time in a record leaves the size that the header gives", () => {
  const { tar, seen } = reading();
  tar.push(Buffer.concat([records("a", "mtime=1795262596.5"), tarHeader("a", 3), Buffer.from("abc"), padding(3), END]));
  expect(seen).toEqual([{ name: "a", size: 3, bytes: 3, finished: true }]);
});

const block = (change: (block: Buffer) => void) => {
  const made = tarHeader("a", 3);
  change(made);
  return withSum(made);
};
test.each<[string, string, Buffer]>([
  ["a header with a wrong checksum", "differs from its checksum", Buffer.from(tarHeader("a", 3)).fill("b", 0, 1)],
  ["a header of the seventh edition", "no tar that servers write", block((it) => it.fill(0, 257, 265))],
  ["a size that is no number", "number in its tar cannot be read", block((it) => it.fill("9", 124, 125))],
  ["a size below zero", "beyond all sizes", block((it) => it.fill(0xff, 124, 136))],
  ["a size whose first byte counts", "beyond all sizes", block((it) => it.fill(0, 124, 136).fill(0x81, 124, 125))],
  ["a size beyond all sizes", "beyond all sizes", block((it) => it.fill(0xff, 125, 136).fill(0x80, 124, 125))],
  ["a folder", "no plain file", tarHeader("a", 0, "pax", "5")],
  ["records for all members", "no plain file", tarHeader("a", 0, "pax", "g")],
  ["records about records", "records about records", Buffer.concat([records("a", "size=1"), records("a", "size=1")])],
  ["records about nothing", "belong to no member", Buffer.concat([records("a", "size=1"), END])],
  ["a record that is none", "record of its tar cannot be read", records("a", "size")],
  ["a record with a size that is none", "size in its tar cannot be read", records("a", "size=-1")],
  ["a record with a size beyond all sizes", "size in its tar cannot be read", records("a", `size=${2 ** 53}`)],
  ["a record with a wrong length", "has another length", record("20 size=8\n")],
  ["padding that is none", "padded with something", Buffer.concat([tarHeader("a", 3), Buffer.from("abcd")])],
])("%s is refused", (_, says, bytes) => {
  const { tar } = reading();
  expect(() => tar.push(Buffer.concat([bytes, END]))).toThrow(
    expect.objectContaining({ name: "SnapshotBroken", message: expect.stringContaining(says) }),
  );
});

test("a member in a folder is not the member without it", () => {
  const { tar, seen } = reading();
  tar.push(block((it) => it.write("evil/", 345, "latin1")));
  expect(seen[0]?.name).toBe("evil/a");
});

function record(text: string): Buffer {
  return Buffer.concat([tarHeader("PaxHeaders.0/a", text.length, "pax", "x"), Buffer.from(text), padding(text.length)]);
}
