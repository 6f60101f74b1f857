import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { RDSClient } from "@aws-sdk/client-rds";
import type { Outcome } from "@holdfast/cli/src/restoresteps.ts";
import { makeCertificate } from "../../services/certificate.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Postgres, postgres } from "../../services/index.ts";
import { takeCensus } from "../shop/census.ts";
import { connected, type Server } from "../shop/shop.ts";
import { openSteps } from "../steps.ts";
import type { Restoring, Subject } from "../subject.ts";
import { clusterSubject } from "./subject.ts";

// Two plain servers stand for the cluster and for what a restore made of it, so that what came up can also be wrong.

const authority = makeCertificate("authority");
const ca = authority.cert;
const folder = mkdtempSync(path.join(tmpdir(), "holdfast-orders-"));
let servers: Postgres[] = [];
let [original, restored]: Server[] = [];
let subject: Subject;

beforeAll(async () => {
  const own = makeCertificate("server", authority, ["127.0.0.1", "localhost"]);
  const tls = { cert: path.join(folder, "cert"), key: path.join(folder, "key") };
  writeFileSync(tls.cert, own.cert);
  writeFileSync(tls.key, own.key, { mode: 0o600 });
  servers = await Promise.all([postgres({ tls, superuser: login }), postgres({ tls, superuser: login })]);
  [original, restored] = servers.map(({ host, port }) => ({ host, port, ...login, ca }));
  await Promise.all([stock(original), stock(restored)]);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

const login = { user: "owner", password: "correct-horse" };
const rows = path.join(import.meta.dirname, "rows.sql");
const quiet = openSteps({ note: () => {}, live: () => {}, settle: () => {} });

async function stock(server: Server | undefined): Promise<void> {
  if (!server) throw new Error("no server");
  await connected(server, "postgres", (client) => client.query("CREATE DATABASE orders"));
  await query(server, "CREATE ROLE rds_iam");
  await query(server, await readFile(rows, "utf8"));
}
const query = (server: Server | undefined, text: string) => connected(server as Server, "orders", (client) => client.query(text));

/** What the workflow would tell of a restore. */
const outcomeAt = (server: Server | undefined, cluster = "restored-orders"): Outcome => ({
  source: "orders",
  slot: "20261121T020000Z",
  target: "clusters",
  made: [
    { what: "cluster", id: cluster },
    { what: "endpoint", id: `${server?.host}:${server?.port}` },
  ],
  unit: "checks",
  thing: "cluster",
  things: 1,
  expected: 1,
  found: 1,
  notes: [],
});
const [ofSnapshot, ofMoment] = [0, 1].map((i) => () => subject.restores("20261121T020000Z")[i] as Restoring) as [
  () => Restoring,
  () => Restoring,
];

test("between the backup and the accident there are two writes with a whole second between them, and then the items are gone", async () => {
  if (!original) throw new Error("no server");
  const api = { send: async () => ({ DBClusters: [{ LatestRestorableTime: new Date(8e15) }] }) } as unknown as RDSClient;
  const rds = { endpoint: "", api, ca, login, secrets: {}, join: () => {} };
  const counts = await takeCensus(original, "orders");
  subject = clusterSubject({ server: original, counts, rds }, new AbortController().signal);
  await subject.goOn?.(quiet);
  expect(ofSnapshot().input.at).toBe("20261121T020000Z");
  const { at } = ofMoment().input;
  expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const { rows: written } = await query(original, `SELECT id, placed < '${at}' AS before FROM purchase WHERE id > 6000 ORDER BY id`);
  expect(written).toEqual([
    { id: 6001, before: true },
    { id: 6002, before: false },
  ]);
  expect(await subject.lose?.()).toBe("DELETE FROM item, and no WHERE; 12,000 rows are gone");
});

test("the snapshot must hold what was there when it was taken, and neither write", async () => {
  const { counts, found } = await ofSnapshot().compare(outcomeAt(restored));
  expect(counts).toEqual({ cluster: "restored-orders", tables: 3, rowsExpected: 20_000, rowsFound: 20_000 });
  expect(found).toBe("20,000 of 20,000 rows in 3 tables");
  await expect(ofMoment().compare(outcomeAt(restored))).rejects.toThrow("table public.purchase: 6,001 before, 6,000 after");
});

test("at the moment there must be the first write, and not the second", async () => {
  await query(restored, await inserted(6001));
  const { counts, block } = await ofMoment().compare(outcomeAt(restored));
  expect(counts).toMatchObject({ rowsExpected: 20_001, rowsFound: 20_001, pointInTime: ofMoment().input.at });
  expect(block.lines.slice(-2)).toMatchObject([{ after: 1 }, { after: undefined }]);
  await expect(ofSnapshot().compare(outcomeAt(restored))).rejects.toThrow("table public.purchase: 6,000 before, 6,001 after");
  await query(restored, await inserted(6002));
  await expect(ofMoment().compare(outcomeAt(restored))).rejects.toThrow("table public.purchase: 6,001 before, 6,002 after");
  await query(restored, "DELETE FROM purchase WHERE id > 6000");
});

async function inserted(id: number): Promise<string> {
  const { rows: found } = await query(original, `SELECT format('%L, 1, %L, %L', id, placed, note) AS row FROM purchase WHERE id = ${id}`);
  return `INSERT INTO purchase VALUES (${found[0]?.row})`;
}

test("a restore over the cluster itself, or that changes it, is noticed", async () => {
  await expect(ofSnapshot().compare(outcomeAt(original))).rejects.toThrow("the restore told");
  await expect(ofSnapshot().compare(outcomeAt(restored, "orders"))).rejects.toThrow("the restore told");
  await query(original, "INSERT INTO item VALUES (1, 1, 'back', 1, 1)");
  await expect(ofSnapshot().compare(outcomeAt(restored))).rejects.toThrow("the cluster orders itself, which nothing may change, differs");
});
