import { randomBytes } from "node:crypto";
import type { Postgres } from "@holdfast/localcloud";
import { connected } from "../../packages/localcloud/src/demo/shop/shop.ts";

const mebibyte = 2 ** 20;
/** Of an order in the dump, measured; the real size of each dump is told with the numbers. */
const orderBytes = 181;
/** Below 2 KiB, where PostgreSQL would look for something to compress. */
const noiseBytes = 1024;

/** A database whose dump has about `size` MiB: half rows of random bytes, half orders as people type and programs write them. */
export async function fill(server: Postgres, name: string, size: number): Promise<void> {
  await connected(server, "postgres", (client) => client.query(`CREATE DATABASE ${name} TEMPLATE template0`));
  await connected(server, name, async (client) => {
    await client.query("BEGIN");
    await client.query(ordersTable);
    await client.query(orders, [Math.round((size * mebibyte) / 2 / orderBytes)]);
    await client.query("CREATE TABLE noise (id bigint GENERATED ALWAYS AS IDENTITY, payload bytea NOT NULL)");
    // A byte is two digits in a dump.
    const pieces = (size * mebibyte) / 4 / mebibyte;
    for (let i = 0; i < pieces; i++) await client.query(noise, [randomBytes(mebibyte)]);
    await client.query("COMMIT");
    await client.query("CHECKPOINT");
  });
}

const noise = `INSERT INTO noise (payload) SELECT substring($1::bytea FROM i * ${noiseBytes} + 1 FOR ${noiseBytes}) FROM generate_series(0, ${mebibyte / noiseBytes - 1}) i`;
const ordersTable = `CREATE TABLE orders (
  id bigint, placed timestamptz, customer text, email text, status text, total numeric(10, 2), items jsonb, note text)`;
const orders = `INSERT INTO orders SELECT i, timestamptz '2024-01-01 00:00Z' + i * interval '37 seconds',
  (array['Alice','Bernard','Chloé','Дмитрий','Élodie','Farid','Grace','Hugo'])[1 + i % 8] || ' ' || initcap(substr(md5(i::text), 1, 7)),
  'customer' || (i * 7919) % 250000 || '@example.org', (array['new','paid','packed','shipped','returned'])[1 + (i * i) % 5],
  ((i * 2654435761) % 100000)::numeric / 100,
  jsonb_build_object('sku', 'A-' || (i * 31) % 5000, 'count', 1 + i % 4, 'gift', i % 11 = 0),
  'Please leave it at the ' || (array['door','shop','neighbour on the left','back entrance'])[1 + (i % 4)] || ', order ' || i || '.'
  FROM generate_series(1::bigint, $1::bigint) i`;
