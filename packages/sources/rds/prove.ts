import type { Context, Finding, Made, Opened, Proven, Surroundings } from "@holdfast/core";
import { connector, type Session } from "../postgres/connect.ts";
import { readLogin } from "../postgres/secret.ts";
import type { Api } from "./api.ts";
import { RdsDatabaseMissing } from "./errors.ts";
import { POINT } from "./planrestore.ts";
import type { Written } from "./recorded.ts";
import type { Restores, Standing } from "./restores.ts";

type At<Settings, Target> = {
  api: Api;
  restores: Restores<Settings, Target>;
  target: Target & { connection?: string | undefined; engineVersion?: string | undefined };
  surroundings: Surroundings;
  context: Context;
};

/**
 * Compares what came up with what was recorded: engine, version, status and every setting. Where the target has a login that lives inside the backup,
 * it is asked too.
 */
export async function prove<Settings, Target>(
  at: At<Settings, Target>,
  { backup: { native } }: Pick<Opened<Written<Settings>>, "backup">,
  made: readonly Made[],
): Promise<Proven> {
  const { api, restores, target } = at;
  const id = made.find(({ what }) => what === restores.noun)?.id ?? "";
  const standing = await restores.look(api, id);
  if (!standing) throw new RdsDatabaseMissing(`${restores.noun} ${id}`);
  const { compared, differ } = restores.differences(restores.effective(native.settings, target), standing.settings);
  const { engine, version, of } = native.snapshot;
  const point = made.find(({ what }) => what === POINT)?.id;
  const wrong = [
    ...(standing.status === "available" ? [] : [`status ${standing.status}`]),
    ...(standing.engine === engine ? [] : [`engine ${standing.engine}`]),
    // A moment comes up with the version that the database itself has now.
    ...(point !== undefined || standing.version === (target.engineVersion ?? version) ? [] : [`version ${standing.version}`]),
  ];
  const expected = compared + 3;
  return {
    unit: "settings",
    thing: restores.noun,
    things: 1,
    expected,
    found: expected - differ.length - wrong.length,
    findings: [
      ...differing([...wrong, ...differ]),
      ...(point === undefined ? [] : [moment(of, point)]),
      ...(await asked(at, standing)),
      ...reachable(standing),
    ],
  };
}

function differing(names: readonly string[]): Finding[] {
  if (names.length === 0) return [];
  const hint = "Look at it in the RDS console, and at the target in the plan.";
  return [{ name: "settings-differ", severity: "refuse", message: `it did not come up as it was recorded: ${names.join(", ")}`, hint }];
}

const moment = (of: string, point: string): Finding => ({
  name: "point-in-time",
  severity: "note",
  message: `it holds what ${of} held at ${point}, taken from its log and from no backup`,
  hint: "Look whether what you miss is there; a moment earlier or later is another restore.",
});

const reachable = ({ endpoint }: Standing<unknown>): Finding[] =>
  endpoint
    ? [
        {
          name: "endpoint",
          severity: "note",
          message: `it listens at ${endpoint.host}:${endpoint.port}`,
          hint: "Logins and passwords are those of the moment of the backup.",
        },
      ]
    : [];

/** Throws what a server says to somebody who cannot log in: the proof asks for what the plan says can be done. */
async function asked(
  { target: { connection }, surroundings, context }: At<unknown, unknown>,
  standing: Standing<unknown>,
): Promise<Finding[]> {
  const { endpoint, engine } = standing;
  if (connection === undefined || endpoint === undefined) return [];
  if (!/^(aurora-)?postgresql?$|^postgres$/.test(engine))
    return [
      { name: "not-asked", severity: "note", message: `nobody logged in, for ${engine} is not spoken here`, hint: "Look inside by hand." },
    ];
  const login = await readLogin({ connection, ...endpoint, tls: undefined }, surroundings.secrets);
  const session = await connector(login, surroundings, context.signal)(login.home);
  try {
    return [await census(session, login.home)];
  } finally {
    await session.end();
  }
}

const TABLES = `SELECT count(*)::int AS tables, coalesce(sum(greatest(reltuples, 0)), 0)::float8 AS rows FROM pg_class
  JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'`;

async function census(session: Session, database: string): Promise<Finding> {
  const [found] = await session.query<{ tables: number; rows: number }>("counting tables", TABLES);
  const { tables = 0, rows = 0 } = found ?? {};
  return {
    name: "answers",
    severity: "note",
    message: `it answers: "${database}" has ${tables} ${tables === 1 ? "table" : "tables"} with about ${Math.round(rows)} rows`,
    hint: "Exact counts stand in the contents of its dump.",
  };
}
