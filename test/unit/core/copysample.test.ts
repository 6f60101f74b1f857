import { copy, manifestKey, type SamplePorts, type Sampled, type Store, StoreUnavailable, sampleCopy, slotId } from "@holdfast/core";
import { faulty } from "@holdfast/stores/faulty.ts";
import { expect, test } from "vitest";
import { type CopyRig, copyRig, google } from "../../kit/copies.ts";
import { seeded } from "../../kit/seeded.ts";

const [day, since] = [86_400_000, new Date(0)];
const slots = ["20261121T020000Z", "20261122T020000Z", "20261123T020000Z"];

/** Three backups on three days, each copied. */
async function copied(): Promise<CopyRig> {
  const of = await copyRig(google, {}, 20);
  for (let i = 0; i < 2; i++) {
    of.context.pass(day);
    await of.backup();
    await of.verify();
  }
  for (const slot of slots) await copy({ source: "shop", slot }, of.ports(), of.context);
  return of;
}
const look = (of: CopyRig, over: Partial<SamplePorts> = {}, at = since): Promise<Sampled> =>
  sampleCopy(
    { source: "shop", since: at },
    {
      copy: { ...of.far, name: "far", fits: 100_000 },
      primary: of.store,
      kind: { verified: ["readable"] },
      trusted: of.manifestSigner.trusted,
      random: () => 0,
      ...over,
    },
    of.context,
  );
const found = ({ findings }: Sampled) => findings.map(({ name, severity }) => `${severity} ${name}`);
const rowsIn = async (of: CopyRig) => (await of.farKeys()).filter((key) => key.endsWith("rows.txt.zst.age"));
const rot = (of: CopyRig, key: string, at = -2) =>
  of.far.inside.damage({ key }, (bytes) => Buffer.from(bytes.map((byte, i) => (i === bytes.length + at ? byte ^ 1 : byte))));

test("copies that are whole: no finding, nothing missing, and a range of one artifact was compared", async () => {
  const of = await copied();
  const before = of.context.counted;
  const sampled = await look(of);
  expect(sampled).toEqual({
    findings: [],
    failed: [],
    missing: [],
    looked: { id: `shop/${slots[0]}`, key: (await rowsIn(of))[0], range: { from: 0, to: 233 }, against: "primary" },
  });
  expect(of.context.counted - before).toBe(233);
});
test("every backup and every artifact comes up at some time", async () => {
  const of = await copied();
  const random = seeded(1);
  const seen = new Set<string | undefined>();
  for (let i = 0; i < 60; i++) seen.add((await look(of, { random })).looked?.key);
  expect(seen.size).toBe(6);
});
test("a byte that changed at the copy, or here, is found", async () => {
  const of = await copied();
  rot(of, (await rowsIn(of))[0] ?? "");
  expect(found(await look(of))).toEqual(["refuse copy-decayed"]);
  expect(found(await look(of, { random: () => 0.99 }))).toEqual([]);
  const other = await copied();
  other.store.inside.damage({ key: (await rowsIn(other))[0] ?? "" }, (bytes) => bytes.fill(0, 40, 50));
  expect(found(await look(other))).toEqual(["refuse copy-decayed"]);
});
test("no more is read than that range, on either side, and the file's head", async () => {
  const of = await copied();
  const asked: unknown[] = [];
  const noting = (store: Store) => ({
    ...store.read,
    read: (...[at, range, signal]: Parameters<Store["read"]["read"]>) => {
      if (at.key.endsWith(".age")) asked.push(range);
      return store.read.read(at, range, signal);
    },
  });
  const { looked } = await look(of, {
    copy: { ...of.far, read: noting(of.far), name: "far", fits: 1 },
    primary: { ...of.store, read: noting(of.store) },
  });
  expect(asked).toEqual([{ from: 0, to: 233 }, looked?.range, looked?.range]);
});
test.each([
  ["shorter", "artifact-truncated", (of: CopyRig, key: string) => of.far.inside.damage({ key }, (bytes) => bytes.subarray(1))],
  ["gone", "artifact-missing", (of: CopyRig, key: string) => of.far.inside.remove(key)],
])("an artifact that is %s there: %s", async (_what, name, harm) => {
  const of = await copied();
  harm(of, (await rowsIn(of))[0] ?? "");
  expect(found(await look(of))).toEqual([`refuse ${name}`]);
});
test("a manifest there that nobody trusted has signed is found", async () => {
  const of = await copied();
  expect(found(await look(of, { trusted: of.proofSigner.trusted }))).toEqual(["refuse backup-forged"]);
});
test("where the primary store is gone the signed digests tell", async () => {
  const of = await copied();
  expect((await look(of, { primary: undefined })).looked).toMatchObject({ against: "signed digests", range: { from: 0, to: 233 } });
  of.store.inside.remove((await rowsIn(of))[0] ?? "");
  expect((await look(of)).looked).toMatchObject({ against: "signed digests" });
  rot(of, (await rowsIn(of))[0] ?? "");
  expect(found(await look(of, { primary: undefined }))).toEqual(["refuse copy-decayed"]);
  expect(found(await look(of))).toEqual(["refuse copy-decayed"]);
});
test("and what is too large to be read whole is not chosen then", async () => {
  const of = await copied();
  const small = { ...of.far, name: "far", fits: 100 };
  expect((await look(of, { primary: undefined, copy: small })).looked?.key).toMatch(/contents/);
  expect((await look(of, { primary: undefined, copy: { ...small, fits: 1 } })).looked).toBeUndefined();
});
test("what is missing is counted for a replay, and what was taken away is a finding", async () => {
  const of = await copied();
  of.context.pass(day);
  await of.backup();
  expect((await look(of)).missing).toEqual([]); // nobody has read it yet
  await of.verify();
  const fresh = { source: "shop", slot: slotId(of.context.now()) };
  expect(await look(of)).toMatchObject({ findings: [], missing: [fresh] });
  of.far.inside.remove(manifestKey({ source: "shop", slot: slots[1] ?? "" }));
  const taken = await look(of);
  expect(found(taken)).toEqual(["refuse copy-gone"]);
  expect(taken.findings[0]?.message).toContain(`shop/${slots[1]}`);
  expect(taken.missing).toEqual([{ source: "shop", slot: slots[1] }, fresh]);
  expect(await look(of, {}, new Date("2026-11-23T00:00:00Z"))).toMatchObject({ findings: [], missing: [fresh] });
});
test("evidence about another store says nothing about this one", async () => {
  const of = await copied();
  of.far.inside.remove(manifestKey({ source: "shop", slot: slots[0] ?? "" }));
  const sampled = await look(of, { copy: { ...of.far, name: "farther", fits: 100_000 } });
  expect([sampled.findings, sampled.missing.length]).toEqual([[], 1]);
});
test("a store without any copy has nothing to look at", async () => {
  const of = await copyRig();
  expect(await look(of)).toEqual({ findings: [], failed: [], missing: [{ source: "shop", slot: slots[0] }] });
});
test("a fault of the world is no finding", async () => {
  const of = await copied();
  const refused = new StoreUnavailable("503", "Wait.");
  for (const method of ["read.read", "list.list"] as const) {
    const far = faulty(of.far, [{ method, before: refused }]);
    await expect(look(of, { copy: { ...far, name: "far", fits: 1000 } })).rejects.toBe(refused);
  }
});
