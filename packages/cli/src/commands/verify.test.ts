import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { generateIdentity } from "@holdfast/age";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { kinds, type TestPlace, testPlace } from "../kit/place.ts";
import { testWorld } from "../kit/world.ts";
import { type VerifyOptions, verify } from "./verify.ts";

const slot = "20261121T020000Z";
const id = `note/${slot}`;
let [folder, t, aws] = ["", undefined as unknown as TestPlace, undefined as unknown as { asked: string[] }];
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "holdfast-verify-"));
  t = await testPlace(testWorld({ cwd: folder }));
  await t.make(id);
  await t.prove(id, "readable");
  aws = await t.leave();
  writeFileSync(path.join(folder, "offline.key"), t.identity);
  writeFileSync(path.join(folder, "manifest.pem"), t.manifest.pem);
  writeFileSync(path.join(folder, "proof.pem"), t.proof.pem);
});
afterEach(() => rmSync(folder, { recursive: true }));

const brought = { from: "far", offlineKey: "offline.key", trust: ["manifest.pem", "proof.pem"] };
const run = (over: Partial<VerifyOptions> = {}) => verify({ source: "note", ...brought, ...over }, t);
const damage = (end: string, change: (bytes: Uint8Array) => Uint8Array) => {
  const key = t.far.inside.versions().find((each) => each.key.startsWith("backups/") && each.key.endsWith(end))?.key ?? "";
  t.far.inside.damage({ key }, change);
};

describe("verify reads a copy to its end on this machine", () => {
  test("and says what it read, without AWS and without writing", async () => {
    const before = t.far.inside.versions().length;
    expect(await run()).toBe(0);
    expect(t.world.stdout.text).toMatch(new RegExp(`^can be read {2}${id} {2}1 file, 8 B in [\\d.]+ s, compared with nothing\n$`));
    expect(t.world.stderr.text).toContain("nothing was recorded");
    expect([aws.asked, t.far.inside.versions().length]).toEqual([[], before]);
  });
  test("beside the verified one before it", async () => {
    t = await testPlace(testWorld({ cwd: folder }));
    writeFileSync(path.join(folder, "offline.key"), t.identity);
    await t.make("note/20261120T020000Z", { "memo.txt": "one\ntwo\n" });
    await t.prove("note/20261120T020000Z", "readable");
    await t.make(id);
    await t.leave();
    expect(await verify({ source: "note", from: "far", offlineKey: "offline.key", trustKey: [t.manifest.keyId], json: true }, t)).toBe(0);
    expect(JSON.parse(t.world.stdout.text)).toMatchObject({
      id,
      from: "far",
      verdict: "ok",
      details: { comparedWith: "20261120T020000Z" },
    });
  });
  test("the newest one, whatever is proven of it; latest is the newest verified one", async () => {
    await t.make("note/20261121T030000Z", { "memo.txt": "other\nlines\n" }, t.far);
    await run({ json: true });
    expect(JSON.parse(t.world.stdout.text)).toMatchObject({ id: "note/20261121T030000Z" });
    t.world.stdout.text = "";
    await run({ slot: "latest", json: true });
    expect(JSON.parse(t.world.stdout.text)).toMatchObject({ id });
  });
});

describe("verify ends with 1 and names what is wrong", () => {
  test.each([
    ["an artifact that is cut", "memo.txt.zst.age", (bytes: Uint8Array) => bytes.subarray(0, -1), "ArtifactTruncated"],
    ["a byte that was changed", "memo.txt.zst.age", (bytes: Uint8Array) => bytes.with(-20, (bytes.at(-20) ?? 0) ^ 1), "NotDecryptable"],
    ["a signature that was changed", "manifest.sig", (bytes: Uint8Array) => bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1), "BackupForged"],
    ["a manifest that is no JSON", "manifest.json", () => Buffer.from("{"), "ManifestInvalid"],
  ])("%s", async (_, end, change, name) => {
    damage(end, change);
    expect(await run()).toBe(1);
    expect(t.world.stdout.text).toMatch(/^BROKEN/);
    expect(t.world.stderr.text).toContain(`✗ ${name}: `);
  });
  test("what its kind finds inside", async () => {
    await t.make("note/20261121T030000Z", { "memo.txt": "one\n" }, t.far);
    expect(await run({ json: true })).toBe(1);
    expect(JSON.parse(t.world.stdout.text)).toMatchObject({ verdict: "failed", findings: [{ name: "lines-differ" }] });
  });
});

test("a doubt ends with 1 too", async () => {
  const doubting = path.join(folder, "doubting");
  mkdirSync(doubting);
  const finding = { name: "odd", severity: "doubt", message: "it looks odd", hint: "Look." };
  writeFileSync(path.join(doubting, "read.ts"), `export const read = () => ({ read: async () => [${JSON.stringify(finding)}] });\n`);
  const lists = { ...t.place.lists, kinds: { memo: { ...kinds.memo, folder: doubting } } };
  expect(await verify({ source: "note", ...brought }, { ...t, place: { ...t.place, lists } })).toBe(1);
  expect(t.world.stdout.text).toMatch(/^in doubt/);
  expect(t.world.stderr.text).toContain("? odd: it looks odd. Look.");
});

describe("verify asks the person, and says nothing about the backup, for", () => {
  test("an offline key that opens it", async () => {
    writeFileSync(path.join(folder, "other.key"), (await generateIdentity()).identity);
    await expect(run({ offlineKey: "other.key" })).rejects.toMatchObject({ name: "KeyUnavailable" });
    const { offlineKey: _, ...keyless } = brought;
    await expect(verify({ source: "note", ...keyless }, t)).rejects.toMatchObject({
      name: "KeyMissing",
      hint: expect.stringContaining("--offline-key FILE"),
    });
  });
  test("a key that signed, by its whole digest, and believes none because it lies there", async () => {
    const asked = await run({ trust: ["proof.pem"] }).catch((error: { name: string; message: string; hint: string }) => error);
    expect(asked).toMatchObject({
      name: "KeyUntrusted",
      message: expect.stringContaining(`key ${t.manifest.keyId}, which neither the plan nor you`),
    });
    const [, named = ""] = /--trust-key ([0-9a-f]{64})/.exec((asked as { hint: string }).hint) ?? [];
    expect(named.slice(0, 16)).toBe(t.manifest.keyId);
    expect(await run({ trust: [], trustKey: [named] })).toBe(0);
    expect(aws.asked).toEqual([]);
  });
  test("a key of another backup than it said", async () => {
    await expect(run({ trust: [], trustKey: ["0".repeat(64)] })).rejects.toMatchObject({
      name: "KeyUntrusted",
      message: `the store holds no key ${"0".repeat(64)}`,
    });
    const other = t.manifest.keyId;
    t.far.inside.overwrite(`keys/${other}.pem`, Buffer.from(t.proof.pem));
    await expect(run({ trust: [], trustKey: [other] })).rejects.toMatchObject({ name: "KeyUntrusted" });
  });
  test("the keys that the plan lists and no others", async () => {
    const plan = { ...t.place.plan, trust: t.manifest.trusted };
    expect(await verify({ source: "note", from: "far", offlineKey: "offline.key" }, { ...t, place: { ...t.place, plan } })).toBe(0);
    expect(aws.asked).toEqual([]);
  });
  test("a source whose backups are files", async () => {
    const lists = { ...t.place.lists, kinds: { memo: { ...kinds.memo, kind: { ...kinds.memo.kind, verified: ["present"] as const } } } };
    await expect(verify({ source: "note", ...brought }, { ...t, place: { ...t.place, lists } })).rejects.toMatchObject({ name: "NotHere" });
  });
  test("the programs of its kind", async () => {
    const kind = { ...kinds.memo.kind, needs: () => ({ secrets: [], layers: ["pens"], allow: [] }) };
    const lists = { ...t.place.lists, kinds: { memo: { ...kinds.memo, kind } } };
    await expect(verify({ source: "note", ...brought, layers: "." }, { ...t, place: { ...t.place, lists } })).rejects.toMatchObject({
      name: "LayersMissing",
      message: `the programs of pens are not on this machine: there is no ${folder}/pens`,
      hint: expect.stringContaining("node scripts/layers.mjs --arch "),
    });
  });
  test("a backup that is there", async () => {
    await expect(run({ slot: "20200101T000000Z" })).rejects.toMatchObject({ name: "BackupNotFound" });
    await expect(run({ source: "other" })).rejects.toMatchObject({ name: "BackupNotFound" });
  });
});
