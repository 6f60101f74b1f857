import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { generateIdentity } from "@holdfast/age";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Interrupted } from "../errors.ts";
import { fetchPorts } from "../fetchports.ts";
import { testPlace, type TestPlace } from "../kit/place.ts";
import { testWorld } from "../kit/world.ts";
import { unsealByKms, unsealWith } from "../identity.ts";
import { fetch, type FetchOptions } from "./fetch.ts";

const slot = "20261121T020000Z";
const id = `note/${slot}`;
const files = { "shop.dump": "x".repeat(300_000), "contents.json": '{"tables":[]}', "vault.bin": "snapshot" };
let [folder, t] = ["", undefined as unknown as TestPlace];
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "holdfast-fetch-"));
  t = await testPlace(testWorld({ cwd: folder }));
  await t.make(id, files);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As the command wires it, with the place of the test in AWS's stead. */
const ports = (identity?: string) => ({
  store: t.store,
  trusted: async () => t.trusted,
  unseal: () => (identity === undefined ? unsealByKms(t.place) : unsealWith(identity)),
  place: async () => t.place,
});
const get = (options: Partial<FetchOptions> = {}, identity?: string) =>
  fetch({ source: "note", slot, ...options }, ports(identity), t.out, t.world);
const at = (...names: string[]) => path.join(folder, ...names);
const attempt = () =>
  t.store.inside
    .versions()
    .find(({ key }) => key.endsWith("manifest.sig"))
    ?.key.split("/")[3] ?? "";
const keyOf = (file: string) => `backups/note/${slot}/${attempt()}/${file}`;
const damage = (file: string, change: (bytes: Uint8Array) => Uint8Array) => t.store.inside.damage({ key: keyOf(file) }, change);
const flip = (at: number) => (bytes: Uint8Array) => bytes.with(at, (bytes[at] ?? 0) ^ 1);

describe("fetch", () => {
  test("puts every file of the backup into a folder of its own, readable to its owner alone", async () => {
    expect(await get()).toBe(0);
    expect(readdirSync(at(`note-${slot}`)).sort()).toEqual(Object.keys(files).sort());
    for (const [name, text] of Object.entries(files)) expect(readFileSync(at(`note-${slot}`, name), "utf8")).toBe(text);
    expect(statSync(at(`note-${slot}`, "shop.dump")).mode & 0o777).toBe(0o600);
    expect(statSync(at(`note-${slot}`)).mode & 0o777).toBe(0o700);
    expect(t.world.stdout.text).toContain(at(`note-${slot}`, "shop.dump"));
  });
  test("puts one file where it is told, by its own name or by that of its stored file", async () => {
    await get({ artifact: "shop.dump", out: "here" });
    await get({ artifact: "contents.json.zst.age" });
    mkdirSync(at("into"));
    await get({ artifact: "vault.bin", out: "into" });
    expect([
      readFileSync(at("here"), "utf8"),
      readFileSync(at("contents.json"), "utf8"),
      readFileSync(at("into", "vault.bin"), "utf8"),
    ]).toEqual(Object.values(files));
  });
  test("finds the newest verified backup by the word latest", async () => {
    await t.make("note/20261120T020000Z", { "old.txt": "old" });
    await expect(get({ slot: "latest" })).rejects.toMatchObject({ name: "BackupNotFound" });
    await t.prove("note/20261120T020000Z", "readable");
    await get({ slot: "latest" });
    expect(readdirSync(at("note-20261120T020000Z"))).toEqual(["old.txt"]);
  });
  test("writes one file to stdout, and asks the pipe to look at the exit code", async () => {
    await get({ artifact: "shop.dump", out: "-" });
    expect(Buffer.concat(t.world.stdout.chunks).toString()).toBe(files["shop.dump"]);
    expect(t.world.stdout.text).toBe("");
    expect(t.world.stderr.text).toContain("pipefail");
  });
  test("has JSON about what was written", async () => {
    await get({ artifact: "shop.dump", json: true });
    expect(JSON.parse(t.world.stdout.text)).toEqual({
      id,
      files: [{ artifact: "shop.dump", file: at("shop.dump"), bytes: 300_000 }],
      papers: [],
    });
  });
  test("opens with an offline key alone", async () => {
    writeFileSync(at("offline.key"), `# created: now\n# public key: age1…\n${t.identity}\n`);
    t.place.cloud.keys.arnOf = () => Promise.reject(new Error("nobody asks KMS"));
    await get({ artifact: "contents.json" }, at("offline.key"));
    expect(readFileSync(at("contents.json"), "utf8")).toBe(files["contents.json"]);
  });
});

describe("fetch refuses", () => {
  test("to replace a file, unless it is forced", async () => {
    writeFileSync(at("shop.dump"), "mine");
    await expect(get({ artifact: "shop.dump" })).rejects.toMatchObject({ name: "FileExists", hint: expect.stringContaining("--force") });
    expect(readFileSync(at("shop.dump"), "utf8")).toBe("mine");
    const keyless = { ...ports(), unseal: () => Promise.reject(new Error("asked for a key in vain")) };
    await expect(fetch({ source: "note", slot, artifact: "shop.dump" }, keyless, t.out, t.world)).rejects.toMatchObject({
      name: "FileExists",
    });
    await get({ artifact: "shop.dump", force: true });
    expect(readFileSync(at("shop.dump"), "utf8")).toBe(files["shop.dump"]);
  });
  test("several files on one stdout, an artifact that is not there, and a terminal", async () => {
    await expect(get({ out: "-" })).rejects.toMatchObject({ name: "UsageWrong", hint: "Name it: shop.dump, contents.json, vault.bin." });
    await expect(get({ artifact: "nope" })).rejects.toMatchObject({
      name: "UsageWrong",
      hint: "It has: shop.dump, contents.json, vault.bin.",
    });
    t.world.stdout.isTTY = true;
    await expect(get({ artifact: "shop.dump", out: "-" })).rejects.toMatchObject({ name: "UsageWrong" });
    expect(t.world.stdout.chunks).toEqual([]);
  });
  test("a backup that is not there", async () => {
    await expect(get({ slot: "20260101T000000Z" })).rejects.toMatchObject({ name: "BackupNotFound" });
  });
  test("a manifest that nobody trusted has signed", async () => {
    const strangers = { ...ports(), trusted: async () => t.proof.trusted };
    await expect(fetch({ source: "note", slot }, strangers, t.out, t.world)).rejects.toMatchObject({ name: "KeyUntrusted" });
  });
  test("a manifest in which one letter was changed", async () => {
    t.store.inside.damage({ key: `backups/note/${slot}/manifest.json` }, (bytes) =>
      Buffer.from(Buffer.from(bytes).toString().replace('"trigger": "manual"', '"trigger": "replay"')),
    );
    await expect(get()).rejects.toMatchObject({ name: "BackupForged" });
  });
  test("an identity that is not one of the recipients", async () => {
    writeFileSync(at("other.key"), (await generateIdentity()).identity);
    await expect(get({ artifact: "shop.dump" }, at("other.key"))).rejects.toMatchObject({ name: "KeyUnavailable" });
    expect(readdirSync(folder)).toEqual(["other.key"]);
  });
  test("a file of identities that holds none, without quoting it", async () => {
    writeFileSync(at("bad.key"), "AGE-SECRET-KEY-1OOPS");
    await expect(get({ artifact: "shop.dump" }, at("bad.key"))).rejects.toSatisfy(
      (error: Error) => error.name === "SecretUnusable" && !`${error.message}${error.stack}`.includes("OOPS"),
    );
  });
});

describe("nothing is left of a file", () => {
  test.each([
    ["with one flipped bit", flip(150)],
    ["that was cut", (bytes: Uint8Array) => bytes.slice(0, -20)],
    ["that something was added to", (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.from("more")])],
  ])("%s", async (_how, change) => {
    damage("shop.dump.zst.age", change);
    await expect(get({ artifact: "shop.dump" })).rejects.toMatchObject({ fault: "backup" });
    await expect(get({ artifact: "shop.dump", encrypted: true })).rejects.toMatchObject({ name: "DigestMismatch" });
    expect(readdirSync(folder)).toEqual([]);
  });
  test("that is swapped with another of the same backup", async () => {
    const other = t.store.inside.versions(keyOf("contents.json.zst.age"))[0]?.bytes ?? new Uint8Array();
    damage("shop.dump.zst.age", () => other);
    await expect(get({ artifact: "shop.dump" })).rejects.toMatchObject({ fault: "backup" });
    expect(readdirSync(folder)).toEqual([]);
  });
  test("when Ctrl-C comes in the middle of it, and the rest is not read", async () => {
    await t.make("note/20261121T030000Z", { "large.bin": "x".repeat(4_000_000) });
    let taken = 0;
    const read: TestPlace["store"]["read"] = {
      head: t.store.read.head,
      async *read({ key }) {
        for await (const chunk of t.store.read.read({ key })) {
          yield chunk;
          if (key.includes("large") && ++taken === 20) t.world.interrupt(new Interrupted("SIGINT"));
        }
      },
    };
    const deaf = { ...ports(), store: { read, list: t.store.list } };
    const asked = { source: "note", slot: "20261121T030000Z", artifact: "large.bin" };
    await expect(fetch(asked, deaf, t.out, t.world)).rejects.toBeInstanceOf(Interrupted);
    expect(readdirSync(folder)).toEqual([]);
    expect(taken).toBeLessThan(50);
  });
  test("when the folder cannot be written to", async () => {
    await expect(get({ artifact: "shop.dump", out: "no/such/folder/file" })).rejects.toMatchObject({ name: "FileUnusable" });
  });
});

describe("what stays encrypted", () => {
  test("is the stored file, with manifest and signature beside it", async () => {
    await get({ encrypted: true, out: "kept" });
    expect(readdirSync(at("kept")).sort()).toEqual([
      "contents.json.zst.age",
      "manifest.json",
      "manifest.sig",
      "shop.dump.zst.age",
      "vault.bin.age",
    ]);
    const manifest = JSON.parse(readFileSync(at("kept", "manifest.json"), "utf8")) as { artifacts: { sha256: string }[] };
    expect(
      createHash("sha256")
        .update(readFileSync(at("kept", "shop.dump.zst.age")))
        .digest("hex"),
    ).toBe(manifest.artifacts[0]?.sha256);
  });
  test("does not ask for a key", async () => {
    t.place.cloud.keys.arnOf = () => Promise.reject(new Error("nobody asks KMS"));
    expect(await get({ encrypted: true })).toBe(0);
  });
});

describe("with a folder, an identity and a trusted key there is no AWS and no plan", () => {
  const bare = { local: false };
  beforeEach(() => {
    writeFileSync(at("offline.key"), t.identity);
    writeFileSync(at("kept.pem"), t.manifest.pem);
  });
  /** Everything of the store below a folder, less the first so many levels of the paths. */
  const download = (levels: number) => {
    for (const { key, bytes } of t.store.inside.versions()) {
      const file = at("down", ...key.split("/").slice(levels));
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
  };
  const alone = async (over: Partial<FetchOptions> = {}) => {
    const options = { source: "note", slot, dir: "down", offlineKey: "offline.key", trust: ["kept.pem"], out: "opened", ...over };
    return await fetch(options, await fetchPorts(options, bare, t.world), t.out, t.world);
  };
  test.each([
    ["the whole bucket", 0],
    ["everything below backups/", 1],
    ["everything of the source", 2],
    ["the slot alone", 3],
  ])("and the folder may be %s", async (_what, levels) => {
    download(levels);
    await alone();
    expect(readFileSync(at("opened", "shop.dump"), "utf8")).toBe(files["shop.dump"]);
  });
  test("and the folder may be what fetch --encrypted wrote", async () => {
    await get({ encrypted: true, out: "down" });
    await alone();
    expect(readFileSync(at("opened", "vault.bin"), "utf8")).toBe(files["vault.bin"]);
  });
  test("but not a backup under another's name", async () => {
    download(3);
    await expect(alone({ slot: "20261120T020000Z" })).rejects.toMatchObject({ name: "ManifestInvalid" });
  });
  test("but not a file that was changed on the way", async () => {
    download(3);
    const file = at("down", attempt(), "shop.dump.zst.age");
    writeFileSync(file, flip(200)(readFileSync(file)));
    await expect(alone({ artifact: "shop.dump", out: "opened.dump" })).rejects.toMatchObject({ fault: "backup" });
    expect(existsSync(at("opened.dump"))).toBe(false);
  });
  test("but not a key that is no key, or a folder that is not there", async () => {
    await expect(alone()).rejects.toMatchObject({ name: "FileUnusable", message: expect.stringContaining("no folder") });
    download(0);
    await expect(alone({ trust: ["offline.key"] })).rejects.toMatchObject({
      name: "FileUnusable",
      message: expect.stringContaining("no public key"),
    });
    await expect(alone({ offlineKey: "gone.key" })).rejects.toMatchObject({
      name: "FileUnusable",
      message: expect.stringContaining("gone.key"),
    });
  });
  test("and a store beside it is one place too many", async () => {
    await expect(alone({ from: "far" })).rejects.toMatchObject({ name: "UsageWrong" });
  });
});

test("progress is bytes of what is written, with the share and the rate", async () => {
  t = await testPlace(testWorld({ cwd: folder, tty: true }));
  await t.make(id, files);
  await get({ artifact: "shop.dump" });
  expect(t.world.stderr.text).toMatch(/shop\.dump {2}\d+ KiB of 293 KiB {2}\d+ %/);
});
