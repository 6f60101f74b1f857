import type { Backup, Finding, RestorePlan, Want } from "@holdfast/core";
import { majorOf, versionText } from "./client.ts";
import { identifier, type Target } from "./config.ts";
import type { Native, NativeDatabase } from "./native.ts";
import type { Facts } from "./survey.ts";

export const ROLE = "role";
export const DATABASE = "database";
/** The login of one execution. Whatever it owns was made by that execution; nothing else ever bears such a name. */
export const roleOf = (execution: { id: string }): string => `holdfast_${execution.id}`;

type Input = { backup: Backup<Native>; want: Want; facts: Facts; target: Pick<Target, "extensions">; execution: { id: string } };

/** Decides what a restore would make, or why there can be none. Pure. */
export function planRestore(input: Input): RestorePlan | { refused: Finding } {
  const { backup, want, facts, execution } = input;
  const chosen = chooseDatabase(backup, want);
  if ("refused" in chosen) return chosen;
  const { database } = chosen;
  const refused = refuseServer(backup.native, facts) ?? refuseRights(facts) ?? refuseExtensions(database, input) ?? refuseName(want, facts);
  if (refused) return { refused };
  const name = want.as ?? proposeName(database.name, backup.slot, facts.databases);
  const bytes = backup.artifacts.find((it) => it.name === database.dump)?.plainBytes ?? 0;
  return {
    creates: [
      { what: ROLE, id: roleOf(execution) },
      { what: DATABASE, id: name },
    ],
    steps: [
      `make the role ${roleOf(execution)}, without superuser's or any other right, and the database ${name} owned by it`,
      ...(database.extensions.length > 0 ? [`make the extensions ${database.extensions.join(", ")} in it`] : []),
      `load ${database.dump} (${bytes} bytes, ${database.tables} tables, ${database.rows} rows) as that role`,
      "compare every table's rows, the sequences and the large objects with the backup's contents",
      `give all of it to ${facts.owner.name} and drop the role`,
    ],
    needsDisk: bytes,
  };
}

/** Which of the backup's databases is wanted. Also for the steps after the plan, which then need no more than the want. */
export function chooseDatabase(
  { native, source, slot }: Pick<Backup<Native>, "native" | "source" | "slot">,
  want: Pick<Want, "database">,
): { database: NativeDatabase } | { refused: Finding } {
  const names = native.databases.map((it) => it.name).join(", ");
  const [only, ...others] = native.databases;
  if (want.database === undefined) {
    if (only && others.length === 0) return { database: only };
    return { refused: refusal("which-database", `${source}/${slot} holds several databases`, `Name one of them: ${names}.`) };
  }
  const database = native.databases.find((it) => it.name === want.database);
  if (database) return { database };
  return { refused: refusal("no-such-database", `${source}/${slot} holds no database "${want.database}"`, `It holds: ${names}.`) };
}

/** The major versions that the layer has clients of, by scripts/layers/pinned.mjs; a test compares. */
export const MAJORS: readonly number[] = [14, 15, 16, 17, 18];

function refuseServer({ server }: Native, { version }: Facts): Finding | undefined {
  if (majorOf(version) < majorOf(server)) {
    return refusal(
      "target-older",
      `the backup is of PostgreSQL ${versionText(server)} and the target is ${versionText(version)}`,
      "An older server does not understand a newer one's dump. Choose a target of the same major version or a later one.",
    );
  }
  if (MAJORS.includes(majorOf(version))) return undefined;
  return refusal(
    "server-version-unsupported",
    `the target is PostgreSQL ${majorOf(version)}, and there is no client for it`,
    `Clients of ${MAJORS.join(", ")} are at hand.`,
  );
}

function refuseRights({ login, owner, version }: Facts): Finding | undefined {
  // From 16 on a membership itself says that it inherits.
  const inherits = login.inherits || version >= 160000;
  const needed = { CREATEDB: login.createDatabases, CREATEROLE: login.createRoles, INHERIT: inherits };
  const missing = Object.entries(needed).flatMap(([right, has]) => (has ? [] : [right]));
  if (!login.superuser && missing.length > 0) {
    return refusal(
      "missing-rights",
      `the target's login ${login.name} lacks ${missing.join(" and ")}`,
      `Give it with ALTER ROLE; it need not be a superuser.`,
    );
  }
  if (!owner.exists)
    return refusal("owner-missing", `the target has no role ${owner.name}`, "Make it, or correct owner in the plan's target.");
  if (owner.usable) return undefined;
  return refusal(
    "owner-out-of-reach",
    `the target's login ${login.name} may not give anything to ${owner.name}`,
    `Make it a member: GRANT ${owner.name} TO ${login.name}.`,
  );
}

function refuseExtensions({ extensions }: NativeDatabase, { facts, target }: Input): Finding | undefined {
  const available = new Map(facts.extensions.map((it) => [it.name, it.trusted]));
  const missing = extensions.filter((name) => !available.has(name));
  if (missing.length > 0) {
    return refusal(
      "extension-unavailable",
      `the target cannot install ${missing.join(", ")}`,
      "Install what it needs on the target's host, or choose a server that has it.",
    );
  }
  const untrusted = extensions.filter((name) => !available.get(name) && !target.extensions.includes(name));
  if (untrusted.length === 0) return undefined;
  return refusal(
    "extension-not-allowed",
    `the backup needs ${untrusted.join(", ")}, which only a login with more rights may make`,
    `List them under the target's extensions in the plan, if a dump may have them there.`,
  );
}

function refuseName({ as }: Want, { databases }: Facts): Finding | undefined {
  if (as === undefined) return undefined;
  const wrong = identifier.safeParse(as).error?.issues[0]?.message;
  if (wrong)
    return refusal("name-unusable", `the name for the new database ${wrong}`, "Choose another, or leave it out and one is made up.");
  if (!databases.includes(as)) return undefined;
  return refusal(
    "database-exists",
    `the target has a database "${as}" already`,
    "It was not touched, and never is. Choose another name, or leave it out and one is made up.",
  );
}

const NAME_BYTES = 63;
const MOST_TRIES = 99;

/** `shop_restored_202611210200`, or the first of `…_2`, `…_3` that is free. */
export function proposeName(database: string, slot: string, taken: readonly string[]): string {
  const suffix = `_restored_${slot.replaceAll(/\D/g, "").slice(0, 12)}`;
  for (let i = 1; i <= MOST_TRIES; i++) {
    const end = i === 1 ? suffix : `${suffix}_${i}`;
    const name = cut(database, NAME_BYTES - end.length) + end;
    if (!taken.includes(name)) return name;
  }
  return cut(database, NAME_BYTES - suffix.length) + suffix;
}

/** At most so many bytes of UTF-8, and no half characters. */
function cut(text: string, bytes: number): string {
  let end = "";
  for (const character of text) {
    if (Buffer.byteLength(end + character) > bytes) break;
    end += character;
  }
  return end;
}

function refusal(name: string, message: string, hint: string): Finding {
  return { name, severity: "refuse", message, hint };
}
