import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Captured, DeadlineNear, type Produced, SecretUnusable } from "@holdfast/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { aContext, openedOf, type Taken, take, whole } from "../../../test/kit/taken.ts";
import { capture } from "./capture.ts";
import { config } from "./config.ts";
import { connector } from "./connect.ts";
import { CONTENTS, contents, GLOBALS } from "./contents.ts";
import { Counting } from "./count.ts";
import { ConnectionLost, DumpFailed, LockTimeout } from "./errors.ts";
import { inspect } from "./inspect.ts";
import { children } from "./kit/processes.ts";
import { until } from "./kit/wait.ts";
import { openWorld, type Server, secretOf, sql, type World } from "./kit/world.ts";
import type { Native } from "./native.ts";
import { read } from "./read.ts";
import { parseLogin } from "./secret.ts";
import { holdSnapshot } from "./snapshot.ts";

const server: Server = inject("postgres");
let world: World;
/** A database of each test's own; the server is everybody's. */
let database = "";
let role = "";
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.end());
beforeEach(async () => {
  const id = randomBytes(5).toString("hex");
  database = `capture ${id}`;
  role = `capture_${id}`;
  await sql(server, "postgres", `CREATE DATABASE "${database}"`);
});
afterEach(async () => {
  await sql(server, "postgres", `DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
  await sql(server, "postgres", `DROP ROLE IF EXISTS ${role}`);
});

const source = (plan: object = {}, secret: unknown = secretOf(server), layer = world.surroundings.layer("postgres")) =>
  capture(config.parse({ connection: world.secret("shop/db", secret), databases: [database], ...plan }), {
    ...world.surroundings,
    layer: () => layer,
  });

/** A layer whose pg_dump is this shell script; `$REAL` is the real one. */
async function layerWith(script: string): Promise<string> {
  const real = world.surroundings.layer("postgres");
  const folder = await mkdtemp(join(world.surroundings.scratch, "layer-"));
  await mkdir(join(folder, "17", "bin"), { recursive: true });
  const setting = `REAL=${join(real, "17", "bin", "pg_dump")}; export LD_LIBRARY_PATH=${join(real, "lib")} PATH=/usr/bin:/bin`;
  await writeFile(join(folder, "17", "bin", "pg_dump"), `#!/bin/sh\n${setting}\n${script}\n`, { mode: 0o755 });
  await symlink(join(real, "17", "bin", "pg_dumpall"), join(folder, "17", "bin", "pg_dumpall"));
  for (const name of ["lib", "rds.pem"]) await symlink(join(real, name), join(folder, name));
  return folder;
}
const contentsOf = (taken: Taken<Native>) => contents.parse(JSON.parse(taken.files.get(CONTENTS)?.toString() ?? ""));
const tablesOf = (taken: Taken<Native>) =>
  Object.fromEntries((contentsOf(taken).databases[0]?.tables ?? []).map((it) => [it.name, it.rows ?? it.without]));
const run = (text: string) => sql(server, database, text);

/** Big enough that pg_dump cannot end before somebody reads: a pipe holds 64 KiB. */
const BIG = "CREATE TABLE big AS SELECT i, repeat(md5(i::text), 20) AS filler FROM generate_series(1, 20000) i";

/** A login that may only read, as one should have it. */
async function reader(more = ""): Promise<Server> {
  await sql(server, "postgres", `CREATE ROLE ${role} LOGIN PASSWORD 'reader-pw' IN ROLE pg_read_all_data ${more}`);
  return { ...server, user: role, password: "reader-pw" };
}
async function stranger(): Promise<Server> {
  await sql(server, "postgres", `CREATE ROLE ${role} LOGIN PASSWORD 'reader-pw'`);
  return { ...server, user: role, password: "reader-pw" };
}
/** Before the databases go, what they say about the role must. */
const forget = () => run(`DROP OWNED BY ${role}`);

async function begin(
  ...source_: Parameters<typeof source>
): Promise<{ captured: Captured<Native> & { state: "ready" }; first: Produced; rest: AsyncIterator<Produced> }> {
  const captured = await source(...source_).capture({ source: "shop", at: new Date(), attempt: "attempt1" }, aContext());
  if (captured.state !== "ready") throw new Error("not ready");
  const rest = captured.artifacts[Symbol.asyncIterator]();
  const { value } = await rest.next();
  return { captured, first: value, rest };
}
const sessions = async () => await sql(server, "postgres", `SELECT pid FROM pg_stat_activity WHERE datname = '${database}'`);

describe("a backup", () => {
  test("is a dump, the roles and the contents, and totals without any table's name", async () => {
    await run("CREATE TABLE secret_name (a int); INSERT INTO secret_name SELECT generate_series(1, 1000); CREATE SEQUENCE s START 7");
    await run("SELECT lo_from_bytea(0, 'abc')");
    const taken = await take(source());
    expect([...taken.files.keys()]).toEqual([`${encodeURIComponent(database)}.dump`, GLOBALS, CONTENTS]);
    expect(taken.opened.backup.native).toMatchObject({
      databases: [{ name: database, tables: 1, rows: 1000, uncounted: 0, sequences: 1, largeObjects: 1 }],
      globals: true,
      incomplete: [],
    });
    expect(JSON.stringify(taken.opened.backup.native)).not.toContain("secret_name");
    expect(contentsOf(taken).databases[0]?.sequences).toEqual([{ schema: "public", name: "s", last: "7", called: false, increment: "1" }]);
    expect(
      taken.files
        .get(`${encodeURIComponent(database)}.dump`)
        ?.subarray(0, 5)
        .toString(),
    ).toBe("PGDMP");
  });

  test("counts what the dump holds, whatever is written between the snapshot and the dump", async () => {
    await run("CREATE TABLE t AS SELECT i FROM generate_series(1, 3000) i");
    const go = join(world.surroundings.scratch, `go-${role}`);
    const layer = await layerWith(`case $1 in --version) ;; *) while [ ! -e ${go} ]; do sleep 0.01; done ;; esac\nexec "$REAL" "$@"`);
    const { captured, first, rest } = await begin({}, secretOf(server), layer);
    await run("DELETE FROM t WHERE i <= 1000; CREATE TABLE later (a int)");
    await writeFile(go, "");
    const files = new Map([[first.name, await whole(first.bytes)]]);
    for (let next = await rest.next(); !next.done; next = await rest.next()) files.set(next.value.name, await whole(next.value.bytes));
    const native = await captured.native();
    expect(native.databases[0]).toMatchObject({ rows: 3000, tables: 1 });
    expect(await read(world.surroundings).read(openedOf(files, native), undefined, aContext())).toEqual([]);
  });

  test("carries roles, but no hash of a password", async () => {
    await reader();
    const globals = (await take(source())).files.get(GLOBALS)?.toString();
    expect(globals).toContain(`CREATE ROLE ${role}`);
    expect(globals).not.toMatch(/SCRAM-SHA-256|md5[0-9a-f]{32}|PASSWORD/);
  });

  test("takes all databases when the plan names none, but not what an unfinished restore made", async () => {
    await sql(server, "postgres", `CREATE ROLE holdfast_${role.slice(-10)}`);
    await sql(server, "postgres", `CREATE DATABASE "half ${database}" OWNER holdfast_${role.slice(-10)}`);
    try {
      const login = parseLogin({ connection: "s" }, JSON.stringify(secretOf(server)));
      const { lookAtServer } = await import("./server.ts");
      const connect = connector(login, world.surroundings, new AbortController().signal);
      const { databases } = await lookAtServer({ databases: "all" }, "postgres", connect, world.surroundings);
      expect(databases).toContain(database);
      expect(databases).toContain("postgres");
      expect(databases).not.toContain("template1");
      expect(databases).not.toContain(`half ${database}`);
    } finally {
      await sql(server, "postgres", `DROP DATABASE IF EXISTS "half ${database}"`);
      await sql(server, "postgres", `DROP ROLE IF EXISTS holdfast_${role.slice(-10)}`);
    }
  });

  test("keeps the definition and leaves the rows of what the plan excludes, children included", async () => {
    await run(`CREATE TABLE log (at int) PARTITION BY RANGE (at); CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10);
      CREATE TABLE "Odd.Name" (a int); CREATE TABLE kept (a int); INSERT INTO log VALUES (1); INSERT INTO "Odd.Name" VALUES (1); INSERT INTO kept VALUES (1)`);
    const taken = await take(source({ excludeData: ["public.log", 'public."Odd.Name"'] }));
    expect(tablesOf(taken)).toEqual({ log: undefined, log_1: "excluded", "Odd.Name": "excluded", kept: 1 });
    const dump = [...taken.files.values()][0]?.toString("latin1") ?? "";
    expect(dump).toContain("CREATE TABLE public.log_1");
    expect(dump.match(/COPY public\.\S+/g)?.map((it) => it.slice(12))).toEqual(["kept"]);
  });

  test("needs no more than the right to read", async () => {
    await run("CREATE SCHEMA deep; CREATE TABLE deep.t (a int); INSERT INTO deep.t VALUES (1); CREATE SEQUENCE deep.s");
    const login = await reader();
    const found = await source({}, secretOf(login)).preflight(aContext());
    expect(found.filter((it) => it.severity === "refuse")).toEqual([]);
    expect((await take(source({}, secretOf(login)))).opened.backup.native).toMatchObject({ globals: true, databases: [{ rows: 1 }] });
  });
});

describe("a database's name that looks like a connection string", () => {
  test("is only ever a name, and neither it nor the password stands on a command line", async () => {
    const trap = `host=127.0.0.1 port=1 dbname=${database}`;
    await sql(server, "postgres", `CREATE DATABASE "${trap}"`);
    try {
      await sql(server, trap, BIG);
      const { captured, first, rest } = await begin({ databases: [trap] });
      await until(async () => (await children("pg_dump")).length === 1);
      const [dump] = await children("pg_dump");
      expect(dump?.command.join(" ")).not.toContain(database);
      expect(dump?.command.join(" ")).not.toContain(server.password);
      // It would leave rows out and call that success.
      expect(dump?.command).not.toContain("--enable-row-security");
      expect(dump?.environment.map((it) => it.split("=")[0]).filter((name) => !name?.startsWith("PG"))).toEqual([
        "LD_LIBRARY_PATH",
        "HOME",
        "LC_ALL",
        "TZ",
      ]);
      await whole(first.bytes);
      for (let next = await rest.next(); !next.done; next = await rest.next()) await whole(next.value.bytes);
      expect((await captured.native()).databases[0]).toMatchObject({ name: trap, rows: 20000 });
      expect(first.name).toMatch(/^host%3D127%2E0%2E0%2E1%20port%3D1%20dbname/);
    } finally {
      await sql(server, "postgres", `DROP DATABASE "${trap}" WITH (FORCE)`);
    }
  });

  test("and a hostile environment of ours changes nothing", async () => {
    await run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    const hostile = {
      PGHOST: "elsewhere.invalid",
      PGOPTIONS: "-c statement_timeout=1",
      PGSSLMODE: "require",
      PGDATABASE: "other",
      PGSERVICE: "x",
      PGREPLICATION: "database",
    };
    for (const [name, value] of Object.entries(hostile)) vi.stubEnv(name, value);
    try {
      expect((await take(source())).opened.backup.native.databases[0]).toMatchObject({ name: database, rows: 1 });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

test("names in a database that stand before the catalogue's are never called by us", async () => {
  await run(`CREATE SCHEMA evil; CREATE VIEW evil.pg_sequence AS SELECT 1 AS nothing;
    CREATE FUNCTION evil.pg_is_in_recovery() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'caught'; END $$;
    CREATE FUNCTION evil.pg_export_snapshot() RETURNS text LANGUAGE sql AS $$ SELECT '00000000-00000000-1' $$`);
  await run(`ALTER DATABASE "${database}" SET search_path = evil, pg_catalog`);
  expect(await source().preflight(aContext())).toEqual([]);
  expect((await take(source())).opened.backup.native.databases[0]).toMatchObject({ name: database });
});

test("time limits that the login was given for its daily work do not end a backup", async () => {
  await run("CREATE TABLE t AS SELECT i FROM generate_series(1, 1000) i");
  const login = await reader();
  for (const name of ["statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "transaction_timeout"]) {
    await sql(server, "postgres", `ALTER ROLE ${role} SET ${name} = '300ms'`);
  }
  const go = join(world.surroundings.scratch, `go-${role}`);
  const layer = await layerWith(`case $1 in --version) ;; *) while [ ! -e ${go} ]; do sleep 0.01; done ;; esac\nexec "$REAL" "$@"`);
  const { captured, first, rest } = await begin({}, secretOf(login), layer);
  const old = `SELECT FROM pg_stat_activity WHERE datname = '${database}' AND state = 'idle in transaction' AND xact_start < clock_timestamp() - interval '600ms'`;
  await until(async () => (await sql(server, "postgres", old)).length === 1);
  await writeFile(go, "");
  await whole(first.bytes);
  for (let next = await rest.next(); !next.done; next = await rest.next()) await whole(next.value.bytes);
  expect((await captured.native()).databases[0]).toMatchObject({ rows: 1000 });
});

describe("a dump that does not end well", () => {
  test("fails when pg_dump is killed half-way: its bytes end in an error, `done` rejects, and nothing is left on the server", async () => {
    await run(BIG);
    const { first, rest } = await begin();
    await until(async () => (await children("pg_dump")).length === 1);
    process.kill((await children("pg_dump"))[0]?.pid ?? 0, "SIGKILL");
    await expect(whole(first.bytes)).rejects.toBeInstanceOf(DumpFailed);
    await expect(first.done).rejects.toThrow(/killed by SIGKILL/);
    await expect(rest.next()).rejects.toBeInstanceOf(DumpFailed);
    await until(async () => (await sessions()).length === 0);
  });

  test("fails when the server ends its session", async () => {
    await run(BIG);
    const { first, rest } = await begin();
    const reads = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY public.big%'";
    await until(async () => (await sql(server, database, reads)).length === 1);
    await sql(server, "postgres", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`);
    await expect(whole(first.bytes)).rejects.toBeInstanceOf(ConnectionLost);
    await expect(first.done).rejects.toThrow("pg_dump was at work");
    await expect(rest.next()).rejects.toBeInstanceOf(ConnectionLost);
  });

  test("fails when pg_dump writes a whole archive and then exits with 1", async () => {
    await run("CREATE TABLE t (a int)");
    const { first, rest } = await begin({}, secretOf(server), await layerWith(`"$REAL" "$@"\ncase $1 in --version) ;; *) exit 1 ;; esac`));
    let bytes = 0;
    const reading = (async () => {
      for await (const chunk of first.bytes) bytes += chunk.length;
    })();
    await expect(reading).rejects.toThrow(/exit code 1/);
    expect(bytes).toBeGreaterThan(1000);
    await expect(first.done).rejects.toBeInstanceOf(DumpFailed);
    await rest.return?.();
  });

  test("ends on the deadline, says so, and leaves neither a child nor a session", async () => {
    await run(BIG);
    const deadline = new AbortController();
    const captured = await source().capture({ source: "shop", at: new Date(), attempt: "attempt1" }, aContext(deadline.signal));
    if (captured.state !== "ready") throw new Error("not ready");
    const artifacts = captured.artifacts[Symbol.asyncIterator]();
    const first: Produced = (await artifacts.next()).value;
    const bytes = first.bytes[Symbol.asyncIterator]();
    await bytes.next();
    deadline.abort(new DeadlineNear("backing up shop"));
    await expect(first.done).rejects.toBeInstanceOf(DeadlineNear);
    await expect(artifacts.next()).rejects.toBeInstanceOf(DeadlineNear);
    expect(await children("pg_dump")).toEqual([]);
    await until(async () => (await sessions()).length === 0);
  });

  test("leaves nothing when its reader walks away", async () => {
    await run(BIG);
    const { first, rest } = await begin();
    const bytes = first.bytes[Symbol.asyncIterator]();
    await bytes.next();
    await bytes.return?.();
    await expect(first.done).rejects.toThrow();
    await rest.return?.();
    expect(await children("pg_dump")).toEqual([]);
    await until(async () => (await sessions()).length === 0);
  });

  test("leaves nothing when the artifact is never read at all", async () => {
    await run(BIG);
    const { first, rest } = await begin();
    await rest.return?.();
    await expect(first.done).rejects.toThrow("nobody read its output");
    await until(async () => (await sessions()).length === 0);
  });

  test("gives up when a migration holds a table, and says for how long it waited", async () => {
    await run("CREATE TABLE t (a int)");
    const login = parseLogin({ connection: "s" }, JSON.stringify(secretOf(server)));
    const migration = await connector(login, world.surroundings, new AbortController().signal)(database);
    try {
      await migration.query("locking", "BEGIN");
      await migration.query("locking", "LOCK TABLE public.t IN ACCESS EXCLUSIVE MODE");
      const { first } = await begin({ lockTimeout: 1 });
      await expect(whole(first.bytes)).rejects.toBeInstanceOf(LockTimeout);
      await expect(first.done).rejects.toThrow("1 seconds");
    } finally {
      await migration.end();
    }
  });

  test("asks for totals only when all is dumped", async () => {
    const { captured, rest } = await begin();
    await expect(captured.native()).rejects.toThrow("not every database is dumped");
    await rest.return?.();
  });
});

describe("counting", () => {
  const limits = { table: 60_000, lock: 60_000, afterDump: 60_000 };
  async function counted(own: Partial<typeof limits>, now = () => new Date()) {
    const login = parseLogin({ connection: "s" }, JSON.stringify(secretOf(server)));
    const connect = connector(login, world.surroundings, new AbortController().signal);
    const snapshot = await holdSnapshot(connect, database);
    const { tables } = await inspect(snapshot.session, []);
    const counting = new Counting(connect, database, snapshot.id, tables, now, { ...limits, ...own });
    try {
      const counts = await counting.finish();
      return Object.fromEntries(tables.map((table) => [table.name, counts.get(table.oid)]));
    } finally {
      await snapshot.session.end();
    }
  }

  test.each([
    ["as long as it may", { table: 300 }],
    ["for a lock that a migration holds", { lock: 50 }],
  ])("a table waits %s, then it is told as not counted, and the others are counted", async (_, own) => {
    await run("CREATE TABLE free (a int); CREATE TABLE held (a int)");
    const login = parseLogin({ connection: "s" }, JSON.stringify(secretOf(server)));
    const migration = await connector(login, world.surroundings, new AbortController().signal)(database);
    try {
      await migration.query("locking", "BEGIN");
      await migration.query("locking", "LOCK TABLE public.held IN ACCESS EXCLUSIVE MODE");
      expect(await counted(own)).toEqual({ free: 0, held: undefined });
    } finally {
      await migration.end();
    }
  });

  test("ends some time after the dump, with what it has", async () => {
    await run("CREATE TABLE a (a int); CREATE TABLE b (a int)");
    let seconds = 0;
    const now = () => new Date(seconds++ * 1000);
    expect(Object.values(await counted({ afterDump: 1000 }, now)).filter((rows) => rows === 0)).toHaveLength(1);
  });

  test("fails rather than count fewer rows than there are where policies hide some", async () => {
    await run("CREATE TABLE t (a int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; INSERT INTO t VALUES (1)");
    const login = parseLogin({ connection: "s" }, JSON.stringify(secretOf(await reader())));
    const connect = connector(login, world.surroundings, new AbortController().signal);
    const snapshot = await holdSnapshot(connect, database);
    const { tables } = await inspect(snapshot.session, []);
    await expect(new Counting(connect, database, snapshot.id, tables, () => new Date()).finish()).rejects.toThrow(/row-level security/);
    await snapshot.session.end();
  });
});

describe("the preflight names", () => {
  const named = async (...of: Parameters<typeof source>) =>
    Object.fromEntries((await source(...of).preflight(aContext())).map((it) => [it.name, `${it.severity}: ${it.message}`]));

  test("nothing where nothing is wrong", async () => expect(await named()).toEqual({}));

  test("a server that does not answer", async () => {
    const closed = createServer();
    const port = await new Promise<number>((resolve) =>
      closed.listen(0, "127.0.0.1", () => resolve((closed.address() as { port: number }).port)),
    );
    await new Promise((resolve) => closed.close(resolve));
    expect(await named({}, { ...secretOf(server), port })).toEqual({
      "server-unreachable": `refuse: the server 127.0.0.1:${port} does not answer`,
    });
  });

  test("a wrong password, without telling it", async () => {
    const found = await source({}, { ...secretOf(server), password: "hunter2" }).preflight(aContext());
    expect(found.map((it) => it.name)).toEqual(["login-refused"]);
    expect(JSON.stringify(found)).not.toContain("hunter2");
    expect(found[0]?.message).toContain("shop/db");
  });

  test("a secret that cannot be used", async () => {
    expect(await named({}, "{}")).toEqual({ "secret-unusable": expect.stringContaining("username, password") });
    const gone = capture(config.parse({ connection: "gone" }), {
      ...world.surroundings,
      secrets: () => Promise.reject(new SecretUnusable("the secret gone does not exist", "Make it.")),
    });
    expect((await gone.preflight(aContext())).map((it) => it.name)).toEqual(["secret-unusable"]);
  });

  test("a database that does not exist, beside those that do", async () => {
    const found = await source({ databases: [database, "no such database"] }).preflight(aContext());
    expect(found).toEqual([
      expect.objectContaining({ name: "database-missing", message: 'the server has no database "no such database"' }),
    ]);
  });

  test("a server whose major version has no client", async () => {
    const layer = join(world.surroundings.scratch, "old-layer");
    await mkdir(layer);
    for (const name of ["14", "15", "lib", "rds.pem"]) await symlink(join(world.surroundings.layer("postgres"), name), join(layer, name));
    const old = capture(config.parse({ connection: world.secret("s", secretOf(server)), databases: [database] }), {
      ...world.surroundings,
      layer: () => layer,
    });
    expect(await old.preflight(aContext())).toEqual([
      expect.objectContaining({
        name: "server-version-unsupported",
        message: expect.stringContaining("PostgreSQL 17"),
        hint: expect.stringContaining("14, 15"),
      }),
    ]);
  });

  test("a server that should show a certificate and speaks no TLS", async () => {
    expect(await named({ tls: { mode: "verify-full" } })).toEqual({ "server-not-trusted": expect.stringContaining("does not speak TLS") });
  });

  test("tables that hide rows, with their names, and accepts them when the plan does, without", async () => {
    await run(
      "CREATE TABLE hidden (a int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; INSERT INTO hidden VALUES (1); CREATE TABLE seen (a int)",
    );
    const login = secretOf(await reader());
    expect(await named({}, login)).toEqual({
      "row-level-security": expect.stringMatching(/^refuse: .*1 tables hide rows.*public\.hidden/),
    });
    await expect(take(source({}, login))).rejects.toThrow(/public\.hidden/);
    const allowed = { allowIncomplete: ["row-level-security"] };
    expect(await named(allowed, login)).toEqual({ "row-level-security": expect.stringMatching(/^note: (?!.*hidden)/) });
    const taken = await take(source(allowed, login));
    expect(tablesOf(taken)).toEqual({ hidden: "row-level-security", seen: 0 });
    expect(taken.opened.backup.native.incomplete).toEqual(["row-level-security"]);
  });

  test("no hiding where the login bypasses it or owns the table", async () => {
    await run("CREATE TABLE hidden (a int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY");
    expect(await named({}, secretOf(await reader("BYPASSRLS")))).toEqual({});
  });

  test("hiding from an owner whose table forces it", async () => {
    const login = await reader();
    await run(`CREATE TABLE hidden (a int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE hidden OWNER TO ${role}`);
    expect(await named({}, secretOf(login))).toEqual({});
    await run("ALTER TABLE hidden FORCE ROW LEVEL SECURITY");
    expect(Object.keys(await named({}, secretOf(login)))).toEqual(["row-level-security"]);
    await run(`DROP TABLE hidden`);
  });

  test("tables, schemas and sequences that cannot be read", async () => {
    const login = secretOf(await stranger());
    await run(`CREATE TABLE closed (a int); CREATE SCHEMA shut; CREATE TABLE shut.t (a int); GRANT SELECT ON shut.t TO ${role}; CREATE SEQUENCE counter;
      CREATE TABLE open (a int); GRANT SELECT ON open TO ${role}`);
    const found = await named({}, login);
    expect(found["unreadable-tables"]).toMatch(/2 tables cannot be read: public\.closed, shut\.t/);
    expect(found["unreadable-sequences"]).toMatch(/1 sequences cannot be read: public\.counter/);
    await run(`GRANT SELECT ON counter TO ${role}`);
    const allowed = { allowIncomplete: ["unreadable-tables"] };
    expect(await named(allowed, login)).toEqual({ "unreadable-tables": expect.stringMatching(/^note: (?!.*closed)/) });
    const taken = await take(source(allowed, login));
    expect(tablesOf(taken)).toEqual({ closed: "unreadable", t: "unreadable", open: 0 });
    await forget();
  });

  test("large objects that cannot be read", async () => {
    const login = secretOf(await reader());
    await run("SELECT lo_from_bytea(4711, 'a'), lo_from_bytea(4712, 'b')");
    await run(`GRANT SELECT ON LARGE OBJECT 4711 TO ${role}`);
    expect(await named({}, login)).toEqual({ "unreadable-large-objects": expect.stringContaining("1 of 2 large objects cannot be read") });
    await expect(take(source({}, login))).rejects.toThrow("large objects");
    const taken = await take(source({ allowIncomplete: ["unreadable-large-objects"] }, login));
    expect(taken.opened.backup.native).toMatchObject({ incomplete: ["unreadable-large-objects"], databases: [{ largeObjects: 0 }] });
    await run("GRANT SELECT ON LARGE OBJECT 4712 TO PUBLIC");
    expect(await named({}, login)).toEqual({});
    await forget();
  });

  test("a table that refers to one whose rows are excluded, since it could not be loaded again", async () => {
    await run("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE orders (by int REFERENCES users)");
    expect(await named({ excludeData: ["public.users"] })).toEqual({
      "excluded-table-referenced": expect.stringContaining("public.orders"),
    });
    expect(await named({ excludeData: ["public.users", "public.orders"] })).toEqual({});
    expect(await named({ excludeData: ["public.gone"] })).toEqual({ "excluded-table-missing": expect.stringMatching(/^note/) });
  });

  test("extensions that a target must be told of", async () => {
    await run("CREATE EXTENSION hstore; CREATE EXTENSION pg_stat_statements");
    expect(await named()).toEqual({ "untrusted-extensions": expect.stringMatching(/must create pg_stat_statements$/) });
  });

  test("nothing when its deadline is over: that is not about the source", async () => {
    await expect(source().preflight(aContext(AbortSignal.abort(new DeadlineNear("looking"))))).rejects.toBeInstanceOf(DeadlineNear);
  });
});
