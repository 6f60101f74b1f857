import type { Postgres } from "@holdfast/localcloud";
import { postgres } from "@holdfast/localcloud";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aContext, take } from "../../../test/kit/taken.ts";
import { capture } from "./capture.ts";
import { config } from "./config.ts";
import { startStandby } from "./kit/standby.ts";
import { openWorld, secretOf, sql, type World } from "./kit/world.ts";
import { read } from "./read.ts";

let world: World;
let primary: Postgres;
let standby: Awaited<ReturnType<typeof startStandby>>;
beforeAll(async () => {
  world = await openWorld();
  primary = await postgres();
  await sql(primary, "postgres", "CREATE DATABASE shop");
  await sql(
    primary,
    "shop",
    "CREATE TABLE kept AS SELECT i FROM generate_series(1, 1000) i; CREATE UNLOGGED TABLE quick AS SELECT 1 AS a; CREATE SEQUENCE s",
  );
  standby = await startStandby(primary);
});
afterAll(async () => {
  await standby?.stop();
  await primary?.stop();
  await world?.end();
});

test("a standby can be backed up, and what it cannot have is told", async () => {
  const source = capture(config.parse({ connection: world.secret("s", secretOf(standby)), databases: ["shop"] }), world.surroundings);
  expect((await source.preflight(aContext())).map((it) => `${it.severity} ${it.name}`)).toEqual([
    "note standby-conflicts",
    "note unlogged-tables",
  ]);
  const { opened, files } = await take(source);
  expect(opened.backup.native.databases).toEqual([expect.objectContaining({ tables: 2, rows: 1000, sequences: 1 })]);
  expect(files.get("contents.json")?.toString()).toContain('"without":"unlogged"');
  expect(await read(world.surroundings).read(opened, undefined, aContext())).toEqual([]);
});
