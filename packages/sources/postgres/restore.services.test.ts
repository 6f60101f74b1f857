import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Context, DeadlineNear, ExecutionStopped, type Finding, type Opened, type RestorePlan, type Want } from "@holdfast/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { aContext, openedOf, type Taken, take } from "../../../test/kit/taken.ts";
import { capture } from "./capture.ts";
import { config, target } from "./config.ts";
import { CONTENTS } from "./contents.ts";
import { DatabaseExists, LoadFailed, LocaleUnavailable, UndoIncomplete } from "./errors.ts";
import { children } from "./kit/processes.ts";
import { until } from "./kit/wait.ts";
import { executionOf, openWorld, type Server, secretOf, sql, type World } from "./kit/world.ts";
import type { Native } from "./native.ts";
import { restore } from "./restore.ts";

const server: Server = inject("postgres");
let world: World;
/** Everything of one test bears its id: the server is everybody's. */
let id = "";
let database = "";
let keeper: Server;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.end());
beforeEach(async () => {
  id = randomBytes(5).toString("hex");
  database = `restore_${id}`;
  keeper = { ...server, user: `keeper_${id}`, password: "keeper-pw" };
  await sql(server, "postgres", `CREATE ROLE keeper_${id} LOGIN CREATEDB CREATEROLE PASSWORD 'keeper-pw'`);
  await sql(server, "postgres", `CREATE DATABASE ${database}`);
});
afterEach(async () => {
  for (const { name } of await sql<{ name: string }>(
    server,
    "postgres",
    `SELECT datname AS name FROM pg_database WHERE datname LIKE '%${id}%'`,
  )) {
    await sql(server, "postgres", `DROP DATABASE "${name}" WITH (FORCE)`);
  }
  for (const { name } of await sql<{ name: string }>(
    server,
    "postgres",
    `SELECT rolname AS name FROM pg_roles WHERE rolname LIKE '%${id}%' ORDER BY rolname LIKE 'keeper%'`,
  )) {
    await sql(server, "postgres", `DROP OWNED BY ${name}; DROP ROLE ${name}`);
  }
});

/** A database whose load waits, in the server, until the role `go_{id}` is there. */
const HELD = () => `
  CREATE FUNCTION held() RETURNS boolean LANGUAGE sql AS 'SELECT true';
  CREATE TABLE holding (a int CHECK (public.held()));
  INSERT INTO holding VALUES (1);
  CREATE OR REPLACE FUNCTION held() RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN
    WHILE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'go_${id}') LOOP PERFORM pg_catalog.pg_sleep(0.01); END LOOP;
    RETURN true;
  END $$`;
const run = (text: string) => sql(server, database, text);
const isHeld = async () =>
  (await sql(server, "postgres", `SELECT FROM pg_stat_activity WHERE usename = 'holdfast_${id}' AND query LIKE 'COPY public.holding%'`))
    .length > 0;
const backUp = () =>
  take(capture(config.parse({ connection: world.secret("source", secretOf(server)), databases: [database] }), world.surroundings));
const targetFor = (as: Server, more: object = {}) =>
  restore(target.parse({ connection: world.secret(`target ${as.user}`, secretOf(as)), ...more }), world.surroundings, { protected: false });
/** What there is of an execution on the server, and of everything else of this test. */
const roles = async () =>
  (await sql<{ name: string }>(server, "postgres", `SELECT rolname AS name FROM pg_roles WHERE rolname LIKE '%${id}%' ORDER BY 1`)).map(
    (it) => it.name,
  );
const databases = async () =>
  (await sql<{ name: string }>(server, "postgres", `SELECT datname AS name FROM pg_database WHERE datname LIKE '%${id}%' ORDER BY 1`)).map(
    (it) => it.name,
  );

type Way = { as?: Server; more?: object; want?: Want; running?: () => Promise<boolean>; context?: Context };
async function planOf(
  opened: Opened<Native>,
  { as = keeper, more = {}, want = {} }: Way = {},
): Promise<RestorePlan & { refused?: Finding }> {
  const to = targetFor(as, more);
  const plan = to.plan(opened.backup, want, await to.survey(opened.backup, want, aContext()), { id });
  return "refused" in plan ? { creates: [], steps: [], needsDisk: 0, refused: plan.refused } : plan;
}
async function load(opened: Opened<Native>, way: Way = {}) {
  const { as = keeper, more = {}, want = {}, running = async () => true, context = aContext() } = way;
  const to = targetFor(as, more);
  const plan = await planOf(opened, way);
  if (plan.refused) throw new Error(JSON.stringify(plan.refused));
  const { made } = await to.advance(plan, opened, want, [], { ...executionOf(id), running }, context);
  return { to, made, name: made.find((it) => it.what === "database")?.id ?? "" };
}

describe("a plan", () => {
  test("refuses a name that is taken, and the database of that name stays as it was", async () => {
    await run("CREATE TABLE precious (a int); INSERT INTO precious VALUES (42)");
    const { opened } = await backUp();
    expect((await planOf(opened, { want: { as: database } })).refused).toMatchObject({ name: "database-exists" });
    expect(await sql(server, database, "SELECT a FROM precious")).toEqual([{ a: 42 }]);
  });

  test("refuses a login without the rights to make roles and databases, by their names", async () => {
    const { opened } = await backUp();
    await sql(server, "postgres", `ALTER ROLE keeper_${id} NOCREATEDB NOCREATEROLE`);
    expect((await planOf(opened)).refused).toMatchObject({
      name: "missing-rights",
      message: expect.stringContaining("CREATEDB and CREATEROLE"),
    });
  });

  test("refuses an owner that does not exist or that the login may not give to", async () => {
    const { opened } = await backUp();
    expect((await planOf(opened, { more: { owner: `nobody_${id}` } })).refused).toMatchObject({ name: "owner-missing" });
    await sql(server, "postgres", `CREATE ROLE other_${id}`);
    expect((await planOf(opened, { more: { owner: `other_${id}` } })).refused).toMatchObject({
      name: "owner-out-of-reach",
      hint: expect.stringContaining("GRANT"),
    });
  });

  test("refuses extensions that are not trusted, until the target's plan lists them", async () => {
    await run("CREATE EXTENSION pg_stat_statements");
    const { opened } = await backUp();
    expect((await planOf(opened)).refused).toMatchObject({
      name: "extension-not-allowed",
      message: expect.stringContaining("pg_stat_statements"),
    });
    expect((await planOf(opened, { more: { extensions: ["pg_stat_statements"] } })).refused).toBeUndefined();
  });
});

describe("a restore", () => {
  test("makes a new database, proves it, and hands it over to the owner that the plan names", async () => {
    await run(
      "CREATE SCHEMA deep; CREATE TABLE deep.t (a serial PRIMARY KEY); INSERT INTO deep.t SELECT FROM generate_series(1, 500); CREATE FUNCTION deep.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT lo_from_bytea(0, 'x')",
    );
    await sql(server, "postgres", `CREATE ROLE owner_${id}; GRANT owner_${id} TO keeper_${id}`);
    const { opened } = await backUp();
    const { to, made, name } = await load(opened, { more: { owner: `owner_${id}` } });
    expect(made).toEqual([
      { what: "role", id: `holdfast_${id}` },
      { what: "database", id: `${database}_restored_202611210200` },
    ]);
    expect(await to.prove(opened, {}, made, aContext())).toEqual({
      unit: "rows",
      thing: "table",
      things: 1,
      expected: 500,
      found: 500,
      findings: [],
    });
    const stays = [{ what: "database", id: name }];
    expect(await to.finish(made, { id }, aContext())).toEqual(stays);
    expect(await to.finish(made, { id }, aContext())).toEqual(stays);
    expect(await roles()).toEqual([`keeper_${id}`, `owner_${id}`]);
    const owners = await sql(
      server,
      name,
      `SELECT DISTINCT pg_get_userbyid(o) AS owner FROM (SELECT datdba FROM pg_database WHERE datname = current_database() UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'deep'
      UNION ALL SELECT relowner FROM pg_class WHERE relnamespace = 'deep'::regnamespace UNION ALL SELECT proowner FROM pg_proc WHERE proname = 'f' UNION ALL SELECT lomowner FROM pg_largeobject_metadata) x (o)`,
    );
    expect(owners).toEqual([{ owner: `owner_${id}` }]);
    expect(await to.undo({ id }, aContext())).toEqual([]);
    expect(await databases()).toContain(name);
  });

  test("has statistics afterwards, so that the first queries are not slow", async () => {
    await run("CREATE TABLE t AS SELECT i FROM generate_series(1, 500) i");
    const { name } = await load((await backUp()).opened);
    expect(await sql(server, name, "SELECT reltuples FROM pg_class WHERE relname = 't'")).toEqual([{ reltuples: 500 }]);
  });

  test("loads from the stream where the archive does not fit the disk", async () => {
    await run("CREATE TABLE t AS SELECT i FROM generate_series(1, 50000) i");
    const { opened } = await backUp();
    const huge = { ...opened, backup: { ...opened.backup, artifacts: opened.backup.artifacts.map((it) => ({ ...it, plainBytes: 1e15 })) } };
    const { to, made } = await load(huge);
    expect(await to.prove(opened, {}, made, aContext())).toMatchObject({ expected: 50000, found: 50000, findings: [] });
  });

  test("makes extensions that need more rights with the login's own, where the plan lists them; foreign servers come back without their passwords", async () => {
    await run(`CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'far.invalid'); CREATE FOREIGN TABLE over_there (a int) SERVER far;
      CREATE USER MAPPING FOR postgres SERVER far OPTIONS (password 'hunter2')`);
    const { opened } = await backUp();
    const { to, made, name } = await load(opened, { as: server, more: { extensions: ["postgres_fdw"] } });
    const proven = await to.prove(opened, {}, made, aContext());
    expect(proven.findings.map((it) => it.message)).toEqual(["not restored: 1 user mappings"]);
    expect(await sql(server, name, "SELECT relname FROM pg_class WHERE relkind = 'f'")).toEqual([{ relname: "over_there" }]);
    expect(await sql(server, name, "SELECT FROM pg_user_mappings")).toEqual([]);
    await to.finish(made, { id }, aContext());
    expect(await roles()).toEqual([`keeper_${id}`]);
  });

  test("leaves out policies for roles that the target lacks, and says so", async () => {
    await sql(server, "postgres", `CREATE ROLE gone_${id}`);
    await run(
      `CREATE TABLE t (a int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO gone_${id} USING (true); COMMENT ON POLICY p ON t IS 'c'; CREATE POLICY q ON t USING (false)`,
    );
    const { opened } = await backUp();
    await run("DROP POLICY p ON t");
    await sql(server, "postgres", `DROP ROLE gone_${id}`);
    const { to, made, name } = await load(opened);
    expect((await to.prove(opened, {}, made, aContext())).findings.map((it) => it.name)).toEqual(["policies-left-out"]);
    expect(await sql(server, name, "SELECT polname FROM pg_policy")).toEqual([{ polname: "q" }]);
  });

  test("fails over a name that was taken after the plan was made, touches nothing, and undo removes only its own role", async () => {
    const { opened } = await backUp();
    const plan = await planOf(opened);
    const name = plan.creates.find((it) => it.what === "database")?.id;
    await sql(server, "postgres", `CREATE DATABASE "${name}"`);
    await sql(server, name ?? "", "CREATE TABLE precious (a int)");
    const to = targetFor(keeper);
    await expect(to.advance(plan, opened, {}, [], executionOf(id), aContext())).rejects.toBeInstanceOf(DatabaseExists);
    expect(await to.undo({ id }, aContext())).toEqual([{ what: "role", id: `holdfast_${id}` }]);
    expect(await sql(server, name ?? "", "SELECT FROM precious")).toEqual([]);
  });

  test("does not sort under another locale than the source's", async () => {
    const taken = await backUp();
    const files = new Map(taken.files);
    files.set(CONTENTS, Buffer.from((files.get(CONTENTS)?.toString() ?? "").replaceAll("C.UTF-8", "xx_XX.UTF-8")));
    await expect(load(openedOf(files, taken.opened.backup.native))).rejects.toBeInstanceOf(LocaleUnavailable);
  });

  test("is found to differ when the backup's contents say other numbers", async () => {
    await run("CREATE TABLE secret_name (a int); INSERT INTO secret_name VALUES (1), (2)");
    const taken = await backUp();
    const { to, made } = await load(taken.opened);
    const files = new Map(taken.files);
    files.set(CONTENTS, Buffer.from((files.get(CONTENTS)?.toString() ?? "").replace('"rows":2', '"rows":3')));
    const proven = await to.prove(openedOf(files, taken.opened.backup.native), {}, made, aContext());
    expect(proven).toMatchObject({
      expected: 3,
      found: 2,
      findings: [{ name: "rows-differ", severity: "refuse", message: "1 of 1 tables differ: they hold 2 rows instead of 3" }],
    });
    expect(JSON.stringify(proven)).not.toContain("secret_name");
  });
});

describe("what an execution made", () => {
  let opened: Opened<Native>;
  let before: { roles: string[]; databases: string[] };
  beforeEach(async () => {
    await run("CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 20000) i; CREATE INDEX ON t (md5)");
    opened = (await backUp()).opened;
    // Neighbours whose names come close, one of them another execution's.
    await sql(server, "postgres", `CREATE ROLE holdfast_${id}x LOGIN`);
    await sql(server, "postgres", `CREATE DATABASE "${database}_restored" OWNER holdfast_${id}x`);
    before = { roles: await roles(), databases: await databases() };
  });
  const nothingIsLeft = async () => expect({ roles: await roles(), databases: await databases() }).toEqual(before);

  test("is gone when the execution was stopped before the database was made", async () => {
    await expect(load(opened, { running: async () => false })).rejects.toBeInstanceOf(ExecutionStopped);
    await nothingIsLeft();
  });

  test("is gone when it was stopped right after the database was made", async () => {
    let asked = 0;
    await expect(load(opened, { running: async () => ++asked < 2 })).rejects.toBeInstanceOf(ExecutionStopped);
    await nothingIsLeft();
  });

  test("is removed by undo after the role, after the load, after the proof, and twice is harmless", async () => {
    const to = targetFor(keeper);
    await sql(keeper, "postgres", `CREATE ROLE holdfast_${id} LOGIN`);
    expect(await to.undo({ id }, aContext())).toEqual([{ what: "role", id: `holdfast_${id}` }]);
    await nothingIsLeft();
    const loaded = await load(opened);
    expect(await to.undo({ id }, aContext())).toEqual([
      { what: "database", id: loaded.name },
      { what: "role", id: `holdfast_${id}` },
    ]);
    await nothingIsLeft();
    const proven = await load(opened);
    await to.prove(opened, {}, proven.made, aContext());
    expect(await to.undo({ id }, aContext())).toHaveLength(2);
    expect(await to.undo({ id }, aContext())).toEqual([]);
    await nothingIsLeft();
  });

  test("is removed by undo while somebody else is connected to it", async () => {
    const { name, to } = await load(opened);
    const { Client } = await import("pg");
    const guest = new Client({ host: keeper.host, port: keeper.port, user: keeper.user, password: keeper.password, database: name });
    guest.on("error", () => {});
    await guest.connect();
    expect(await to.undo({ id }, aContext())).toHaveLength(2);
    await guest.end().catch(() => {});
    await nothingIsLeft();
  });

  test("is removed by an undo while another process is loading, which then fails and makes nothing more", async () => {
    await run(HELD());
    const loading = load((await backUp()).opened);
    loading.catch(() => {});
    await until(isHeld);
    expect((await children("pg_restore")).some((it) => it.environment.includes(`PGUSER=holdfast_${id}`))).toBe(true);
    await targetFor(keeper).undo({ id }, aContext());
    await expect(loading).rejects.toThrow();
    await nothingIsLeft();
  });

  test("is removed by undo after the deadline cut the load, which says so", async () => {
    await run(HELD());
    const deadline = new AbortController();
    const loading = load((await backUp()).opened, { context: aContext(deadline.signal) });
    loading.catch(() => {});
    await until(isHeld);
    deadline.abort(new DeadlineNear("restoring"));
    await expect(loading).rejects.toBeInstanceOf(DeadlineNear);
    expect(await children("pg_restore")).toEqual([]);
    await targetFor(keeper).undo({ id }, aContext());
    await nothingIsLeft();
  });

  test("leaves what came to belong to the role elsewhere, and says that it could not be undone whole", async () => {
    const { to } = await load(opened);
    await run(`CREATE TABLE precious (a int); ALTER TABLE precious OWNER TO holdfast_${id}`);
    await expect(to.undo({ id }, aContext())).rejects.toBeInstanceOf(UndoIncomplete);
    expect(await sql(server, database, "SELECT FROM precious")).toEqual([]);
    expect(await databases()).toEqual(before.databases);
    await run("ALTER TABLE precious OWNER TO postgres");
    expect(await to.undo({ id }, aContext())).toEqual([{ what: "role", id: `holdfast_${id}` }]);
    await nothingIsLeft();
  });

  test("by a try that died is replaced by the next try of the same execution", async () => {
    await load(opened);
    const { to, made } = await load(opened);
    expect(await to.prove(opened, {}, made, aContext())).toMatchObject({ expected: 20000, found: 20000, findings: [] });
    expect(await databases()).toHaveLength(before.databases.length + 1);
  });

  test("is half of a database when the archive breaks in the middle, and undo removes it", async () => {
    const files = new Map<string, Buffer>();
    const whole = (await backUp()).files;
    for (const [name, bytes] of whole) files.set(name, name.endsWith(".dump") ? bytes.subarray(0, bytes.length - 1000) : bytes);
    await expect(load(openedOf(files, opened.backup.native))).rejects.toBeInstanceOf(LoadFailed);
    expect(await roles()).toContain(`holdfast_${id}`);
    await targetFor(keeper).undo({ id }, aContext());
    await nothingIsLeft();
  });
});

describe("a hostile dump", () => {
  /** Runs each attempt where it is loaded, and nowhere else, and writes down how it went. */
  const attempts: Record<string, string> = {
    "reads a file": "PERFORM pg_read_file('/etc/passwd')",
    "reads a file as a large object": "PERFORM lo_import('/etc/passwd')",
    "lists a folder": "PERFORM pg_ls_dir('/')",
    "copies from a file": "CREATE TEMP TABLE IF NOT EXISTS loot (line text); COPY loot FROM '/etc/passwd'",
    "copies to a file": "COPY (SELECT 1) TO '/tmp/holdfast-hostile'",
    "runs a program": "COPY (SELECT 1) TO PROGRAM 'touch /tmp/holdfast-hostile'",
    "reads a program": "CREATE TEMP TABLE IF NOT EXISTS loot (line text); COPY loot FROM PROGRAM 'env'",
    "changes the server": "ALTER SYSTEM SET log_statement = 'all'",
    "becomes a superuser": "EXECUTE format('ALTER ROLE %I SUPERUSER', session_user)",
    "becomes the login that restores": "EXECUTE format('SET ROLE %I', 'KEEPER')",
    "makes a role": "CREATE ROLE intruder",
    "takes over another database": "EXECUTE 'ALTER DATABASE postgres OWNER TO ' || quote_ident(session_user)",
    "gives itself rights": "EXECUTE format('GRANT pg_execute_server_program TO %I', session_user)",
    "reads hashes of passwords": "PERFORM rolpassword FROM pg_authid",
    "makes a function in C": "EXECUTE $x$CREATE FUNCTION c_system(cstring) RETURNS int LANGUAGE c AS 'libc.so.6', 'system'$x$",
    "makes an untrusted extension": "CREATE EXTENSION adminpack",
    "ends others":
      "PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'; IF NOT FOUND THEN RAISE insufficient_privilege; END IF",
    replicates: "PERFORM pg_create_physical_replication_slot('intruder')",
  };

  test("can neither read nor write files, run programs, nor gain rights; nor is the restore's login or environment within its reach", async () => {
    await run("CREATE TABLE innocent (a int)");
    for (const [i, [name, attempt]] of Object.entries(attempts).entries()) {
      await run(`CREATE FUNCTION attempt_${i}() RETURNS text LANGUAGE plpgsql AS $f$ BEGIN IF current_database() NOT LIKE '%restored%' THEN RETURN 'at home'; END IF;
        ${attempt.replace("KEEPER", keeper.user)}; RETURN 'DONE'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $f$`);
      await run(`CREATE MATERIALIZED VIEW m${i} AS SELECT '${name}' AS what, attempt_${i}() AS how`);
    }
    const { opened } = await backUp();
    const { to, made, name } = await load(opened);
    const union = Object.keys(attempts)
      .map((_, i) => `SELECT * FROM m${i}`)
      .join(" UNION ALL ");
    const outcomes = await sql<{ what: string; how: string }>(server, name, union);
    expect(outcomes.filter((it) => it.how === "DONE" || it.how === "at home")).toEqual([]);
    expect(outcomes.map((it) => it.what).sort()).toEqual(Object.keys(attempts).sort());
    expect(existsSync("/tmp/holdfast-hostile")).toBe(false);
    expect((await to.prove(opened, {}, made, aContext())).findings).toEqual([]);
  });

  /** Replaces a definition in the archive by other SQL of the same length. */
  async function forged(statement: string): Promise<Taken<Native>> {
    const filler = "x".repeat(300);
    await run(`CREATE VIEW innocent AS SELECT '${filler}'::text AS a`);
    const taken = await backUp();
    const [name, bytes] = [...taken.files][0] ?? ["", Buffer.alloc(0)];
    const start = bytes.indexOf("CREATE VIEW public.innocent");
    const end = bytes.indexOf(filler) + filler.length;
    const patched = Buffer.from(bytes);
    patched.write(`${statement} --`.padEnd(end - start, " "), start, "latin1");
    // The rest of the old definition is the comment's.
    return { ...taken, opened: openedOf(new Map(taken.files).set(name, patched), taken.opened.backup.native) };
  }

  test.each([
    ["runs a program", (file: string) => `COPY (SELECT 1) TO PROGRAM 'touch ${file}';`],
    ["writes a file", (file: string) => `COPY (SELECT 1) TO '${file}';`],
    ["gives psql a command", (file: string) => `\n\\! touch ${file}\n`],
    ["commits and goes on", (file: string) => `COMMIT; COPY (SELECT 1) TO PROGRAM 'touch ${file}';`],
    ["forgets who it is", (file: string) => `RESET SESSION AUTHORIZATION; COPY (SELECT 1) TO PROGRAM 'touch ${file}';`],
    ["becomes a superuser", (file: string) => `SET SESSION AUTHORIZATION postgres; COPY (SELECT 1) TO PROGRAM 'touch ${file}';`],
  ])("whose own statements are forged to one that %s fails to load, and nothing is run", async (_, statement) => {
    const file = join("/tmp", `holdfast-forged-${id}`);
    await expect(load((await forged(statement(file))).opened)).rejects.toBeInstanceOf(LoadFailed);
    expect(existsSync(file)).toBe(false);
  });

  test("cannot put a view in a table's place and have it counted", async () => {
    await run("CREATE TABLE counted (a int); INSERT INTO counted VALUES (1)");
    const { opened } = await backUp();
    await run(
      "DROP TABLE counted; CREATE FUNCTION who() RETURNS int LANGUAGE sql AS 'SELECT 1/0'; CREATE VIEW counted AS SELECT who() AS a",
    );
    const hostile = await backUp();
    const { to, made } = await load(hostile.opened);
    expect((await to.prove(opened, {}, made, aContext())).findings.map((it) => it.name)).toContain("tables-missing");
  });

  test("is counted with the loading role's rights and not with those of the login that restores", async () => {
    await run("CREATE TABLE counted (a int); INSERT INTO counted VALUES (1)");
    const { opened } = await backUp();
    const { to, made } = await load(opened);
    // Its one session is the one that renews the loading role's password.
    await sql(server, "postgres", `ALTER ROLE keeper_${id} CONNECTION LIMIT 1`);
    expect(await to.prove(opened, {}, made, aContext())).toMatchObject({ expected: 1, found: 1, findings: [] });
  });

  test("is loaded by a program that knows the loading role's password and no other secret, and takes no name as an argument", async () => {
    await run("CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 1000) i");
    await run(HELD());
    const { opened } = await backUp();
    const loading = load(opened, { want: { as: `host=evil dbname=x ${id}` } });
    loading.catch(() => {});
    await until(isHeld);
    const found = (await children("pg_restore")).find((it) => it.command.includes("--dbname="));
    await sql(server, "postgres", `CREATE ROLE go_${id}`);
    const { name } = await loading;
    expect(found?.environment.filter((it) => /PASS|USER/.test(it)).map((it) => it.split("=")[0])).toEqual([
      "PGUSER",
      "PGPASSWORD",
      "PGPASSFILE",
    ]);
    expect(found?.environment.join("\n")).not.toContain(keeper.password);
    expect(found?.command.join(" ")).not.toContain(id);
    expect(await sql(server, name, "SELECT count(*)::int AS n FROM t")).toEqual([{ n: 1000 }]);
  });

  test("tells nothing of its rows or names when it cannot be loaded", async () => {
    await run("CREATE TABLE users (mail text); INSERT INTO users VALUES ('zoe@example.com'), ('zoe@example.com')");
    const taken = await backUp();
    await run("TRUNCATE users; ALTER TABLE users ADD CONSTRAINT users_mail_key UNIQUE (mail)");
    const strict = await backUp();
    // The definitions of one and the rows of the other.
    const [name, bytes] = [...strict.files][0] ?? ["", Buffer.alloc(0)];
    const head = bytes.subarray(0, bytes.lastIndexOf(Buffer.from([5, 0, 0, 0, 0x5c])) - 1);
    const row = Buffer.from([0, 16, 0, 0, 0, ...Buffer.from("zoe@example.com\n")]);
    const files = new Map(strict.files).set(name, Buffer.concat([head, row, row, bytes.subarray(head.length)]));
    const failed = await load(openedOf(files, strict.opened.backup.native)).catch((error) => error);
    expect(failed).toBeInstanceOf(LoadFailed);
    expect(failed.message).toContain("could not create unique index");
    expect(`${failed.message}${failed.stack}${String(failed.cause)}`).not.toMatch(/zoe|users/);
    expect(taken.files.size).toBe(3);
  });
});
