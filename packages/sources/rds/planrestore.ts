import { type Backup, type Finding, type Made, type RestorePlan, slotId, type Want } from "@holdfast/core";
import { isIdentifier, proposed } from "./names.ts";
import { POINT, pointOf as pointAt, UPGRADED } from "./point.ts";
import type { Written } from "./recorded.ts";
import type { Restores } from "./restores.ts";
import type { Facts } from "./survey.ts";

/** Where what was made is reached. */
export const ENDPOINT = "endpoint";

export type Input<Settings, Target> = {
  restores: Restores<Settings, Target>;
  backup: Pick<Backup<Written<Settings>>, "slot" | "native">;
  want: Want;
  facts: Facts;
  target: Target & { names: string; engineVersion?: string | undefined };
};
/** As much of it as most decisions need. */
type Seen = {
  restores: Pick<Restores<unknown, unknown>, "noun" | "chooseVersion">;
  backup: { slot: string; native: Pick<Written<unknown>, "snapshot"> };
  want: Want;
  facts: Facts;
  target: { names: string; engineVersion?: string | undefined };
};
type Check = (input: Seen) => Finding | undefined;

/** Decides what a restore would make, or why there can be none. Pure. */
export function planRestore<Settings, Target>(input: Input<Settings, Target>): RestorePlan | { refused: Finding } {
  const refused = checks.map((check) => check(input)).find((it) => it !== undefined);
  if (refused) return { refused };
  const { restores, backup, target } = input;
  const settings = restores.effective(backup.native.settings, target);
  const ended = restores.refuses(settings);
  if (ended) return { refused: { ...ended, severity: "refuse" } };
  const point = pointOf(input);
  const creates: Made[] = [
    ...restores.creates(identifierOf(input, point), settings),
    ...(point ? [{ what: POINT, id: point, passing: true as const }] : []),
    ...(point && input.facts.upgraded ? [{ what: UPGRADED, id: input.facts.upgraded, passing: true as const }] : []),
  ];
  return { creates, steps: stepsOf(input, creates, point), needsDisk: 0, ...(point ? { proves: false } : {}) };
}

/** Named after the moment whose data it has. */
const identifierOf = ({ want, target, backup, facts }: Seen, point: string | undefined): string =>
  want.as ?? proposed(target.names, backup.native.snapshot.of, point ? slotId(new Date(point)) : backup.slot, facts.taken);

const pointOf = ({ want, facts, backup }: Seen): string | undefined => pointAt(want, facts.window, backup.native.snapshot);

// ── Refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const checks: readonly Check[] = [
  refuseParts,
  refuseName,
  refuseTaken,
  refuseFuture,
  refuseMoment,
  refuseSnapshot,
  refuseKey,
  refuseVersion,
  refuseGroups,
  refuseClass,
  refuseFull,
];

const refusal = (name: string, message: string, hint: string): Finding => ({ name, severity: "refuse", message, hint });

function refuseParts({ want, restores }: Seen): Finding | undefined {
  if (want.database === undefined) return undefined;
  return refusal(
    "no-parts",
    `${a(restores.noun)} is restored whole, and the input names one of its databases`,
    'Leave "which" out. To restore one database, restore the dump beside it: the source of the same name with -dump.',
  );
}
const a = (noun: string) => (noun === "instance" ? "an instance" : `a ${noun}`);

function refuseName({ want: { as }, target: { names } }: Seen): Finding | undefined {
  if (as === undefined || (as.startsWith(names) && isIdentifier(as))) return undefined;
  return refusal(
    "name-not-allowed",
    `a restore cannot make something called "${as}"`,
    `Names begin with "${names}" (the restoring role can delete nothing else), then lower-case letters, digits and single hyphens, 60 at most.`,
  );
}

function refuseTaken({ want: { as }, facts, restores }: Seen): Finding | undefined {
  if (as === undefined || !facts.taken.includes(as)) return undefined;
  return refusal(
    "target-taken",
    `there is ${a(restores.noun)} ${as} already`,
    'Nothing that exists is ever replaced. Choose another name, or leave "database" out and one is proposed.',
  );
}

/** What was written last is shipped every five minutes; a backup of last night is not what somebody means who asks for a moment ago. */
function refuseFuture({ want: { time }, facts: { window } }: Seen): Finding | undefined {
  if (time === undefined || window === undefined || Date.parse(time) <= Date.parse(window.latest)) return undefined;
  return refusal(
    "time-not-reached",
    `${time} is later than RDS can restore to now, which is ${window.latest}`,
    'Say that time, or wait: it moves on every five minutes. "latest" restores the newest backup.',
  );
}

/** There is no backup to take instead: the one at hand is here for its settings. */
function refuseMoment(input: Seen): Finding | undefined {
  const { want, facts, backup } = input;
  if (!want.settingsOnly || pointOf(input)) return undefined;
  const { of } = backup.native.snapshot;
  return refusal(
    "time-not-kept",
    `no usable backup of ${of} is of ${want.time} or before it, and ${facts.window ? `its log begins at ${facts.window.earliest}` : "it has no automated backups"}`,
    facts.window
      ? 'Say a time since then; "latest" restores the newest backup.'
      : 'Its log is kept while it exists under that name with automated backups on. "latest" restores the newest backup.',
  );
}

function refuseSnapshot(input: Seen): Finding | undefined {
  const { facts, backup } = input;
  if (facts.snapshot === "available" || pointOf(input)) return undefined;
  const { id } = backup.native.snapshot;
  return facts.snapshot === "gone"
    ? refusal("snapshot-gone", `the snapshot ${id} does not exist any more`, "Restore another backup; CloudTrail knows who deleted it.")
    : refusal("snapshot-not-available", `the snapshot ${id} is ${facts.snapshot}`, "Only what is available can be restored.");
}

function refuseKey({ facts, backup }: Seen): Finding | undefined {
  if (facts.key === "none" || facts.key === "Enabled") return undefined;
  const { key } = backup.native.snapshot;
  return refusal(
    "key-unusable",
    `the key ${key} is ${facts.key}`,
    "Enable it, cancel its deletion, or let its policy allow this account; nothing under it can be restored before.",
  );
}

/** A moment comes up with the version of the database itself, which runs. */
function refuseVersion(input: Seen): Finding | undefined {
  const { facts, backup, restores, target } = input;
  const { engine, version, id } = backup.native.snapshot;
  const wanted = (restores.chooseVersion && target.engineVersion) || version;
  if (facts.offered.includes(wanted) || pointOf(input)) return undefined;
  return refusal(
    "version-not-offered",
    `RDS does not offer ${engine} ${wanted} any more, but ${offeredOf(facts.offered, wanted)}`,
    restores.chooseVersion
      ? "Give the target one of them as engineVersion in the plan."
      : `Upgrade the snapshot first: aws rds modify-db-snapshot --db-snapshot-identifier ${id} --engine-version …`,
  );
}

/** Those of the same major version where there are any, the newest first. */
function offeredOf(offered: readonly string[], version: string): string {
  const major = version.split(".")[0];
  const same = offered.filter((one) => one.split(".")[0] === major);
  return (same.length > 0 ? same : offered).toReversed().slice(0, 8).join(", ") || "nothing of it";
}

function refuseGroups({ facts: { missing } }: Seen): Finding | undefined {
  const [first] = missing;
  if (!first) return undefined;
  const words = missing.map(({ override, name }) => `${override} ${name}`).join(", ");
  return refusal(
    "group-gone",
    `what it was restored into does not exist any more: ${words}`,
    `Give the target another ${missing.map(({ override }) => override).join(" and ")} in the plan, or make it again under that name.`,
  );
}

function refuseClass({ facts: { unavailable, version }, backup }: Seen): Finding | undefined {
  if (unavailable.length === 0) return undefined;
  return refusal(
    "class-not-offered",
    `${unavailable.join(", ")} cannot be had with ${backup.native.snapshot.engine} ${version} in this region`,
    "Give the target another instanceClass in the plan.",
  );
}

function refuseFull({ facts: { room } }: Seen): Finding | undefined {
  const full = room.find(({ used, max, needs }) => max > 0 && used + needs > max);
  if (!full) return undefined;
  const { used, max, needs, what } = full;
  return refusal(
    "quota-full",
    `this account and region have ${used} of ${max} ${what}s, and the restore needs ${needs}`,
    "Delete what earlier restores left, or have the quota raised.",
  );
}

// ── What will be done, for people ────────────────────────────────────────────────────────────────────────────────────────────

function stepsOf(input: Seen, creates: readonly Made[], point: string | undefined): string[] {
  const { backup, want, facts, target } = input;
  const { snapshot } = backup.native;
  const from = point
    ? `from the log of ${snapshot.of} up to ${point}, instead of from a backup`
    : `from the snapshot ${snapshot.id}, with the data of ${snapshot.taken}`;
  const missed = want.time !== undefined && !point ? [notInWindow(want.time, facts)] : [];
  const names = creates.flatMap(({ what, id }) => (what === POINT || what === UPGRADED ? [] : `${what} ${id}`));
  const overridden = Object.keys(target).filter((field) => OVERRIDES.includes(field));
  return [
    ...missed,
    `make ${names.join(", ")} ${from}; ${snapshot.of} goes on as it is`,
    `give it the settings that the backup ${backup.slot} recorded${overridden.length > 0 ? `, but for ${overridden.join(", ")} of the target` : ""}`,
    ...(point && facts.upgraded
      ? [
          `give it the default groups of parameters and options, but for those that the target names: ${snapshot.of} has version ${facts.upgraded} by now, and the recorded ones are of ${snapshot.version}`,
        ]
      : []),
    "wait until it is available: minutes to hours; blocks that nobody read yet are slow at first",
    "look whether it is as it was recorded",
    ...(point
      ? [`nothing is recorded about a backup: what comes up is ${snapshot.of} as it was at ${point}, and no backup is of that moment`]
      : []),
  ];
}
const OVERRIDES = [
  "instanceClass",
  "subnetGroup",
  "securityGroups",
  "parameterGroup",
  "clusterParameterGroup",
  "optionGroup",
  "multiAz",
  "port",
  "publiclyAccessible",
  "engineVersion",
  "instances",
];

const notInWindow = (time: string, { window }: Facts): string =>
  window
    ? `take the newest backup before ${time}, since the log begins at ${window.earliest}`
    : `take the newest backup before ${time}, since there are no automated backups`;
