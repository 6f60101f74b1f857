import type { Beside, Context, Finding, Made, Opened, Proven, Surroundings, Want } from "@holdfast/core";
import type { Api } from "./api.ts";
import { RdsDatabaseMissing } from "./errors.ts";
import { lookInside } from "./inside.ts";
import type { LoggingIn, Tokened } from "./login.ts";
import { POINT } from "./planrestore.ts";
import type { Written } from "./recorded.ts";
import type { Restores, Standing } from "./restores.ts";

type At<Settings, Target> = {
  api: Api;
  restores: Restores<Settings, Target>;
  target: Target & LoggingIn & { engineVersion?: string | undefined };
  surroundings: Surroundings;
  context: Context;
};

/**
 * Compares what came up with what was recorded (engine, version, status and every setting), and, where the target has a login that lives inside the
 * backup, its databases with those of the dump beside it. Each setting and each database is one check.
 */
export async function prove<Settings extends Tokened, Target>(
  at: At<Settings, Target>,
  { backup: { native }, beside = [] }: Pick<Opened<Written<Settings>>, "backup"> & { beside?: readonly Beside[] },
  want: Want,
  made: readonly Made[],
): Promise<Proven> {
  const { api, restores } = at;
  const id = made.find(({ what }) => what === restores.noun)?.id ?? "";
  const standing = await restores.look(api, id);
  if (!standing) throw new RdsDatabaseMissing(`${restores.noun} ${id}`);
  const point = made.find(({ what }) => what === POINT)?.id;
  const { compared, wrong } = compareStanding(at, native, standing, point);
  const inside = await lookInside(at, standing, beside, want);
  const missed = wrong.length + inside.findings.filter(({ severity }) => severity === "refuse").length;
  const expected = compared + inside.databases;
  return {
    unit: "checks",
    thing: restores.noun,
    things: 1,
    expected,
    found: expected - missed,
    findings: [
      ...differing(wrong),
      ...(point === undefined ? [] : [moment(native.snapshot.of, point)]),
      ...inside.findings,
      ...reachable(standing),
    ],
  };
}

function compareStanding<Settings, Target>(
  { restores, target }: Pick<At<Settings, Target>, "restores" | "target">,
  { settings, snapshot: { engine, version } }: Written<Settings>,
  standing: Standing<Settings>,
  point: string | undefined,
): { compared: number; wrong: string[] } {
  const { compared, differ } = restores.differences(restores.effective(settings, target), standing.settings);
  const own = [
    ["status", standing.status, "available"],
    ["engine", standing.engine, engine],
    // A moment comes up with the version that the database itself has now.
    ["version", standing.version, point === undefined ? (target.engineVersion ?? version) : standing.version],
  ] as const;
  const wrong = own.flatMap(([name, found, wanted]) => (found === wanted ? [] : `${name} ${found}`));
  return { compared: compared + own.length, wrong: [...wrong, ...differ] };
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
