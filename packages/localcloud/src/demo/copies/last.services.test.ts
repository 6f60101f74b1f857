import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { createSeal, createUnseal, parseIdentities } from "@holdfast/age";
import {
  backup,
  type Context,
  copy,
  manifestKey,
  once,
  parsePlan,
  type Plan,
  type Store,
  type StoreUse,
  verify,
  whole,
} from "@holdfast/core";
import { kinds } from "@holdfast/sources";
import { capture } from "@holdfast/sources/postgres/capture.ts";
import { config } from "@holdfast/sources/postgres/config.ts";
import { kind } from "@holdfast/sources/postgres/kind.ts";
import { openWorld, secretOf, type World } from "@holdfast/sources/postgres/kit/world.ts";
import { read } from "@holdfast/sources/postgres/read.ts";
import { stores as storeKinds } from "@holdfast/stores";
import { azure } from "@holdfast/stores/azure/kind.ts";
import { open as openAzure } from "@holdfast/stores/azure/open.ts";
import { sharedKey } from "@holdfast/stores/azure/credential.ts";
import { rawClient } from "@holdfast/stores/azure/kit/subject.ts";
import { gcs } from "@holdfast/stores/gcs/kind.ts";
import { open as openGoogle } from "@holdfast/stores/gcs/open.ts";
import { memoryStore } from "@holdfast/stores/memory/memory.ts";
import { s3 } from "@holdfast/stores/s3/kind.ts";
import { open as openS3 } from "@holdfast/stores/s3/open.ts";
import { afterAll, afterEach, beforeAll, expect, inject, test } from "vitest";
import { nobody } from "../../../../../test/kit/identity.ts";
import { signer } from "../../../../../test/kit/signer.ts";
import { clone } from "../../services/index.ts";
import { type Folder, freshFolder, writeKeys, writeOfflineKey, writePlan } from "../folder.ts";
import { demoPlan, demoSchedule, type Elsewhere, elsewhere, shop, stores } from "../plan.ts";
import { type Counted, takeCensus } from "../shop/census.ts";
import { connected, dropShop } from "../shop/shop.ts";
import type { Stop } from "../stage.ts";
import { openSteps } from "../steps.ts";
import { last, restoreLast, writeLogins } from "./last.ts";
import { type Copies, openCopies } from "./open.ts";
import { restoreWithoutAws } from "./withoutaws.ts";

// A small database's backup is copied to the demo's three stores as its functions would, and comes back from one by the demo's last step.

const pg = inject("postgres");
const server = { ...pg, secrets: { [shop.secrets.restore]: secretOf(pg) } };
const database = `away_${randomBytes(4).toString("hex")}`;
const slot = "20261121T020000Z";
const entry = { source: shop.source, slot };
const primary = memoryStore({});
const [manifests, proofs] = [signer(), signer()];
const context: Context = { now: () => new Date(), signal: new AbortController().signal, progress: () => {} };
const stopping: Stop[] = [];
const written: string[] = [];
const note = (text: string) => void written.push(text);
const steps = openSteps({ note, live: () => {}, settle: () => {} });
let root = "";
let folder: Folder;
let copies: Copies;
let plan: Plan;
let world: World;
let before: Counted[];

beforeAll(async () => {
  mkdirSync(path.join(clone, ".local"), { recursive: true });
  root = mkdtempSync(path.join(clone, ".local", "last-"));
  folder = freshFolder(root);
  const opening = { folder, steps, world: { signal: context.signal } } as unknown as Parameters<typeof openCopies>[0];
  [copies, world] = await Promise.all([openCopies(opening, stopping), openWorld()]);
  const offlineKey = await writeOfflineKey(folder);
  const here = "http://127.0.0.1:1";
  const values = {
    offlineKey,
    schedule: demoSchedule,
    vaults: { original: here, fresh: here },
    cluster: { key, ca },
    copies: copies.at,
  };
  writePlan(folder, values);
  plan = parsePlan(demoPlan(values), { kinds, stores: storeKinds });
  writeKeys(folder, { ...manifests.trusted, ...proofs.trusted });
  writeLogins({ server, copies }, folder);
  await connected(server, "postgres", (client) => client.query(`CREATE DATABASE ${database}`));
  await connected(server, database, (client) => client.query("CREATE TABLE t AS SELECT i FROM generate_series(1, 2000) i"));
  before = await takeCensus(server, database);
  await makeBackup(offlineKey);
});
afterAll(async () => {
  await Promise.all(stopping.map((stop) => stop()));
  await Promise.all([database, last.database].map((each) => dropShop(server, each).catch(() => {})));
  await world?.end();
  rmSync(root, { recursive: true, force: true });
});
afterEach(() => dropShop(server, last.database).catch(() => {}));
const key = "arn:aws:kms:eu-central-1:000000000000:key/6f1c";
const ca = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";

async function makeBackup(offlineKey: string): Promise<void> {
  const kms = { encrypt: async () => randomBytes(100), decrypt: () => Promise.reject(new Error("gone")) };
  const seal = createSeal({ offlineKeys: [offlineKey], kms: { client: kms, keyId: key } });
  const source = capture(config.parse({ connection: world.secret("shop", secretOf(pg)), databases: [database] }), world.surroundings);
  const at = {
    ...entry,
    source: shop.source,
    at: new Date("2026-11-21T02:00:00Z"),
    attempt: randomBytes(8).toString("hex"),
    trigger: "schedule" as const,
  };
  const { read: reader, list, create } = primary;
  await backup(at, { kind, capture: source, seal, sign: manifests, list, create }, context);
  const unseal = createUnseal({ identities: parseIdentities(readFileSync(folder.offlineKey, "utf8")) });
  const proving = { store: reader, list, create, unseal, sign: proofs, trusted: manifests.trusted, kind, read: read(world.surroundings) };
  expect(await verify(entry, { ...proving, fits: 1e9 }, context)).toMatchObject({ verdict: "ok" });
  for (const { keyId, pem } of [manifests, proofs]) primary.inside.overwrite(`keys/${keyId}.pem`, Buffer.from(pem));
}

/** As the function opens it that copies, marks or reads there. */
async function opened(store: Elsewhere, use: StoreUse): Promise<Store> {
  const secrets = async (name: string) => JSON.stringify(copies.secrets[name]);
  const surroundings = { secrets, identity: nobody, region: plan.region, use, now: context.now };
  const { config: of } = plan.stores[store] ?? {};
  const openers = {
    seaweedfs: () => openS3(s3.config.parse(of), surroundings),
    azure: () => openAzure(azure.config.parse(of), surroundings),
    google: () => openGoogle(gcs.config.parse(of), surroundings),
  };
  return await openers[store]();
}

const copied = async (store: Elsewhere) => {
  const { read: reader, list, create, ranges } = await opened(store, "copy");
  const to = { name: store, fits: 1e9, read: reader, list, create, ranges };
  const trusted = { ...manifests.trusted, ...proofs.trusted };
  return await copy(entry, { from: primary, to, kind, sign: proofs, trusted }, context);
};

test("each of the three takes a copy by the identity for copies, and says by what it is the same", async () => {
  const made = await Promise.all(stores.map(copied));
  expect(made).toMatchObject([
    { state: "copied", store: "seaweedfs", proof: expect.stringContaining("crc64nvme stored") },
    { state: "copied", store: "azure", proof: expect.stringContaining("crc64nvme stored") },
    { state: "copied", store: "google", proof: expect.stringContaining("crc32c stored") },
  ]);
});

test.each(["seaweedfs", "azure"] as const)(
  "in %s nobody but that identity makes anything, and the one for marks reads nothing",
  async (store) => {
    const [marker, reader] = [await opened(store, "mark"), await opened(store, "read")];
    for (const { create } of [marker, reader])
      await expect(create.create("x", once(Buffer.from("x")), context, 1)).rejects.toMatchObject({ name: "StoreDenied" });
    const [found] = await Array.fromAsync(reader.list.list(manifestKey(entry)));
    expect(await whole(reader.read.read({ key: found?.key ?? "" }), 1e6)).not.toHaveLength(0);
    await expect(whole(marker.read.read({ key: found?.key ?? "" }), 1e6)).rejects.toMatchObject({ name: "StoreDenied" });
  },
);

const restore = () => restoreLast(entry, { server, before: { shop: before } }, { folder, steps, signal: context.signal, stopping });
const databases = async (): Promise<string[]> =>
  (await connected(server, "postgres", (client) => client.query<{ datname: string }>("SELECT datname FROM pg_database"))).rows.map(
    ({ datname }) => datname,
  );

test("the copy comes back without AWS, and every row is compared", async () => {
  const { restored, comparison } = await restore();
  expect(restored.outcome).toMatchObject({ ...entry, expected: 2000, found: 2000 });
  expect(comparison.counts).toEqual({ database: last.database, tables: 1, rowsExpected: 2000, rowsFound: 2000, from: "azure" });
  expect(written.join(" ").replaceAll(/\s+/g, " ")).toContain("restored from the copy in azure, by the offline key, with AWS switched off");
});

test("what came back and is not what was there fails the demo", async () => {
  const other = before.map((each) => ({ ...each, fingerprint: "1" }));
  const wrong = restoreLast(entry, { server, before: { shop: other } }, { folder, steps, signal: context.signal, stopping });
  await expect(wrong).rejects.toThrow("the restored database differs: table public.t: 2,000 before, 2,000 after");
});

test("who ends it in the middle leaves no process and no folder", async () => {
  const interrupt = new AbortController();
  const end = (text: string) => text.includes("restore without AWS: ") && interrupt.abort(new Error("asked to end"));
  const live = openSteps({ note: () => {}, live: end, settle: () => {} });
  const stops: Stop[] = [];
  const ended = restoreLast(
    entry,
    { server, before: { shop: before } },
    { folder, steps: live, signal: interrupt.signal, stopping: stops },
  );
  await expect(ended).rejects.toThrow("asked to end");
  await Promise.all(stops.map((stop) => stop()));
  const own = (file: string) => readFileSync(path.join(records, file), "utf8").includes(`"owner":"${process.pid} `);
  expect(readdirSync(records).filter((file) => file.startsWith("restore-") && own(file))).toEqual([]);
});
const records = path.join(clone, ".local", "run");

test("a restore that needs AWS for anything fails the demo", async () => {
  const keys = readdirSync(folder.keys).map((file) => path.join(folder.keys, file));
  const bringing = { ...entry, ...last, target: shop.target, login: folder.copyLogin, keys, secrets: {} };
  const asking = restoreWithoutAws(bringing, { folder, say: () => {}, signal: context.signal });
  await expect(asking).rejects.toThrow(/^the restore asked AWS \d+ times/);
});

test("a byte that changed in the copy fails the demo, which says so, and leaves nothing at the target", async () => {
  await flipAByte();
  await expect(restore()).rejects.toThrow("the restore from the copy in azure failed: chunk 0 of the age file is not authentic");
  expect(await databases()).not.toContain(last.database);
});

/** In the middle of the dump, by the account's owner. */
async function flipAByte(): Promise<void> {
  const { azure: service } = copies;
  const raw = rawClient({ endpoint: service.endpoint, credential: sharedKey(service.account, service.key) });
  const reader = await opened("azure", "read");
  const found = await Array.fromAsync(reader.list.list(`backups/${shop.source}/`));
  const dump = found.find(({ key: name }) => name.endsWith(".dump.zst.age"))?.key ?? "";
  const body = Buffer.from(await whole(reader.read.read({ key: dump }), 1e9));
  const middle = body.length >> 1;
  body[middle] = (body[middle] ?? 0) ^ 1;
  await raw({ method: "PUT", path: `${elsewhere.azure.container}/${dump}`, headers: { "x-ms-blob-type": "BlockBlob" }, body });
}
