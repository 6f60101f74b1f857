import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { createSeal, createUnseal, generateIdentity } from "@holdfast/age";
import { backup, type Context, once, type Produced, verify } from "@holdfast/core";
import { capture } from "@holdfast/sources/postgres/capture.ts";
import { config } from "@holdfast/sources/postgres/config.ts";
import { kind } from "@holdfast/sources/postgres/kind.ts";
import { read } from "@holdfast/sources/postgres/read.ts";
import { memoryStore } from "@holdfast/stores/memory/memory.ts";
import { s3Store } from "@holdfast/stores/s3/s3.ts";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openWorld, type Server, secretOf, sql, type World } from "../../sources/postgres/kit/world.ts";
import { clientFor } from "../../stores/s3/kit/subject.ts";
import { kind as memoKind } from "../../../test/kinds/memo/kind.ts";
import { signer } from "../../../test/kit/signer.ts";

// A real database's backup in a store that is not AWS, read and restored by the command line with nothing else: whoever stands in AWS's place counts.

const clone = path.resolve(import.meta.dirname, "../../..");
const server: Server = inject("postgres");
const name = `away_${randomBytes(5).toString("hex")}`;
const slot = "20261121T020000Z";
const made: string[] = [];
const [manifestKey, proofKey] = [signer(), signer()];
let [work, plan] = ["", ""];
let world: World;
let aws: { port: number; calls: number; stop(): void };
const context: Context = { now: () => new Date(), signal: new AbortController().signal, progress: () => {} };
const client = clientFor(inject("seaweedfs"));
const far = s3Store(client, {
  bucket: name.replace("_", "-"),
  checksum: "crc32",
  versions: true,
  locks: false,
  archive: false,
  limits: {},
});

beforeAll(async () => {
  [work, world, aws] = [folder(tmpdir()), await openWorld(), await listen()];
  const { identity, recipient } = await generateIdentity();
  const other = await generateIdentity();
  plan = writePlan(recipient);
  const { accessKeyId, secretAccessKey } = inject("seaweedfs").credentials;
  for (const [file, text] of Object.entries({
    "offline.key": identity,
    "other.key": other.identity,
    "kept-manifest.pem": manifestKey.pem,
    "kept-proof.pem": proofKey.pem,
    "store.json": JSON.stringify({ accessKeyId, secretAccessKey }),
    "wrong.json": JSON.stringify({ accessKeyId, secretAccessKey: "wrong" }),
    "staging.json": JSON.stringify(secretOf(server)),
  }))
    writeFileSync(path.join(work, file), `${text}\n`);
  await sql(server, "postgres", `CREATE DATABASE ${name}`);
  await sql(server, name, "CREATE TABLE t AS SELECT i, repeat('x', i % 50) AS text FROM generate_series(1, 5000) i");
  await makeCopy(identity, recipient);
});
afterAll(async () => {
  aws?.stop();
  for (const { datname } of await sql<{ datname: string }>(
    server,
    "postgres",
    `SELECT datname FROM pg_database WHERE datname LIKE '${name}%'`,
  ))
    await sql(server, "postgres", `DROP DATABASE "${datname}" WITH (FORCE)`);
  await world?.end();
  client.destroy();
  for (const each of made) rmSync(each, { recursive: true, force: true });
});

function folder(below: string): string {
  const path_ = mkdtempSync(path.join(below, "holdfast-away-"));
  made.push(path_);
  return path_;
}

/** Inside the clone, so that its imports resolve. */
function writePlan(offlineKey: string): string {
  mkdirSync(path.join(clone, ".local", "cli"), { recursive: true });
  const file = path.join(folder(path.join(clone, ".local", "cli")), "plan.ts");
  const { endpoint } = inject("seaweedfs");
  const store = { kind: "s3", bucket: name.replace("_", "-"), endpoint, region: "us-east-1", credentials: "acme/scaleway" };
  const planned = {
    project: "acme",
    region: "eu-central-1",
    offlineKeys: [offlineKey],
    stores: { scaleway: store },
    sources: {
      note: { kind: "memo", secret: "acme/note", schedule: "rate(1 day)" },
      shop: {
        kind: "postgres",
        connection: "acme/shop",
        databases: [name],
        schedule: "rate(1 day)",
        copies: ["scaleway"],
        alarmHours: 1e6,
      },
    },
    targets: {
      staging: { kind: "postgres", connection: "acme/staging" },
      slow: { kind: "memo", folder: work, waits: 1000 },
      held: { kind: "memo", folder: path.join(work, "held") },
    },
  };
  const memo = JSON.stringify(path.join(clone, "test/kinds/memo/kind.ts"));
  writeFileSync(
    file,
    `import { kind } from ${memo};\nexport const kinds = { memo: { kind, folder: "test/kinds/memo" } };\nexport default ${JSON.stringify(planned)};\n`,
  );
  return file;
}

/** As the functions make a backup, prove it, and bring all of it to the store. */
async function makeCopy(identity: string, recipient: string): Promise<void> {
  const kms = { encrypt: async () => randomBytes(100), decrypt: () => Promise.reject(new Error("gone")) };
  const store = memoryStore({});
  const { read: reader, list, create } = store;
  const source = capture(config.parse({ connection: world.secret("acme/shop", secretOf(server)), databases: [name] }), world.surroundings);
  const seal = createSeal({ offlineKeys: [recipient], kms: { client: kms, keyId: "arn:aws:kms:eu-central-1:000000000000:key/envelope" } });
  const at = { source: "shop", at: new Date("2026-11-21T02:00:00Z"), attempt: randomBytes(8).toString("hex"), trigger: "manual" as const };
  await backup(at, { kind, capture: source, seal, sign: manifestKey, list, create }, context);
  const unseal = createUnseal({ identities: [identity] });
  const proving = {
    store: reader,
    list,
    create,
    unseal,
    sign: proofKey,
    trusted: manifestKey.trusted,
    kind,
    read: read(world.surroundings),
  };
  expect(await verify({ source: "shop", slot }, { ...proving, fits: 1e9 }, context)).toMatchObject({ verdict: "ok" });
  const noted = {
    preflight: async () => [],
    capture: async () => ({ state: "ready" as const, artifacts: memo(), native: async () => ({ lines: 1 }), findings: [] }),
  };
  const note = { ...at, source: "note", attempt: randomBytes(8).toString("hex") };
  await backup(note, { kind: memoKind, capture: noted, seal, sign: manifestKey, list, create }, context);
  await client.send(new CreateBucketCommand({ Bucket: name.replace("_", "-") }));
  for (const { keyId, pem } of [manifestKey, proofKey]) store.inside.overwrite(`keys/${keyId}.pem`, Buffer.from(pem));
  for (const { key, bytes } of store.inside.versions()) await far.create.create(key, once(bytes), context, bytes.length);
}

async function* memo(): AsyncGenerator<Produced> {
  yield { name: "memo.txt", compress: true, bytes: once(Buffer.from("one\n")), done: Promise.resolve() };
}

async function listen(): Promise<typeof aws> {
  const counted = createServer((socket) => {
    aws.calls += 1;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => counted.once("listening", resolve));
  return { port: (counted.address() as AddressInfo).port, calls: 0, stop: () => counted.close() };
}

type Ended = { code: number | null; out: string; err: string };
/** A shell without any credentials, to which every address of AWS is the one that counts. */
const holdfast = (...args: string[]) => running(args);
/** `onErr` sees what was written to stderr so far, and may send a signal. */
function running(args: string[], onErr?: (err: string, interrupt: () => void) => void): Promise<Ended> {
  const there = `http://127.0.0.1:${aws.port}`;
  const env = {
    PATH: path.dirname(process.execPath),
    HOME: work,
    HOLDFAST_TEST_ROOT: clone,
    HOLDFAST_PLAN: plan,
    NODE_COMPILE_CACHE: path.join(clone, ".local", "compile-cache"),
    AWS_ENDPOINT_URL: there,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: there,
    AWS_MAX_ATTEMPTS: "1",
  };
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "kit", "child.ts"), ...args], { cwd: work, env });
  const ended: Ended = { code: null, out: "", err: "" };
  child.stdout.on("data", (data: Buffer) => {
    ended.out += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    ended.err += data.toString();
    onErr?.(ended.err, () => child.kill("SIGINT"));
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ ...ended, code }));
  });
}
const store = ["--from", "scaleway", "--credentials", "store.json"];
const keys = ["--offline-key", "offline.key", "--trust", "kept-manifest.pem", "--trust", "kept-proof.pem"];
const staging = ["--target", "staging", "--here", "--secret", "acme/staging=staging.json", "--yes", "--json"];

/** The commands of docs/recover.md, by their verb, for the database of this test. */
function documented(): Record<string, string[]> {
  const page = readFileSync(path.join(clone, "docs/recover.md"), "utf8");
  const lines = /away:begin.*?```sh\n(.*?)\n```\n<!-- away:end/s.exec(page)?.[1]?.split("\n") ?? [];
  const commands = lines.map((line) => line.replace("npm run holdfast -- ", "").replace("shop_recovered", `${name}_back`).split(" "));
  return Object.fromEntries(commands.map((args) => [args[0] ?? "", [...args, "--json"]]));
}

describe("the commands of docs/recover.md: with a copy, its login, an offline key and the signing keys that were kept", () => {
  const { list = [], status = [], verify: verifying = [], restore = [], fetch = [] } = documented();
  test("list, status, verify and fetch work", async () => {
    const ended = await Promise.all([list, status, verifying, fetch].map((args) => holdfast(...args)));
    const [listed, looked, verified] = ended.map(({ out }) => JSON.parse(out || "null"));
    expect(
      ended.map(({ code }) => code),
      ended.map(({ err }) => err).join(),
    ).toEqual([0, 0, 0, 0]);
    expect(listed).toMatchObject({ sources: [{ backups: [{ id: `shop/${slot}`, state: "verified" }] }] });
    expect(looked).toMatchObject({ sources: [{ source: "shop", verdict: "ok", newestVerified: `shop/${slot}` }] });
    expect(verified).toMatchObject({ id: `shop/${slot}`, from: "scaleway", verdict: "ok", findings: [] });
    expect(readFileSync(path.join(work, "opened", "contents.json"), "utf8")).toContain("5000");
  });
  test("a database is restored and its rows compared", async () => {
    const ended = await holdfast(...restore);
    expect(ended, ended.err).toMatchObject({ code: 0 });
    expect(JSON.parse(ended.out)).toMatchObject({ made: [{ what: "database", id: `${name}_back` }], expected: 5000, found: 5000 });
    const rows = "SELECT count(*)::int AS rows, sum(length(text))::int AS length FROM t";
    expect(await sql(server, `${name}_back`, rows)).toEqual(await sql(server, name, rows));
    const { execution } = JSON.parse(ended.out) as { execution: string };
    expect(await sql(server, "postgres", `SELECT 1 FROM pg_roles WHERE rolname = 'holdfast_${execution}'`)).toEqual([]);
  });
  test("nobody in AWS was asked for anything", () => {
    expect(aws.calls).toBe(0);
  });
});

describe("Ctrl-C", () => {
  const unverified = ["restore", "note", ...store, ...keys, "--here", "--yes", "--unverified"];
  test("ends a restore, and what it had made is gone", async () => {
    let sent = false;
    const ended = await running([...unverified, "--target", "slow"], (err, interrupt) => {
      if (!sent && err.includes("on its way")) interrupt();
      sent ||= err.includes("on its way");
    });
    expect(ended).toMatchObject({
      code: 130,
      out: "",
      err: expect.stringMatching(/ {2}remove what was made .* {3}folder .*\.holdfast-[0-9a-f]{12}\ninterrupted\n$/),
    });
    expect(readdirSync(work).filter((file) => file.startsWith(".holdfast-"))).toEqual([]);
  });
  test("once more ends at once, and says what remains and how to remove it, which does", async () => {
    mkdirSync(path.join(work, "held"));
    writeFileSync(path.join(work, "held", "hold-HandOver"), "");
    let asking: NodeJS.Timeout | undefined;
    const ended = await running([...unverified, "--target", "held"], (err, interrupt) => {
      if (asking || !err.includes("compare with the backup")) return;
      interrupt();
      // Rarely, since what comes while the process is ending already would kill it.
      asking = setInterval(interrupt, 1100);
    }).finally(() => clearInterval(asking));
    expect(ended).toMatchObject({ code: 130, out: "" });
    const [, undo = ""] = /holdfast (restore --here --target held --undo [0-9a-f]{12})\n$/.exec(ended.err) ?? [];
    expect(readdirSync(path.join(work, "held"))).toHaveLength(2);
    expect(await holdfast(...undo.split(" "), "--yes")).toMatchObject({ code: 0, out: expect.stringMatching(/^removed at held: folder /) });
    expect(readdirSync(path.join(work, "held"))).toEqual(["hold-HandOver"]);
  });
});

describe("what is wrong is told by name, and nothing stays at the target:", () => {
  test("a login that the store does not take, and somebody else's offline key", async () => {
    const [refused, locked] = await Promise.all([
      holdfast("list", "--from", "scaleway", "--credentials", "wrong.json", "--json"),
      holdfast("restore", "shop", ...store, ...keys, "--offline-key", "other.key", ...staging),
    ]);
    expect([refused.code, JSON.parse(refused.out).error.name]).toEqual([1, "StoreDenied"]);
    expect([locked.code, JSON.parse(locked.out).error.name]).toEqual([1, "KeyUnavailable"]);
    expect(locked.err).toContain("remove what was made");
    expect(
      await sql(
        server,
        "postgres",
        `SELECT 1 FROM pg_database WHERE datname LIKE '${name}%' AND datname NOT IN ('${name}', '${name}_back')`,
      ),
    ).toEqual([]);
    expect(aws.calls).toBe(0);
  });
  test("nobody's login: AWS is asked for it, and in vain, and what to bring is said", async () => {
    const ended = await holdfast("list", "--from", "scaleway");
    expect(ended).toMatchObject({
      code: 1,
      err: expect.stringMatching(/the store scaleway is opened by the secret acme\/scaleway .*--credentials FILE, with/),
    });
  });
});
