import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { generateIdentity } from "@holdfast/age";
import { StoreDenied } from "@holdfast/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type RestoreOptions, restore } from "./commands/restore.ts";
import { Interrupted } from "./errors.ts";
import { kinds, type TestPlace, testPlace } from "./kit/place.ts";
import { type TestWorld, testWorld } from "./kit/world.ts";

const slot = "20261121T020000Z";
const id = `note/${slot}`;
let [folder, desk] = ["", ""];
let t: TestPlace;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "holdfast-here-"));
  desk = path.join(folder, "desk");
  mkdirSync(desk);
  t = await testPlace(quiet(testWorld({ cwd: folder })));
  aim({});
  await t.make(id);
  await t.prove(id, "readable");
  writeFileSync(path.join(folder, "offline.key"), t.identity);
  for (const [name, { pem }] of Object.entries({ manifest: t.manifest, proof: t.proof }))
    writeFileSync(path.join(folder, `${name}.pem`), pem);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Both targets are this test's own folder. */
const aim = (config: { waits?: number }) => {
  for (const target of Object.values(t.place.plan.targets)) target.config = { folder: desk, waits: 0, ...config };
};
const brought = { from: "far", offlineKey: "offline.key", trust: ["manifest.pem", "proof.pem"] };
const go = (over: Partial<RestoreOptions> = {}, world: TestWorld = t.world) =>
  restore({ source: "note", target: "desk", here: true, yes: true, ...brought, ...over }, { ...t, world });
const fromPrimary = () => restore({ source: "note", target: "desk", here: true, yes: true, ...without("from") }, t);
const without = (key: keyof typeof brought) => Object.fromEntries(Object.entries(brought).filter(([name]) => name !== key));
const left = () => readdirSync(desk);
const said = () => t.world.stderr.text;
const steps = () =>
  said()
    .split("\n")
    .map((line) => line.replace(/ +[\d.]+ s/, " …").trimEnd());
/** Time stands still while something is done, and passes while the restore waits: how fast this machine is shows nowhere. */
function quiet(world: TestWorld): TestWorld {
  const { wait } = world.clock;
  const standing = (signal: AbortSignal) => new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  world.clock.wait = (milliseconds, signal) => (milliseconds < 1000 ? standing(signal) : wait(milliseconds, signal));
  return world;
}

describe("a restore on this machine, from a copy and without AWS", () => {
  test("makes something new, compares it and says each state as an execution's are", async () => {
    const aws = await t.leave();
    aim({ waits: 1 });
    expect(await go()).toBe(0);
    const [made = ""] = left();
    expect(readFileSync(path.join(desk, made, "memo.txt"), "utf8")).toBe("one\ntwo\n");
    expect(steps()).toEqual([
      expect.stringMatching(/^ {2}restore {2}note\/20261121T020000Z: 10 h old, verified, /),
      "  from     the copy in far",
      "  to       desk, as something new with a name that is free; nothing there is changed",
      expect.stringMatching(/^execution [0-9a-f]{12}, on this machine$/),
      `  look at the target … ${" ".repeat(2)}${id}`,
      "  plan …   write memo",
      "  ask archived files back …   none is archived",
      "  load …   on its way",
      "  wait …",
      expect.stringMatching(/^ {2}load … {3}folder .*, wait 0$/),
      "not recorded: far is read as somebody who may not write there",
      "  compare with the backup …   2 of 2 lines in 1 memo",
      "  hand over …",
      "",
    ]);
    expect(t.world.stdout.text).toMatch(
      /^restored +note\/20261121T020000Z\nat +desk\nfolder +.*\/memo-[0-9a-f]{12}\nlines +2 found, 2 expected/,
    );
    expect([aws.asked, t.far.inside.versions().filter(({ key }) => key.includes("restored"))]).toEqual([[], []]);
  });
  test("has the outcome as JSON", async () => {
    await t.leave();
    await go({ json: true });
    expect(JSON.parse(t.world.stdout.text)).toMatchObject({
      source: "note",
      slot,
      target: "desk",
      expected: 2,
      found: 2,
      execution: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
  });
  test("of the primary store records what it proved", async () => {
    await fromPrimary();
    expect(t.store.inside.versions().map(({ key }) => key)).toContainEqual(expect.stringMatching(/^evidence\/restored\/note\/.*\/ok\./));
    expect(said()).not.toContain("not recorded");
  });
  test("stays where nobody may write that down", async () => {
    t.place.cloud.keys.publicKey = () => Promise.reject(new (class extends Error {})());
    await expect(fromPrimary()).rejects.toThrow(); // a defect is no refusal
    expect(left()).toEqual([]);
    await t.leave();
    t.place.store = async () => t.far;
    expect(await fromPrimary()).toBe(0);
    expect(said()).toContain("not recorded: could not read a key");
    expect(left()).toHaveLength(1);
  });
});

describe("it is refused by name, and makes nothing:", () => {
  test.each<[string, Partial<RestoreOptions>, string, string]>([
    ["a target that nobody planned", { target: "nope" }, "UnknownTarget", "desk, safe"],
    ["a backup that is not there", { at: "20200101T000000Z" }, "BackupNotFound", id],
    ["a signing key that nobody answered for", { trust: ["proof.pem"] }, "KeyUntrusted", "--trust-key "],
    ["evidence of a key that nobody answered for", { trust: ["manifest.pem"] }, "KeyUntrusted", "--trust-key "],
    ["a trusted key that is none", { trust: ["offline.key"] }, "FileUnusable", "keys/{key id}.pem"],
    ["an offline key that is not there", { offlineKey: "gone.key" }, "FileUnusable", "keygen"],
    ["a secret without a file", { secret: ["acme/desk"] }, "UsageWrong", "FILE holds"],
  ])("%s", async (_, over, name, hint) => {
    await t.leave();
    await expect(go(over)).rejects.toMatchObject({ name, hint: expect.stringContaining(hint) });
    expect(left()).toEqual([]);
  });
  test("no offline key, when KMS does not answer", async () => {
    const aws = await t.leave();
    const keyless = restore({ source: "note", target: "desk", here: true, yes: true, ...without("offlineKey") }, t);
    await expect(keyless).rejects.toMatchObject({ name: "KeyMissing", hint: expect.stringContaining("--offline-key FILE") });
    expect([left(), aws.asked]).toEqual([[], ["look at a key"]]);
  });
  test("somebody else's offline key", async () => {
    await t.leave();
    writeFileSync(path.join(folder, "other.key"), (await generateIdentity()).identity);
    await expect(go({ offlineKey: "other.key" })).rejects.toMatchObject({ name: "KeyUnavailable" });
    expect(left()).toEqual([]);
  });
  test("a copy without the evidence, unless somebody wants it all the same", async () => {
    for (const { key, bytes } of t.store.inside.versions()) if (!key.startsWith("evidence/")) t.far.inside.overwrite(key, bytes);
    await expect(go()).rejects.toMatchObject({ name: "BackupNotFound" });
    await expect(go({ at: slot })).rejects.toMatchObject({ name: "BackupUnverified" });
    expect(await go({ unverified: true })).toBe(0);
  });
  test("an artifact that is cut: what it had made is removed", async () => {
    await t.leave();
    const key = t.far.inside.versions().find((each) => each.key.endsWith(".age"))?.key ?? "";
    t.far.inside.damage({ key }, (bytes) => bytes.subarray(0, -1));
    await expect(go()).rejects.toMatchObject({ fault: "backup" });
    expect(said()).toMatch(/remove what was made .* s {3}folder /);
    expect(left()).toEqual([]);
  });
  test("backups that are no files, and targets that are entered as a role of AWS", async () => {
    const having = (over: object) => ({ ...t.place.lists, kinds: { memo: { ...kinds.memo, kind: { ...kinds.memo.kind, ...over } } } });
    const allow = [{ actions: ["sts:GetWebIdentityToken"], resources: ["*"] }];
    await t.leave();
    for (const [over, message] of [
      [{ verified: ["present"] }, "they stand in AWS itself"],
      [{ needs: () => ({ secrets: [], layers: [], allow }) }, "is entered as a role of AWS"],
    ] as const) {
      const refused = restore(
        { source: "note", target: "desk", here: true, yes: true, ...brought },
        { ...t, place: { ...t.place, lists: having(over) } },
      );
      await expect(refused).rejects.toMatchObject({ name: "NotHere", message: expect.stringContaining(message) });
    }
    expect(left()).toEqual([]);
  });
  test("what is for this machine, without --here", async () => {
    await expect(go({ here: false })).rejects.toMatchObject({ name: "UsageWrong", message: expect.stringContaining("--offline-key") });
    expect(t.started).toEqual([]);
  });
});

describe("a protected target", () => {
  beforeEach(async () => void (await t.leave()));
  test("is restored to when its name was typed after the plan was shown, and a yes from before does not do", async () => {
    const declining = testWorld({ cwd: folder, answer: "y" });
    await expect(go({ target: "safe" }, declining)).rejects.toMatchObject({ name: "Declined" });
    expect(left()).toEqual([]);
    expect(await go({ target: "safe", yes: false }, testWorld({ cwd: folder, answer: "safe" }))).toBe(0);
  });
  test("is refused where nobody sits at a terminal, unless somebody has read what would be done", async () => {
    await expect(go({ target: "safe", yes: false })).rejects.toMatchObject({ name: "UsageWrong", hint: expect.stringContaining("--yes") });
    expect(said()).toContain("write memo");
    expect(left()).toEqual([]);
    expect(await go({ target: "safe" })).toBe(0);
  });
});

describe("a restore that is interrupted", () => {
  beforeEach(async () => {
    await t.leave();
    aim({ waits: 1000 });
  });
  const isWaiting = async () => left().some((name) => name.startsWith(".holdfast-"));

  test("removes what it made", async () => {
    t.world.when(isWaiting, async () => t.world.interrupt(new Interrupted("SIGINT")));
    await expect(go()).rejects.toThrow();
    expect(left()).toEqual([]);
    expect(said()).toMatch(/remove what was made .* s {3}/);
  });
  test("twice says what remains and how to remove it, which does", async () => {
    t.world.when(isWaiting, async () => {
      t.world.interrupt(new Interrupted("SIGINT"));
      t.world.leave();
    });
    await expect(go()).rejects.toThrow();
    const [, execution = ""] = /folder .*, at desk\. .*: holdfast restore --here --target desk --undo ([0-9a-f]{12})\n/.exec(said()) ?? [];
    const claim = path.join(desk, `.holdfast-${execution}`);
    mkdirSync(claim, { recursive: true });
    const again = { ...t, world: testWorld({ cwd: folder }) };
    expect(await restore({ here: true, target: "desk", undo: execution, yes: true }, again)).toBe(0);
    expect(t.world.stdout.text).toBe(`removed at desk: folder ${claim}\n`);
    expect(existsSync(claim)).toBe(false);
  });
});

/** The kind of the tests with other verbs, which stand in a folder of its own. */
function otherwise(verbs: string): TestPlace["place"] {
  const other = path.join(folder, "otherwise");
  mkdirSync(other);
  const memo = JSON.stringify(path.join(t.place.root, "test/kinds/memo/restore.ts"));
  writeFileSync(
    path.join(other, "restore.ts"),
    `import { restore as memo } from ${memo};\nexport const restore = (...of) => ({ ...memo(...of), ${verbs} });\n`,
  );
  return { ...t.place, lists: { ...t.place.lists, kinds: { memo: { ...kinds.memo, folder: other } } } };
}
const goWith = (place: TestPlace["place"]) =>
  restore({ source: "note", target: "desk", here: true, yes: true, ...brought }, { ...t, place });

describe("a restore of which the kind", () => {
  beforeEach(async () => void (await t.leave()));
  test("cannot undo what failed says so after some tries, and how to do it later", async () => {
    const place = otherwise('prove: async () => { throw new Error("gone"); }, undo: async () => { throw new Error("held"); }');
    await expect(goWith(place)).rejects.toMatchObject({
      name: "NotUndone",
      message: expect.stringContaining("held"),
      hint: expect.stringMatching(/^Left: folder .*--undo [0-9a-f]{12}$/),
    });
    expect(said().match(/remove what was made .* s {3}failed: Error/g)).toHaveLength(3);
  });
  test("finds other contents than the backup's is undone", async () => {
    const found = '{ unit: "lines", thing: "memo", things: 1, expected: 2, found: 1, findings: [] }';
    await expect(goWith(otherwise(`prove: async () => (${found})`))).rejects.toMatchObject({ name: "RestoreDiffers" });
    expect([left(), t.world.stdout.text]).toEqual([[], ""]);
    expect(said()).not.toContain("may hold the backup's data");
  });
  test("has no beside says after a failure that the target may hold the backup's data", async () => {
    const place = otherwise('prove: async () => { throw new Error("gone"); }');
    const { memo } = place.lists.kinds;
    const lists = { ...place.lists, kinds: { memo: { folder: memo?.folder ?? "", kind: { ...kinds.memo.kind, replaces: true } } } };
    await expect(goWith({ ...place, lists })).rejects.toThrow("gone");
    expect(said()).toContain("may hold the backup's data");
  });
  test("asks whether it goes on hears of a Ctrl-C", async () => {
    vi.stubGlobal("holdfastBegun", () => t.world.interrupt(new Interrupted("SIGINT")));
    const place = otherwise(
      'advance: async (plan, opened, want, made, execution) => { globalThis.holdfastBegun(); while (await execution.running()) await new Promise(setImmediate); throw new Error("stopped"); }',
    );
    await expect(goWith(place)).rejects.toThrow("stopped");
  });
});

test("who may not list backups has nobody here who chooses for them", async () => {
  const list = () => {
    throw new StoreDenied("no", "Ask.");
  };
  const place = { ...t.place, store: async () => ({ ...t.far, list: { list } }) };
  await expect(goWith(place)).rejects.toMatchObject({ name: "StoreDenied" });
  expect(said()).toBe("");
});
test("an undo needs an execution's id and a target", async () => {
  for (const options of [{ undo: "x y", target: "desk" }, { undo: "abc" }])
    await expect(restore({ here: true, ...options }, t)).rejects.toMatchObject({ name: "UsageWrong" });
  await expect(restore({ here: true, undo: "abc", target: "nope" }, t)).rejects.toMatchObject({ name: "NotHere" });
});
