import type { Beside, Context, Finding, Made, Opened, Proven, Surroundings, Want } from "@holdfast/core";
import type { Api } from "./api.ts";
import { RdsDatabaseMissing, RestoredOtherwise, RestoreFailed } from "./errors.ts";
import { lookInside } from "./inside.ts";
import { GROUPED } from "./instancerestores.ts";
import type { LoggingIn, Tokened } from "./login.ts";
import { isSameFamily, POINT, UPGRADED } from "./point.ts";
import type { Written } from "./recorded.ts";
import type { Restores, Standing } from "./restores.ts";
import { isBroken } from "./status.ts";

type At<Settings, Target> = {
  api: Api;
  restores: Restores<Settings, Target>;
  target: Target & LoggingIn & { engineVersion?: string | undefined };
  surroundings: Surroundings;
  context: Context;
};

/**
 * Compares what came up with what was recorded (engine, version, key and every setting), and, where the target has a login that lives inside the
 * backup, its databases with those of the dump beside it. Each setting and each database is one check. What RDS did not apply is no fault of the backup,
 * so it is told and never found wanting. Throws {@link RestoredOtherwise} where it would mislead whoever uses it, but to who says `force`; and
 * {@link RestoreFailed}.
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
  if (isBroken(standing.status)) throw new RestoreFailed(`the ${restores.noun} ${id}`, standing.status);
  const [point, upgraded] = [POINT, UPGRADED].map((marker) => made.find(({ what }) => what === marker)?.id);
  const { compared, differ } = compareStanding(at, native, standing, { point, upgraded });
  const misleading = differ.filter((one) => isMisleading(restores, one)).map(words);
  if (misleading.length > 0 && !want.force) throw new RestoredOtherwise(`the ${restores.noun} ${id}`, misleading);
  const inside = await lookInside(at, standing, beside, want);
  const missed = inside.findings.filter(({ severity }) => severity === "refuse").length;
  const expected = compared - differ.length + inside.databases;
  return {
    unit: "checks",
    thing: restores.noun,
    things: 1,
    expected,
    found: expected - missed,
    findings: [
      ...differing("doubt", misleading),
      ...differing("note", differ.filter((one) => !isMisleading(restores, one)).map(words)),
      ...(point === undefined ? [] : [moment(native.snapshot.of, point)]),
      ...inside.findings,
      ...reachable(standing),
    ],
  };
}

/** `now`: what it is, where that says more than that it is another. */
type Difference = { name: string; now?: string; misleads?: boolean };
const words = ({ name, now }: Difference): string => (now === undefined ? name : `${name} ${now}`);
const isMisleading = ({ misleading }: { misleading: readonly string[] }, { name, misleads }: Difference): boolean =>
  misleads ?? misleading.includes(name);

function compareStanding<Settings, Target>(
  { restores, target }: Pick<At<Settings, Target>, "restores" | "target">,
  { settings, snapshot: { engine, version, key } }: Written<Settings>,
  standing: Standing<Settings>,
  { point, upgraded }: { point: string | undefined; upgraded: string | undefined },
): { compared: number; differ: Difference[] } {
  const { compared, differ } = restores.differences(restores.effective(settings, target), standing.settings);
  const wanted = target.engineVersion ?? version;
  const own = [
    { name: "engine", now: standing.engine, same: standing.engine === engine, misleads: true },
    // A moment comes up with the version and the key that the database itself has now.
    ...(point === undefined
      ? [
          {
            name: "version",
            now: standing.version,
            same: standing.version === wanted,
            misleads: !isSameFamily(engine, standing.version, wanted),
          },
          { name: "key", now: standing.key ?? "none", same: standing.key === key, misleads: true },
        ]
      : []),
  ];
  const settled = differ.map((name) => (upgraded !== undefined && GROUPED.includes(name) ? { name, misleads: false } : { name }));
  return { compared: compared + own.length, differ: [...own.filter(({ same }) => !same), ...settled] };
}

function differing(severity: "doubt" | "note", names: readonly string[]): Finding[] {
  if (names.length === 0) return [];
  const hint = "Change it at RDS where it matters; the target in the plan says what the next restore comes up with.";
  return [{ name: "settings-differ", severity, message: `RDS brought it up otherwise than recorded: ${names.join(", ")}`, hint }];
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
