import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import {
  type Context,
  type Execution,
  ExecutionStopped,
  type Made,
  type Opened,
  type Restore,
  type RestoreFactory,
  type RestorePlan,
  type Step,
  type Surroundings,
  type Want,
} from "@holdfast/core";
import { type Loader, makeDatabase, makeRole, ownedDatabases, removeClaim, renewPassword, roleExists } from "./claim.ts";
import { requireClient } from "./client.ts";
import type { Target } from "./config.ts";
import { type Connect, connector, type Session } from "./connect.ts";
import type { DatabaseContents } from "./contents.ts";
import type { At } from "./dump.ts";
import { ArchiveBroken, DatabaseMissing, RightsMissing, ServerRefused } from "./errors.ts";
import { makeExtensions } from "./extensions.ts";
import { countObjects } from "./inspect.ts";
import { load } from "./load.ts";
import type { Login } from "./login.ts";
import { ident } from "./names.ts";
import type { Native } from "./native.ts";
import { openContents } from "./opencontents.ts";
import { chooseDatabase, DATABASE, planRestore, ROLE, roleOf } from "./planrestore.ts";
import { compareLoaded, lookAtLoaded } from "./prove.ts";
import { readLogin } from "./secret.ts";
import { settingClause } from "./settings.ts";
import { type Facts, survey } from "./survey.ts";

/**
 * Restores one database of a backup into a new one beside what runs. An execution's role `holdfast_{id}` owns all that it makes until the end, so
 * that undo finds it at the target itself, and what does not belong to that role is never touched.
 */
export const restore: RestoreFactory<Native, Target, Facts> = (target, surroundings): Restore<Native, Facts> => {
  const open = (context: Context) => openTarget(target, surroundings, context);
  return {
    survey: (_backup, _want, context) => using(open(context), ({ admin }) => survey(admin, target)),
    plan: (backup, want, facts, execution) => planRestore({ backup, want, facts, execution, target }),
    advance: (plan, opened, want, _made, execution, context) => using(open(context), (at) => advance(at, plan, opened, want, execution)),
    prove: (opened, want, made, context) => using(open(context), async (at) => prove(at, await contentsOf(opened, want), made)),
    finish: (made, execution, context) =>
      using(open(context), async (at) => {
        await finish(at, roleOf(execution));
        return made.filter(({ what }) => what !== ROLE);
      }),
    undo: (execution, context) => using(open(context), ({ admin }) => removeClaim(admin, roleOf(execution))),
  };
};

type Open = { admin: Session; connect: Connect; login: Login; target: Target; surroundings: Surroundings; context: Context };

async function openTarget(target: Target, surroundings: Surroundings, context: Context): Promise<Open> {
  const login = await readLogin(target, surroundings.secrets);
  const connect = connector(login, surroundings, context.signal);
  return { admin: await connect(login.home), connect, login, target, surroundings, context };
}

async function using<R>(opening: Promise<Open>, work: (at: Open) => Promise<R>): Promise<R> {
  const at = await opening;
  try {
    return await work(at);
  } finally {
    await at.admin.end();
  }
}

async function within<R>(session: Session, work: (session: Session) => Promise<R>): Promise<R> {
  try {
    return await work(session);
  } finally {
    await session.end();
  }
}

async function contentsOf(opened: Opened<Native>, want: Want): Promise<DatabaseContents> {
  const chosen = chooseDatabase(opened.backup, want);
  if ("refused" in chosen) throw new DatabaseMissing(want.database ?? "");
  const database = (await openContents(opened)).databases.find((it) => it.name === chosen.database.name);
  if (!database) throw new ArchiveBroken("contents.json", "does not list the database that the manifest lists");
  return database;
}

// ── Making ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function advance(at: Open, plan: RestorePlan, opened: Opened<Native>, want: Want, execution: Execution): Promise<Step> {
  const role = roleOf(execution);
  const name = plan.creates.find((it) => it.what === DATABASE)?.id ?? "";
  const contents = await contentsOf(opened, want);
  const facts = await survey(at.admin, at.target);
  // A try of this very execution that died left a half-loaded database; it is ours to drop.
  await removeClaim(at.admin, role);
  const loader = await makeRole(at.admin, role, facts.version);
  await stillRunning(at, execution);
  await makeDatabase(at.admin, name, role, contents.locale, facts.version);
  await stillRunning(at, execution);
  await loadInto(at, name, loader, opened, contents, facts.version);
  return {
    state: "loaded",
    made: [
      { what: ROLE, id: role },
      { what: DATABASE, id: name },
    ],
  };
}

/** Throws {@link ExecutionStopped} after removing what was made: the undo of a stopped execution may have looked before it was there. */
async function stillRunning({ admin }: Open, execution: Execution): Promise<void> {
  if (await execution.running()) return;
  await removeClaim(admin, roleOf(execution));
  throw new ExecutionStopped(execution.id);
}

async function loadInto(
  at: Open,
  name: string,
  loader: Loader,
  opened: Opened<Native>,
  contents: DatabaseContents,
  version: number,
): Promise<void> {
  const folder = await mkdtemp(join(at.surroundings.scratch, "postgres-"));
  const major = await requireClient(version, at.surroundings);
  const to: At = { login: at.login, surroundings: at.surroundings, folder, major, signal: at.context.signal };
  await within(await at.connect(name), async (admin) =>
    within(await at.connect(name, loader), (own) => makeExtensions(admin, own, loader.user, contents.extensions, at.target.extensions)),
  );
  const bytes = opened.backup.artifacts.find((it) => it.name === contents.dump)?.plainBytes ?? 0;
  const omit = {
    schemas: new Set(contents.extensions.map((it) => it.schemaOid)),
    policies: await policiesWithoutRoles(at.admin, contents),
    extensionTables: new Set(contents.tables.filter((it) => it.kind === "extension").map((it) => it.oid)),
    publicComment: major < 15,
  };
  await load(to, name, loader, { bytes, open: () => opened.open(contents.dump) }, omit);
  await within(await at.connect(name, loader), async (own) => {
    for (const setting of contents.settings) await applySetting(own, name, setting);
    await own.query("gathering statistics", "ANALYZE");
  });
}

/** What takes more rights than the role has is left out; {@link compareLoaded} tells. */
async function applySetting(own: Session, database: string, setting: string): Promise<void> {
  try {
    await own.query("setting a database's parameter", `ALTER DATABASE ${ident(database)} ${settingClause(setting)}`);
  } catch (error) {
    if (!(error instanceof RightsMissing) && !(error instanceof ServerRefused)) throw error;
  }
}

async function policiesWithoutRoles(admin: Session, { policies }: DatabaseContents): Promise<Set<number>> {
  const roles = new Set(
    (await admin.query<{ name: string }>("listing roles", "SELECT rolname AS name FROM pg_roles")).map((row) => row.name),
  );
  return new Set(policies.filter((policy) => !policy.roles.every((role) => roles.has(role))).map((policy) => policy.oid));
}

// ── Proving ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function prove(at: Open, contents: DatabaseContents, made: readonly Made[]) {
  const role = made.find((it) => it.what === ROLE)?.id ?? "";
  const name = made.find((it) => it.what === DATABASE)?.id ?? "";
  const loader = await renewPassword(at.admin, role);
  const loaded = await within(await at.connect(name, loader), (session) => lookAtLoaded(session, countObjects));
  return compareLoaded(contents, loaded, (await policiesWithoutRoles(at.admin, contents)).size);
}

// ── Ending ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function finish(at: Open, role: string): Promise<void> {
  if (!(await roleExists(at.admin, role))) return;
  const owner = ident(at.target.owner ?? at.login.user);
  for (const name of await ownedDatabases(at.admin, role)) {
    await within(await at.connect(name), async (admin) => {
      await admin.query("handing the database over", `REASSIGN OWNED BY ${ident(role)} TO ${owner}`);
      await admin.query("dropping what the role was granted", `DROP OWNED BY ${ident(role)}`);
    });
  }
  await at.admin.query("dropping the loading role", `DROP ROLE ${ident(role)}`);
}
