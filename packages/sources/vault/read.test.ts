import type { Opened } from "@holdfast/core";
import { beforeAll, expect, test } from "vitest";
import { aContext, inPieces, openedOf } from "../../../test/kit/taken.ts";
import { proveArchive } from "./archive.ts";
import { aNative, nativeOf } from "./kit/anative.ts";
import { faults } from "./kit/faults.ts";
import { aSnapshot, type Shape } from "./kit/snapshot.ts";
import { openWorld, type World } from "./kit/world.ts";
import { type Native, SNAPSHOT } from "./native.ts";
import { read } from "./read.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
  return () => world.end();
});

async function stored(shape: Shape = {}, native: (real: Native) => Native = (real) => real): Promise<Opened<Native>> {
  const bytes = aSnapshot(shape);
  return openedOf(new Map([[SNAPSHOT, bytes]]), native(nativeOf(await proveArchive(inPieces(bytes)))));
}
const reading = (opened: Opened<Native>, previous?: Opened<Native>) => read(world.surroundings).read(opened, previous, aContext());
const awskms = { seal: { type: "awskms", shares: 5, threshold: 3, key: "arn:aws:kms:eu-central-1:1:key/1" } };

test("a whole snapshot that fits its manifest and the backup before gives no finding", async () => {
  expect(await reading(await stored())).toEqual([]);
  expect(await reading(await stored(awskms), await stored({ ...awskms, index: 50 }))).toEqual([]);
});

test.each<[string, (native: Native) => Native]>([
  ["raft", (it) => ({ ...it, raft: { ...it.raft, index: it.raft.index + 1 } })],
  ["raft", (it) => ({ ...it, raft: { ...it.raft, term: 9 } })],
  ["raft", (it) => ({ ...it, raft: { ...it.raft, servers: [] } })],
  ["seal", (it) => ({ ...it, seal: { ...it.seal, threshold: 1 } })],
  ["seal", (it) => ({ ...it, seal: { ...it.seal, key: "k" } })],
  ["archive", (it) => ({ ...it, archive: { ...it.archive, stateBytes: 1 } })],
  ["archive", (it) => ({ ...it, archive: { ...it.archive, meta: it.archive.state } })],
  ["archive", (it) => ({ ...it, archive: { ...it.archive, state: it.archive.meta } })],
  ["entries", (it) => ({ ...it, entries: { ...it.entries, all: 1 } })],
  ["entries", (it) => ({ ...it, entries: { ...it.entries, data: 1 } })],
])("another %s than the manifest tells is refused", async (what, change) => {
  const broken = { name: "SnapshotBroken", fault: "backup", message: expect.stringContaining(`another one (${what})`) };
  await expect(reading(await stored({}, change))).rejects.toMatchObject(broken);
});

test("a broken snapshot is refused with the reason", async () => {
  const opened = openedOf(new Map([[SNAPSHOT, faults["empty sealed sums"].make()]]), aNative());
  await expect(reading(opened)).rejects.toMatchObject({ name: "SnapshotUnsealed" });
});

test("doubts come beside the backup before, which is not opened again", async () => {
  const { backup } = await stored({ index: 101 });
  const closed: Opened<Native> = {
    backup,
    open: () => {
      throw new Error("opened again");
    },
  };
  expect(await reading(await stored(), closed)).toMatchObject([
    { name: "raft-index-went-back", severity: "doubt", hint: expect.stringContaining("`holdfast accept`") },
  ]);
});

test("a note says that the seal's key could not be read", async () => {
  const { key: _, ...unread } = awskms.seal;
  expect(await reading(await stored({ seal: unread }))).toMatchObject([{ name: "seal-key-unread", severity: "note" }]);
  expect(await reading(await stored(awskms))).toEqual([]);
});
