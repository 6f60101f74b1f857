import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { promisify } from "node:util";
import { capture } from "@holdfast/sources/postgres/capture.ts";
import { config } from "@holdfast/sources/postgres/config.ts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { nobody } from "../../../../../test/kit/identity.ts";
import { rowsOf, takeCensus } from "./census.ts";
import { differences } from "./compare.ts";
import { connected, dropShop, type Login, makeLogins, makeShop } from "./shop.ts";

const server = inject("postgres");
const shop = `shop_${randomBytes(4).toString("hex")}`;
const rows = 3_000;
let logins: Record<"holdfast" | "holdfast_restore", Login>;

beforeAll(async () => {
  logins = await makeLogins(server);
  await makeShop(server, { rows, database: shop });
});
afterAll(() => dropShop(server, shop));

async function one<T>(sql: string, database = shop): Promise<T> {
  return await connected(server, database, async (client) => Object.values((await client.query(sql)).rows[0])[0] as T);
}
/** Runs SQL while a second shop stands. */
async function withAnother<T>(work: (database: string) => Promise<T>): Promise<T> {
  const other = `${shop}_other`;
  await makeShop(server, { rows, database: other });
  try {
    return await work(other);
  } finally {
    await dropShop(server, other);
  }
}

test("the shop has about as many rows as were asked for", async () => {
  const found = rowsOf(await takeCensus(server, shop), "table");
  expect(found).toBeGreaterThan(rows * 0.9);
  expect(found).toBeLessThan(rows * 1.3);
});

test.each([
  ["large objects", "SELECT count(*)::int FROM pg_largeobject_metadata"],
  ["partitions", "SELECT count(*)::int FROM pg_class WHERE relispartition AND relkind = 'r'"],
  ["generated columns", "SELECT count(*)::int FROM pg_attribute WHERE attgenerated = 's'"],
  ["identity columns", "SELECT count(*)::int FROM pg_attribute WHERE attidentity <> ''"],
  ["names that are not ASCII", String.raw`SELECT count(*)::int FROM pg_class WHERE relname ~ '[^\x01-\x7f]'`],
  ["names that hold quotes", `SELECT count(*)::int FROM pg_attribute WHERE attname LIKE '%"%'`],
  ["views", "SELECT count(*)::int FROM pg_views WHERE schemaname = 'sales'"],
  ["materialized views", "SELECT count(*)::int FROM pg_matviews"],
  ["extensions", "SELECT count(*)::int FROM pg_extension WHERE extname IN ('pg_trgm', 'hstore')"],
  ["enums", "SELECT count(*)::int FROM pg_type WHERE typtype = 'e'"],
  ["domains", "SELECT count(*)::int FROM pg_type WHERE typtype = 'd' AND typname = 'email'"],
  ["triggers", "SELECT count(*)::int FROM pg_trigger WHERE NOT tgisinternal"],
  ["deferred foreign keys", "SELECT count(*)::int FROM pg_constraint WHERE contype = 'f' AND condeferred"],
  ["unlogged tables", "SELECT count(*)::int FROM pg_class WHERE relpersistence = 'u'"],
  [
    "comments",
    "SELECT count(*)::int FROM pg_description d JOIN pg_class c ON c.oid = d.objoid WHERE c.relowner::regrole::text = 'shop_owner'",
  ],
])("it has %s", async (_, sql) => {
  expect(await one<number>(sql)).toBeGreaterThan(0);
});

test("an empty table is in it, and a circle of foreign keys", async () => {
  expect((await takeCensus(server, shop)).find(({ name }) => name === "sales.returned")?.rows).toBe(0);
  expect(
    await one(`SELECT count(*)::int FROM pg_constraint a JOIN pg_constraint b ON a.conrelid = b.confrelid AND a.confrelid = b.conrelid
      WHERE a.contype = 'f' AND b.contype = 'f' AND a.conrelid <> b.conrelid`),
  ).toBe(2);
});

test("two shops of one size hold the same rows", async () => {
  await withAnother(async (other) => expect(differences(await takeCensus(server, shop), await takeCensus(server, other))).toEqual([]));
});

test.each([
  ["a changed value", "UPDATE catalog.product SET net = net + 1 WHERE id = 1000", "table catalog.product"],
  [
    "a row less",
    'DELETE FROM sales.order_line WHERE ("order", line) = (SELECT "order", line FROM sales.order_line LIMIT 1)',
    "table sales.order_line",
  ],
  [
    "two values that changed places",
    `UPDATE audit.session a SET customer = b.customer FROM audit.session b
      WHERE (a.customer, b.customer) IN (SELECT min(customer), max(customer) FROM audit.session UNION SELECT max(customer), min(customer) FROM audit.session)`,
    "table audit.session",
  ],
  ["a byte of a large object", "SELECT lo_put(min(oid), 5, 'x') FROM pg_largeobject_metadata", "large objects"],
  ["a sequence that went on", "SELECT nextval('sales.invoice_number')", "sequence sales.invoice_number"],
])("the census sees %s", async (_, sql, what) => {
  await withAnother(async (other) => {
    await connected(server, other, (client) => client.query(sql));
    const found = differences(await takeCensus(server, shop), await takeCensus(server, other));
    expect(found.some((difference) => difference.startsWith(what))).toBe(true);
  });
});

test("the login for backups finds nothing that would make one incomplete", async () => {
  const { host, port } = server;
  const surroundings = {
    secrets: async () => JSON.stringify({ host, port, ...logins.holdfast }),
    layer: (name: string) =>
      path.resolve(import.meta.dirname, "../../../../../.local/layers", process.arch === "arm64" ? "arm64" : "x86_64", name, name),
    scratch: "/nonexistent",
    identity: nobody,
    region: "eu-central-1",
    project: "acme-test",
  };
  const context = { now: () => new Date(), signal: new AbortController().signal, progress: () => {} };
  const found = await capture(config.parse({ connection: "any", databases: [shop] }), surroundings).preflight(context);
  expect(found.filter(({ severity }) => severity !== "note")).toEqual([]);
});

test("the login for backups can read and not write, the one for restores is no superuser", async () => {
  const as = { ...server, user: logins.holdfast.username, password: logins.holdfast.password };
  await expect(connected(as, shop, (client) => client.query("DELETE FROM sales.customer"))).rejects.toThrow("permission denied");
  expect(await one("SELECT bool_or(rolsuper) FROM pg_roles WHERE rolname LIKE 'holdfast%'")).toBe(false);
});

test("it bears its name only when it is complete", async () => {
  await expect(makeShop(server, { rows: Number.NaN, database: `${shop}_never` })).rejects.toThrow();
  expect(await one(`SELECT count(*)::int FROM pg_database WHERE datname = '${shop}_never'`)).toBe(0);
  await dropShop(server, `${shop}_never_unfinished`);
});

test("pg_dump and pg_restore bring it back to the last row", async () => {
  const target = `${shop}_back`;
  const env = {
    PATH: process.env.PATH ?? "",
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.user,
    PGPASSWORD: server.password,
  };
  const shell = `set -o pipefail; "${server.bin}/createdb" "${target}" && "${server.bin}/pg_dump" -Fc "${shop}" | "${server.bin}/pg_restore" --no-owner --no-acl --exit-on-error -d "${target}"`;
  await promisify(execFile)("bash", ["-c", shell], { env });
  try {
    expect(differences(await takeCensus(server, shop), await takeCensus(server, target))).toEqual([]);
  } finally {
    await dropShop(server, target);
  }
});
