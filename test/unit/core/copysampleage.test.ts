import { randomBytes } from "node:crypto";
import { createSeal, createUnseal, createUnsealRange } from "@holdfast/age";
import { keep, type RetainSource, type SamplePorts, type Sampled, type Store, sampleBytes, sampleCopy, sampleStore } from "@holdfast/core";
import { expect, test } from "vitest";
import { FakeKms } from "../../../packages/age/test/fakekms.ts";
import { identity, kmsKey, recipient } from "../../../packages/age/test/keys.ts";
import { type MemoryStore, memoryStore } from "@holdfast/stores/memory/memory.ts";
import { firstSlot, type Rig, rig } from "../../kit/rig.ts";
import { rowsRead, rowsSource } from "../../kit/rows.ts";

const source: RetainSource = { name: "shop", keep: keep.parse({}), verified: ["readable"] };
const sealedChunk = 65_552;

type Sealed = Rig & { far: MemoryStore; kms: FakeKms; slot: string; rows: string };
/** A backup of real age files, sealed for KMS too, and the same bytes in another store. `kilobytes` of rows do not compress. */
async function sealed(kilobytes = 300): Promise<Sealed> {
  const lines = Array.from({ length: kilobytes }, () => `${randomBytes(512).toString("hex")}`);
  const of = rig(rowsSource({ rows: lines }), rowsRead());
  const kms = new FakeKms();
  kms.addKey(kmsKey);
  await of.backup({}, { seal: createSeal({ offlineKeys: [recipient], kms: { client: kms, keyId: kmsKey } }) });
  const { verdict } = await of.verify(firstSlot, { unseal: createUnseal({ identities: [identity] }), fits: 1e9 });
  expect(verdict).toBe("ok");
  const far = memoryStore({ now: of.context.now });
  for (const { key, bytes } of of.store.inside.versions()) far.inside.overwrite(key, Buffer.from(bytes));
  const rows = (await of.keys()).find((key) => key.includes("rows.txt")) ?? "";
  return { ...of, far, kms, slot: firstSlot, rows };
}
/** Random numbers in this order: the backup, its rows, and then the place in them. */
const choosing = (place: number) => {
  const numbers = [0, 0, place];
  return () => numbers.shift() ?? 0;
};
const portsOf = (of: Sealed, over: Partial<SamplePorts> = {}, place = 0): SamplePorts => ({
  copy: { ...of.far, name: "far", fits: 1 },
  primary: of.store,
  opens: createUnsealRange({ kms: { client: of.kms, keys: [kmsKey] } }),
  trusted: { ...of.manifestSigner.trusted, ...of.proofSigner.trusted },
  random: choosing(place),
  ...over,
});
const look = (of: Sealed, over: Partial<SamplePorts> = {}, place = 0): Promise<Sampled> =>
  sampleCopy(source, portsOf(of, over, place), of.context);
const found = ({ failed }: Sampled) => failed.map(({ finding: { name, severity } }) => `${severity} ${name}`);
const flip = (store: Sealed["far"], key: string, at: number) =>
  store.inside.damage({ key }, (bytes) => Buffer.from(bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ 1 : byte))));
const archiving = (store: Store): Pick<Store, "read" | "list"> => ({
  read: store.read,
  list: {
    async *list(prefix) {
      for await (const object of store.list.list(prefix))
        yield { ...object, access: object.key.endsWith(".age") ? "archived" : object.access };
    },
  },
});
const placeOf = (of: Sealed, text: string, from = 0): number =>
  Buffer.from(of.far.inside.versions(of.rows)[0]?.bytes ?? []).indexOf(text, from);
/** In the stanza of KMS, behind the line that names it. */
const wrappedAt = (of: Sealed): number => placeOf(of, "\n", placeOf(of, "holdfast.dev/kms")) + 20;
/** Ranges that were read of artifacts there. */
const noting = (of: Sealed, asked: { from: number; to: number }[]): SamplePorts["copy"] => ({
  name: "far",
  fits: 1,
  list: of.far.list,
  read: {
    ...of.far.read,
    read(at, range, signal) {
      if (range) asked.push(range);
      return of.far.read.read(at, range, signal);
    },
  },
});

test("a range is opened by KMS, for its own source and slot, and compared with the first store's bytes", async () => {
  const of = await sealed();
  of.kms.calls.length = 0;
  const sampled = await look(of);
  expect(sampled).toMatchObject({ failed: [], notes: [], looked: { key: of.rows, against: ["age", "primary"] } });
  expect(of.kms.calls).toEqual([{ call: "decrypt", keyId: kmsKey, context: { source: "shop", slot: of.slot } }]);
});
test("of a large artifact, archived here, some MiB are read and open, wherever they lie", async () => {
  const of = await sealed(9_000);
  for (const place of [0, 0.5, 0.99]) {
    const asked: { from: number; to: number }[] = [];
    const before = of.context.counted;
    const sampled = await look(of, { primary: archiving(of.store), copy: noting(of, asked) }, place);
    expect(sampled).toMatchObject({ looked: { against: ["age"] }, failed: [], notes: [] });
    const { from = 0, to = 0 } = sampled.looked?.range ?? {};
    expect(to - from).toBeGreaterThan(sampleBytes - 2 * sealedChunk);
    expect(of.context.counted - before).toBe(to - from);
    expect(asked.reduce((sum, range) => sum + range.to - range.from, 0)).toBeLessThan(sampleBytes + 3 * sealedChunk);
  }
});
test.each([
  ["a chunk of the range", (of: Sealed) => flip(of.far, of.rows, 150_000)],
  ["the header", (of: Sealed) => flip(of.far, of.rows, 60)],
  ["the MAC of the header", (of: Sealed) => flip(of.far, of.rows, placeOf(of, "--- ") + 8)],
  ["what KMS wrapped", (of: Sealed) => flip(of.far, of.rows, wrappedAt(of))],
  ["the last chunk", (of: Sealed) => flip(of.far, of.rows, -1)],
])("a bit that flipped in %s is found without the first store's bytes", async (_what, harm) => {
  const of = await sealed();
  harm(of);
  const sampled = await look(of, { primary: archiving(of.store) });
  expect(found(sampled)).toEqual(["refuse copy-decayed"]);
  expect(sampled.failed[0]?.finding.message).toContain(of.rows);
});
test("an artifact of another backup in its place does not open", async () => {
  const of = await sealed();
  const other = await sealed(310);
  const bytes = other.far.inside.versions(other.rows)[0]?.bytes ?? new Uint8Array();
  of.far.inside.damage({ key: of.rows }, (own) => Buffer.from(bytes.subarray(0, own.length)));
  expect(found(await look(of, { primary: archiving(of.store) }))).toEqual(["refuse copy-decayed"]);
});
test("with KMS away the first store's bytes tell, the head's too, and a note says why", async () => {
  const of = await sealed();
  of.kms.disable(kmsKey);
  const sampled = await look(of);
  expect(sampled).toMatchObject({ failed: [], looked: { against: ["primary"] }, notes: [{ name: "key-unavailable", severity: "note" }] });
  flip(of.far, of.rows, 60);
  expect(found(await look(of))).toEqual(["refuse copy-decayed"]);
});
test("with KMS away and nothing to compare with, what fits is read whole, of another artifact if need be", async () => {
  const of = await sealed();
  of.kms.disable(kmsKey);
  const over = { primary: archiving(of.store), copy: { ...of.far, name: "far", fits: 10_000 } };
  expect(await look(of, over)).toMatchObject({ looked: { against: ["signed digests"], key: expect.stringContaining("contents") } });
});
test("what can neither be opened nor compared is a note, never a finding, and nothing counts as looked at", async () => {
  const of = await sealed();
  of.kms.disable(kmsKey);
  const sampled = await look(of, { primary: archiving(of.store) });
  expect(sampled.looked).toBeUndefined();
  expect(sampled).toMatchObject({ failed: [], notes: [{ name: "key-unavailable" }, { name: "copy-unproven", severity: "note" }] });
});
test("where the first store's bytes changed, the copy that opens is not blamed: nothing is recorded of it, and the error says where", async () => {
  const of = await sealed();
  flip(of.store, of.rows, 150_000);
  expect(await look(of)).toMatchObject({ failed: [], looked: { against: ["age"], differs: "primary" } });
  const ports = { ...portsOf(of), primary: of.store, sign: of.proofSigner, replay: async () => {} };
  const before = await of.keys("evidence/copied/");
  await expect(sampleStore(source, ports, of.context)).rejects.toMatchObject({
    name: "OriginalDecayed",
    message: expect.stringContaining(of.rows),
  });
  expect(await of.keys("evidence/copied/")).toEqual(before);
});
test("what lifecycle takes here between the listing and the reading is no difference", async () => {
  const of = await sealed();
  const primary = {
    list: of.store.list,
    read: {
      ...of.store.read,
      async *read(...[at, range, signal]: Parameters<Store["read"]["read"]>) {
        if ("version" in at && at.key === of.rows) await of.store.prune.delete(at);
        yield* of.store.read.read(at, range, signal);
      },
    },
  };
  expect(await look(of, { primary })).toMatchObject({ failed: [], looked: { against: ["age"] } });
});
