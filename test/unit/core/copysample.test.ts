import {
  bringAlong,
  copy,
  keep,
  manifestKey,
  type RetainSource,
  type SamplePorts,
  type Sampled,
  type Store,
  StoreUnavailable,
  sampleCopy,
  slotId,
} from "@holdfast/core";
import { faulty } from "@holdfast/stores/faulty.ts";
import { describe, expect, test } from "vitest";
import { type CopyRig, copyRig, google } from "../../kit/copies.ts";
import { seeded } from "../../kit/seeded.ts";

const day = 86_400_000;
const source: RetainSource = { name: "shop", keep: keep.parse({}), verified: ["readable"] };
const none = { backups: 0, files: 0, evidence: 0, keys: 0 };
const slots = ["20261121T020000Z", "20261122T020000Z", "20261123T020000Z"];

/** With what comes along once it is recorded that it is a copy. */
async function copyWhole(of: CopyRig, slot: string): Promise<void> {
  await copy({ source: "shop", slot }, of.ports(), of.context);
  await bringAlong({ source: "shop", slot }, of.ports(), of.context);
}
/** Three backups on three days, each copied. */
async function copied(): Promise<CopyRig> {
  const of = await copyRig(google, {}, 20);
  for (let i = 0; i < 2; i++) {
    of.context.pass(day);
    await of.backup();
    await of.verify();
  }
  for (const slot of slots) await copyWhole(of, slot);
  return of;
}
const look = (of: CopyRig, over: Partial<SamplePorts> = {}, as = source): Promise<Sampled> =>
  sampleCopy(
    as,
    {
      copy: { ...of.far, name: "far", fits: 100_000 },
      primary: of.store,
      trusted: of.manifestSigner.trusted,
      random: () => 0,
      ...over,
    },
    of.context,
  );
const found = ({ failed }: Sampled) => failed.map(({ finding: { name, severity } }) => `${severity} ${name}`);
const rowsIn = async (of: CopyRig) => (await of.farKeys()).filter((key) => key.endsWith("rows.txt.zst.age"));
const rot = (of: CopyRig, key: string, at = -2) =>
  of.far.inside.damage({ key }, (bytes) => Buffer.from(bytes.map((byte, i) => (i === bytes.length + at ? byte ^ 1 : byte))));

test("copies that are whole: no finding, nothing missing, and a range of one artifact was compared", async () => {
  const of = await copied();
  const before = of.context.counted;
  const sampled = await look(of);
  expect(sampled).toEqual({
    failed: [],
    missing: [],
    counted: none,
    looked: { id: `shop/${slots[0]}`, key: (await rowsIn(of))[0], range: { from: 0, to: 233 }, against: ["primary"] },
    notes: [],
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
])("an artifact that is %s there, also where nothing stands to compare it with: %s", async (_what, name, harm) => {
  const of = await copied();
  harm(of, (await rowsIn(of))[0] ?? "");
  expect(found(await look(of))).toEqual(["refuse copy-incomplete"]);
  expect(found(await look(of, { primary: undefined }))).toEqual([`refuse ${name}`]);
});
test("a manifest there that nobody trusted has signed is found", async () => {
  const of = await copied();
  expect(found(await look(of, { trusted: of.proofSigner.trusted }))).toEqual(["refuse backup-forged"]);
});
test("where the primary store is gone the signed digests tell", async () => {
  const of = await copied();
  expect((await look(of, { primary: undefined })).looked).toMatchObject({ against: ["signed digests"], range: { from: 0, to: 233 } });
  of.store.inside.remove((await rowsIn(of))[0] ?? "");
  expect((await look(of)).looked).toMatchObject({ against: ["signed digests"] });
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
  expect(await look(of)).toMatchObject({ failed: [], missing: [fresh], counted: { ...none, backups: 1 } });
  of.far.inside.remove(manifestKey({ source: "shop", slot: slots[1] ?? "" }));
  const taken = await look(of);
  expect(found(taken)).toEqual(["refuse copy-gone"]);
  expect(taken.failed[0]?.finding.message).toContain(`shop/${slots[1]}`);
  expect(taken.missing).toEqual([{ source: "shop", slot: slots[1] }, fresh]);
  expect(taken.counted).toEqual({ ...none, backups: 2 });
});
test("evidence about another store says nothing about this one", async () => {
  const of = await copied();
  of.far.inside.remove(manifestKey({ source: "shop", slot: slots[0] ?? "" }));
  const sampled = await look(of, { copy: { ...of.far, name: "farther", fits: 100_000 } });
  expect([sampled.failed, sampled.missing.length]).toEqual([[], 1]);
});
test("a store without any copy has nothing to look at", async () => {
  const of = await copyRig();
  expect(await look(of)).toEqual({
    failed: [],
    missing: [{ source: "shop", slot: slots[0] }],
    counted: { ...none, backups: 1 },
    notes: [],
  });
});

describe("of a copy that is not picked", () => {
  const last = { random: () => 0.99 };
  const first = { source: "shop", slot: slots[0] ?? "" };
  const inFirst = async (of: CopyRig, text: string) => (await of.farKeys()).filter((key) => key.includes(first.slot) && key.includes(text));
  test.each([
    ["an artifact", "rows"],
    ["the signature", "manifest.sig"],
  ])("%s that is gone is a finding and asked for again", async (_what, text) => {
    const of = await copied();
    const [key = ""] = await inFirst(of, text);
    of.far.inside.remove(key);
    const sampled = await look(of, last);
    expect(sampled).toMatchObject({ missing: [first], counted: { ...none, files: 1 }, looked: { id: `shop/${slots[2]}` } });
    expect(found(sampled)).toEqual(["refuse copy-incomplete"]);
    expect(sampled.failed[0]?.finding.message).toContain(`${key} is missing`);
  });
  test("an artifact of another length is a finding, and left to a person", async () => {
    const of = await copied();
    const [key = ""] = await inFirst(of, "rows");
    of.far.inside.damage({ key }, (bytes) => bytes.subarray(1));
    const sampled = await look(of, last);
    expect([found(sampled), sampled.missing]).toEqual([["refuse copy-incomplete"], []]);
    expect(sampled.failed[0]?.finding.message).toContain(`${key} has another length`);
    for (const gone of await inFirst(of, "contents")) of.far.inside.remove(gone);
    expect((await look(of, last)).missing).toEqual([]); // copying again would only meet it
  });
  test("evidence that is not there is asked for again, and the copy is as good as it was", async () => {
    const of = await copied();
    const evidence = await inFirst(of, "evidence/");
    expect(evidence).toHaveLength(2);
    for (const key of evidence) of.far.inside.remove(key);
    expect(await look(of, last)).toMatchObject({ failed: [], missing: [first], counted: { ...none, evidence: 2 } });
  });
  test("what another attempt left beside it here, and evidence about another manifest, are not missed", async () => {
    const of = await copied();
    of.store.inside.overwrite(`backups/shop/${first.slot}/deadbeef/rows.txt.zst.age`, Buffer.from("left"));
    of.store.inside.overwrite(`evidence/readable/shop/${first.slot}/ok.00000000.other.json`, Buffer.from("{}"));
    expect(await look(of, last)).toMatchObject({ failed: [], missing: [], counted: none });
  });
  test("what the first store lost itself is not asked of it", async () => {
    const of = await copied();
    for (const key of await inFirst(of, "rows")) for (const { inside } of [of.store, of.far]) inside.remove(key);
    expect(await look(of, last)).toMatchObject({ failed: [], missing: [] });
  });
});

test("public keys that are not there are asked for with the newest copy, those too that are trusted and stand nowhere", async () => {
  const of = await copied();
  const keys = (await of.farKeys()).filter((key) => key.startsWith("keys/"));
  expect(keys).toHaveLength(2);
  of.far.inside.remove(keys[0] ?? "");
  const newest = { source: "shop", slot: slots[2] };
  expect(await look(of)).toMatchObject({ failed: [], missing: [newest], counted: { ...none, keys: 1 } });
  const trusted = { ...of.manifestSigner.trusted, "0123456789abcdef": "another" };
  expect(await look(of, { trusted })).toMatchObject({ missing: [newest], counted: { ...none, keys: 2 } });
});

describe("what retention has released", () => {
  const short: RetainSource = { ...source, keep: keep.parse({ daily: 2, monthly: 0, minimum: 1 }) };
  const old = { source: "shop", slot: slots[0] ?? "" };
  const gone: [string, (key: string) => boolean][] = [
    ["all of it", () => true],
    ["its artifacts", (key) => key.endsWith(".age")],
    ["its manifest", (key) => key.endsWith("manifest.json")],
    ["its evidence", (key) => key.startsWith("evidence/")],
    ["nothing", () => false],
  ];
  test.each(gone)("is not missed where the store's rules have taken %s", async (_what, is) => {
    const of = await copied();
    for (const key of await of.farKeys()) if (key.includes(old.slot) && is(key)) of.far.inside.remove(key);
    for (const random of [0, 0.34, 0.67, 0.99]) {
      const sampled = await look(of, { random: () => random }, short);
      expect(sampled).toMatchObject({ failed: [], missing: [], counted: none });
      expect(sampled.looked?.id).not.toContain(old.slot);
    }
  });
  test("is not looked at while the first store has it no more", async () => {
    const of = await copied();
    for (const key of await of.keys(`backups/shop/${old.slot}`)) of.store.inside.remove(key);
    rot(of, (await rowsIn(of))[0] ?? "");
    expect(await look(of, {}, short)).toMatchObject({ failed: [], looked: { id: `shop/${slots[1]}` } });
    expect(found(await look(of))).toEqual(["refuse copy-decayed"]);
  });
  test("stays so while a doubt stops releases", async () => {
    const of = await copied();
    of.context.pass(day);
    of.source.script.rows = ["few"];
    await of.backup();
    expect((await of.verify()).verdict).toBe("doubt");
    await copyWhole(of, slotId(of.context.now()));
    for (const key of await of.farKeys()) if (key.includes(old.slot)) of.far.inside.remove(key);
    expect(await look(of, {}, short)).toMatchObject({ failed: [], missing: [] });
    expect((await look(of)).missing).toEqual([old]);
  });
});

test("a copy that a long tier wants is missed at any age, and not asked for again where nobody could read it here at once", async () => {
  const of = await copied();
  for (const key of await of.farKeys()) if (key.includes(slots[0] ?? "")) of.far.inside.remove(key);
  of.context.pass(100 * day);
  await of.backup();
  await of.verify();
  await copyWhole(of, slotId(of.context.now()));
  const first = { source: "shop", slot: slots[0] };
  const only = { ...source, keep: keep.parse({ minimum: 1 }) };
  expect(await look(of, {}, only)).toMatchObject({ failed: [{ ...first, finding: { name: "copy-gone" } }], missing: [first] });
  const primary = { ...of.store, list: archiving(of.store) };
  expect(await look(of, { primary }, only)).toMatchObject({ failed: [first], missing: [], counted: { ...none, backups: 1 } });
});
test("one that was never copied is missed as long as its copy is asked for", async () => {
  const of = await copyRig(google, {}, 20);
  expect((await look(of)).missing).toHaveLength(1);
  of.context.pass(31 * day);
  expect(await look(of)).toMatchObject({ missing: [], counted: none });
});
/** What moved to an archive class is listed so. */
const archiving = ({ list }: Store): Store["list"] => ({
  async *list(prefix) {
    for await (const object of list.list(prefix)) yield { ...object, access: object.key.endsWith(".age") ? "archived" : object.access };
  },
});
test("a fault of the world is no finding", async () => {
  const of = await copied();
  const refused = new StoreUnavailable("503", "Wait.");
  for (const method of ["read.read", "list.list"] as const) {
    const far = faulty(of.far, [{ method, before: refused }]);
    await expect(look(of, { copy: { ...far, name: "far", fits: 1000 } })).rejects.toBe(refused);
  }
});
