import { randomBytes } from "node:crypto";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, DeadlineNear, DigestMismatch, type Opened } from "@holdfast/core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { aContext, openedOf, type Taken, take } from "../../../test/kit/taken.ts";
import { capture } from "./capture.ts";
import { config } from "./config.ts";
import { CONTENTS, GLOBALS } from "./contents.ts";
import { ArchiveBroken, ClientKilled } from "./errors.ts";
import { children } from "./kit/processes.ts";
import { until } from "./kit/wait.ts";
import { openWorld, type Server, secretOf, sql, type World } from "./kit/world.ts";
import type { Native } from "./native.ts";
import { read } from "./read.ts";

const server: Server = inject("postgres");
const database = `read_${randomBytes(5).toString("hex")}`;
const DUMP = `${database}.dump`;
let world: World;
let taken: Taken<Native>;

beforeAll(async () => {
  world = await openWorld();
  await sql(server, "postgres", `CREATE DATABASE ${database}`);
  await sql(
    server,
    database,
    `CREATE TABLE people (id serial PRIMARY KEY, name text); INSERT INTO people (name) SELECT 'Zoë \\' || i || E'\\n' FROM generate_series(1, 5000) i;
     CREATE TABLE nothing (a int); CREATE TABLE wide AS SELECT repeat(md5(i::text), 100) AS filler FROM generate_series(1, 500) i; SELECT lo_from_bytea(0, 'abc')`,
  );
  taken = await backup();
});
afterAll(async () => {
  await sql(server, "postgres", `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  await world.end();
});

const backup = () =>
  take(capture(config.parse({ connection: world.secret("shop/db", secretOf(server)), databases: [database] }), world.surroundings));
const reading = (opened: Opened<Native> = taken.opened, previous?: Opened<Native>, signal?: AbortSignal) =>
  read(world.surroundings).read(opened, previous, aContext(signal));
/** The backup with one file changed. */
const changed = (name: string, change: (bytes: Buffer) => Buffer | string) => {
  const files = new Map(taken.files);
  files.set(name, Buffer.from(change(Buffer.from(taken.files.get(name) ?? ""))));
  return openedOf(files, taken.opened.backup.native);
};
const names = async (...of: Parameters<typeof reading>) => (await reading(...of)).map((it) => `${it.severity} ${it.name}`);

test("a whole backup is read with nothing to say", async () => expect(await reading()).toEqual([]));

describe("an archive is refused", () => {
  test.each([1, 0.5, 0.9999])("when it is cut at %f of its length", async (share) => {
    await expect(reading(changed(DUMP, (bytes) => bytes.subarray(0, Math.floor(bytes.length * share) - 1)))).rejects.toBeInstanceOf(
      ArchiveBroken,
    );
  });

  test("when bytes follow its end", async () => {
    await expect(reading(changed(DUMP, (bytes) => Buffer.concat([bytes, Buffer.of(0)])))).rejects.toThrow(/after its end/);
  });

  test("when it is something else", async () => {
    await expect(reading(changed(DUMP, () => "-- PostgreSQL database dump"))).rejects.toBeInstanceOf(ArchiveBroken);
  });

  test("when pg_restore cannot read what our own reader takes for whole", async () => {
    // An encoding that cannot be understood, of the same length.
    const broken = changed(DUMP, (bytes) => {
      bytes.write("= xUTF8x;", bytes.indexOf("= 'UTF8';"), "latin1");
      return bytes;
    });
    await expect(reading(broken)).rejects.toThrow(/pg_restore/);
  });

  test("when a row is missing from it, though all its lengths fit", async () => {
    const lost = changed(DUMP, (bytes) => {
      const row = bytes.indexOf("\n1234\t") + 1;
      const at = row > 0 ? row : bytes.indexOf("1234\t");
      const length = bytes.indexOf("\n", at) + 1 - at;
      bytes.fill("x", at, at + length);
      return bytes;
    });
    expect(await reading(lost)).toEqual([
      expect.objectContaining({
        name: "rows-differ",
        severity: "refuse",
        message: `${DUMP}: 1 of 3 tables hold 4999 rows where 5000 were counted`,
      }),
    ]);
  });
});

describe("the other artifacts are refused", () => {
  test("when the roles are cut", async () => {
    await expect(reading(changed(GLOBALS, (bytes) => bytes.subarray(0, bytes.length / 2)))).rejects.toThrow(
      `${GLOBALS} does not end as pg_dumpall ends it`,
    );
  });
  test("when the contents are no JSON, without quoting them", async () => {
    await expect(reading(changed(CONTENTS, () => "{hunter2"))).rejects.toThrow(/^contents\.json is not JSON$/);
  });
  test("when the contents have another form", async () => {
    await expect(reading(changed(CONTENTS, () => "{}"))).rejects.toThrow("does not have the form");
  });
  test("when contents and manifest are not about the same backup", async () => {
    await expect(reading(changed(CONTENTS, (bytes) => bytes.toString().replace('"rows":5000', '"rows":4000')))).rejects.toThrow(
      "disagree about the rows",
    );
  });
});

test("a broken digest is the error, and not what pg_restore made of it", async () => {
  const opened: Opened<Native> = {
    ...taken.opened,
    open: (name) => (name === DUMP ? failing(taken.opened.open(name)) : taken.opened.open(name)),
  };
  async function* failing(bytes: Bytes): Bytes {
    yield* bytes;
    throw new DigestMismatch("the digest of the dump is wrong", "Use another backup.");
  }
  await expect(reading(opened)).rejects.toBeInstanceOf(DigestMismatch);
});

/** Gives a part of the dump, then waits. */
function halting(): { opened: Opened<Native>; go(): void } {
  let go = () => {};
  const going = new Promise<void>((resolve) => {
    go = resolve;
  });
  async function* halved(): Bytes {
    const bytes = taken.files.get(DUMP) ?? Buffer.alloc(0);
    yield bytes.subarray(0, bytes.length / 2);
    await going;
    yield bytes.subarray(bytes.length / 2);
  }
  return { opened: { ...taken.opened, open: (name) => (name === DUMP ? halved() : taken.opened.open(name)) }, go };
}

test("pg_restore sees a library path and an empty home, and writes nowhere", async () => {
  const { opened, go } = halting();
  const done = reading(opened);
  await until(async () => (await children("pg_restore")).length === 1);
  const [child] = await children("pg_restore");
  expect(child?.environment.map((it) => it.split("=")[0])).toEqual(["LD_LIBRARY_PATH", "HOME", "LC_ALL", "TZ"]);
  expect(child?.command.slice(1)).toEqual(["--file=/dev/null"]);
  go();
  expect(await done).toEqual([]);
});

test("pg_restore killed from outside says nothing about the backup", async () => {
  const { opened, go } = halting();
  const done = reading(opened);
  done.catch(() => {});
  await until(async () => (await children("pg_restore")).length === 1);
  process.kill((await children("pg_restore"))[0]?.pid ?? 0, "SIGKILL");
  await until(async () => (await children("pg_restore")).length === 0);
  go();
  await expect(done).rejects.toBeInstanceOf(ClientKilled);
});

test("the deadline ends it and is the reason", async () => {
  const deadline = new AbortController();
  const { opened, go } = halting();
  const done = reading(opened, undefined, deadline.signal);
  done.catch(() => {});
  await until(async () => (await children("pg_restore")).length === 1);
  deadline.abort(new DeadlineNear("verifying"));
  go();
  await expect(done).rejects.toBeInstanceOf(DeadlineNear);
  expect(await children("pg_restore")).toEqual([]);
});

test("without any client there is an error that says so", async () => {
  const layer = join(world.surroundings.scratch, "empty-layer");
  await mkdir(layer);
  await symlink(join(world.surroundings.layer("postgres"), "rds.pem"), join(layer, "rds.pem"));
  await expect(read({ ...world.surroundings, layer: () => layer }).read(taken.opened, undefined, aContext())).rejects.toThrow(
    "cannot be started",
  );
});

describe("beside the backup before", () => {
  test("the same says nothing", async () => expect(await reading(taken.opened, taken.opened)).toEqual([]));

  test("an emptied database is a doubt, though the backup itself is whole", async () => {
    await sql(server, database, "DELETE FROM people");
    const later = await backup();
    expect(await reading(later.opened)).toEqual([]);
    expect(await names(later.opened, taken.opened)).toEqual(["doubt fewer-rows", "doubt tables-emptied"]);
    await sql(server, database, "DELETE FROM wide");
    expect(await names((await backup()).opened, taken.opened)).toEqual([
      "doubt database-emptied",
      "doubt fewer-rows",
      "doubt fewer-bytes",
      "doubt tables-emptied",
    ]);
  });

  test("contents that cannot be opened any more cost the comparison of tables and nothing else", async () => {
    const previous: Opened<Native> = {
      ...taken.opened,
      // biome-ignore lint/correctness/useYield: it fails before its first byte
      open: async function* () {
        throw new DigestMismatch("gone", "gone");
      },
    };
    expect(await names(taken.opened, previous)).toEqual(["note previous-not-compared"]);
  });
});
