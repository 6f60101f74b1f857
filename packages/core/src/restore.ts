import { z } from "zod";
import { ArtifactMissing, BackupNotFound, RestoreDiffers, RestoreRefused } from "./backuperrors.ts";
import { catalogue, type Entry, isBackup, stateOf } from "./catalogue.ts";
import { HoldfastError } from "./errors.ts";
import type { Evidence } from "./evidence.ts";
import { pathed } from "./issues.ts";
import { artifactKey, backupId, slotTime } from "./layout.ts";
import { lambdaFits } from "./margins.ts";
import { type Loaded, loadManifest, type OpenPorts, openBackup, requireVerified, slotObjects } from "./opened.ts";
import { InputInvalid, UnknownSource, UnknownTarget } from "./planerrors.ts";
import type { Context } from "./ports/context.ts";
import { ObjectArchived, TooLargeForLambda } from "./ports/errors.ts";
import type { Kind, Proof } from "./ports/kind.ts";
import type { Beside, Execution, Made, Proven, Restore, RestorePlan, Step, Want } from "./ports/restore.ts";
import type { Sign } from "./ports/sign.ts";
import type { Opened } from "./ports/source.ts";
import type { StoreCreate, StoreList, StoreThaw } from "./ports/store.ts";
import { record } from "./record.ts";
import { version } from "./version.ts";

/** What a person types into the console. Three fields are enough: source, target, database. */
export const restoreInput = z.strictObject({
  source: z.string(),
  target: z.string(),
  /** `latest`: the newest verified backup; a time (ISO 8601): the newest verified one at or before it; or a slot. */
  at: z.string().default("latest"),
  /** The store to read from; undefined: the primary one. */
  from: z.string().optional(),
  /** The name of the new database; undefined: one is proposed that does not exist. */
  database: z.string().optional(),
  /** Which of the backup's databases, when it holds several. */
  which: z.string().optional(),
  /** Restore a backup without proof that it can be read. */
  unverified: z.boolean().default(false),
  force: z.boolean().default(false),
});
export type RestoreInput = z.infer<typeof restoreInput>;
export type Names = {
  sources: Readonly<Record<string, string>>;
  targets: Readonly<Record<string, { kind: string; protected: boolean }>>;
  stores: readonly string[];
};

/** A moment without its zone would be another one on another machine, and a day alone is 24 hours wide. */
const moment = z.union([z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })]);

/** Throws {@link InputInvalid}, {@link UnknownSource}, {@link UnknownTarget}: each lists what would be right. */
export function parseRestoreInput(input: unknown, names: Names): RestoreInput {
  refuseSecrets(input);
  const parsed = restoreInput.safeParse(input);
  const [sources, targets] = [Object.keys(names.sources), Object.keys(names.targets)];
  const example = `Write for example {"source": "${sources[0] ?? "…"}", "target": "${targets[0] ?? "…"}"}. Sources: ${listed(sources)}. Targets: ${listed(targets)}.`;
  if (!parsed.success) throw new InputInvalid(`the input is wrong: ${pathed(parsed.error).join("; ")}`, example, { cause: parsed.error });
  const { source, target, at, from } = parsed.data;
  if (!sources.includes(source)) throw new UnknownSource(source, sources);
  if (!targets.includes(target)) throw new UnknownTarget(target, targets);
  const kind = names.sources[source];
  const fitting = targets.filter((name) => names.targets[name]?.kind === kind);
  if (!fitting.includes(target))
    throw new InputInvalid(
      `the target ${target} takes ${names.targets[target]?.kind} and the source ${source} is ${kind}`,
      `Targets that fit: ${fitting.join(", ") || "none; add one to the plan"}.`,
    );
  if (from !== undefined && !names.stores.includes(from))
    throw new InputInvalid(`no store is called "${from}"`, `The stores are: ${listed(names.stores)}.`);
  if (at !== "latest" && slotTime(at) === undefined && !moment.safeParse(at).success)
    throw new InputInvalid(`"${at}" is neither "latest", a slot such as 20261121T020000Z nor a time such as 2026-11-21T09:30:00Z`, example);
  return parsed.data;
}

/**
 * The history of an execution keeps its input for 90 days, for whoever may look. So what opens something has no place there, wherever it is
 * typed; the answer does not repeat it. Throws {@link InputInvalid}.
 */
function refuseSecrets(input: unknown): void {
  const found = textsOf(input).flatMap(([place, text]) => {
    const what = opens(text);
    return what === undefined ? [] : [`${place} looks like ${what}`];
  });
  if (found.length === 0) return;
  throw new InputInvalid(
    `the input holds what must stay secret: ${found.join("; ")}`,
    "Nothing was done with it, and the execution's history shows it: replace it now. Unseal keys are typed at the Vault itself, and logins belong in Secrets Manager.",
  );
}

/** Every text in it with its place, names of fields too. */
function textsOf(value: unknown, place = "the input"): [string, string][] {
  if (typeof value === "string") return [[place, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner], i) => [
    [`the name of field ${i + 1}`, key] as [string, string],
    ...textsOf(inner, opens(key) ? `field ${i + 1}` : key),
  ]);
}

/**
 * Forms of keys and tokens that nobody uses as a name, also among other words (`Unseal Key 1: …`). Shares: 33 bytes in hexadecimal or base64; a key that was
 * never split has 32. In a longer text only base64 of capitals, small letters and digits counts, since paths are written in its letters too.
 */
const keys: readonly [RegExp, string][] = [
  [/(?<![\w.-])(hv[sbr]|[sbr])\.[A-Za-z0-9_-]{20,}/, "a Vault token"],
  [/(?<![0-9a-z])([0-9a-f]{64}|[0-9a-f]{66})(?![0-9a-z])/i, "an unseal key"],
  [/^[A-Za-z0-9+/]{43,44}={0,1}$/, "an unseal key"],
  [/(?<![\w+/-])(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])(?=[A-Za-z+/]*[0-9])[A-Za-z0-9+/]{43,44}=?(?![\w+/=-])/, "an unseal key"],
  [/AGE-SECRET-KEY-1/i, "the private half of an age key"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, "a private key"],
  [/[a-z]+:\/\/[^/\s:]+:[^/\s@]+@/i, "an address with a password"],
];
const opens = (text: string): string | undefined => keys.find(([form]) => form.test(text.trim()))?.[1];

const listed = (names: readonly string[]) => names.join(", ") || "none";

/** What travels between the states: JSON, small, no secret, nothing from inside the backup. */
export type Survey<Facts> = {
  backup: { source: string; slot: string; version: string; digest: string };
  want: Want;
  target: string;
  from?: string | undefined;
  facts: Facts;
};
export type Planned<Facts> = Survey<Facts> & { plan: RestorePlan };

export type RestorePorts<Native, Facts> = OpenPorts & {
  kind: Pick<Kind<unknown, Native>, "name" | "native" | "verified" | "moments" | "replaces">;
  list: StoreList;
  thaw?: StoreThaw | undefined;
  restore: Restore<Native, Facts>;
  /** What the runner can hold on disk and load in its time. */
  fits: { disk: number; bytes: number };
  /** The sources that the backup's own source brings along. */
  brought?: readonly { source: string; verified: readonly Proof[] }[];
};
export const lambdaRestoreBytes = lambdaFits("restore");

/** Chooses the backup and looks at the target; changes nothing. Throws {@link BackupNotFound}, {@link BackupUnverified}, and what the target throws. */
export async function survey<Native, Facts>(
  input: RestoreInput,
  ports: RestorePorts<Native, Facts>,
  context: Context,
): Promise<Survey<Facts>> {
  const entry = chooseBackup(await catalogue(ports.list, input.source), input, ports.kind);
  const loaded = await loadManifest(entry, ports, context.signal);
  const settingsOnly = carries(entry, input, ports.kind) || undefined;
  if (!input.unverified && !settingsOnly) await requireVerified(entry, loaded, ports.kind, ports, context.signal);
  const time = isMoment(input.at) ? new Date(input.at).toISOString() : undefined;
  const want: Want = { database: input.which, as: input.database, time, settingsOnly, force: input.force };
  const { backup } = openBackup(loaded, ports.kind, ports, context.signal);
  const facts = await ports.restore.survey(backup, want, context);
  return {
    backup: { source: entry.source, slot: entry.slot, version: loaded.version, digest: loaded.digest },
    want,
    target: input.target,
    from: input.from,
    facts,
  };
}

type Chosen = Pick<RestoreInput, "at" | "unverified">;
type Choosing = Pick<Kind, "verified" | "moments">;
const isMoment = (at: string): boolean => at !== "latest" && slotTime(at) === undefined;
const isUsable = (entry: Entry, { unverified }: Chosen, { verified }: Choosing): boolean => {
  const state = stateOf(entry, verified);
  return isBackup(entry) && (unverified ? state !== "pruned" : state === "verified");
};

/**
 * Pure. Where a kind can go to a moment itself, the backup that it is given for one that no backup is of is the nearest whose manifest stands: see
 * {@link carries}. Throws {@link BackupNotFound} and says what there is instead.
 */
export function chooseBackup(entries: readonly Entry[], input: Pick<RestoreInput, "source"> & Chosen, kind: Choosing): Entry {
  const standing = (entry: Entry) => stateOf(entry, kind.verified);
  const backups = entries.filter((entry) => isBackup(entry) && (standing(entry) !== "pruned" || entry.slot === input.at));
  const usable = backups.filter((entry) => isUsable(entry, input, kind));
  const slot = slotTime(input.at);
  const chosen = slot
    ? backups.find((entry) => entry.slot === input.at)
    : input.at === "latest"
      ? usable.at(-1)
      : (usable.findLast((entry) => entry.at.getTime() <= Date.parse(input.at)) ?? carrier(entries, input.at, kind));
  if (chosen && slot && standing(chosen) === "pruned")
    throw new BackupNotFound(
      `${backupId(chosen)} is gone: retention deleted what it was made of`,
      instead(backups, usable, input.unverified),
    );
  if (chosen) return chosen;
  if (kind.moments && isMoment(input.at))
    throw new BackupNotFound(
      `nothing tells with which settings ${input.source} should come up as of ${input.at}: it has no backup of any time`,
      `Make one with \`holdfast backup ${input.source}\` and ask again: a moment before it can then be gone to as well.`,
    );
  const wanted = input.unverified || slot ? "backup" : "verified backup";
  const when = input.at === "latest" ? "" : slot ? ` at ${input.at}` : ` at or before ${input.at}`;
  throw new BackupNotFound(`there is no ${wanted} of ${input.source}${when}`, instead(backups, usable, input.unverified));
}

/** What was proven once, and nearest: settings change with time. */
function carrier(entries: readonly Entry[], at: string, { moments, verified }: Choosing): Entry | undefined {
  const far = (entry: Entry) => Math.abs(entry.at.getTime() - Date.parse(at));
  const proven = (entry: Entry) => (["verified", "pruned"].includes(stateOf(entry, verified)) ? 0 : 1);
  const backups = moments ? entries.filter(isBackup) : [];
  return backups.toSorted((a, b) => proven(a) - proven(b) || far(a) - far(b))[0];
}

/** Whether a backup was chosen for its settings alone, since its data are of a later moment, are gone or unproven. Pure. */
export const carries = (entry: Entry, input: Chosen, kind: Choosing): boolean =>
  isMoment(input.at) && (entry.at.getTime() > Date.parse(input.at) || !isUsable(entry, input, kind));

function instead(backups: readonly Entry[], usable: readonly Entry[], unverified: boolean): string {
  const [oldest, newest] = [usable[0], usable.at(-1)];
  if (oldest && newest) return `The newest ${unverified ? "" : "verified "}one is ${backupId(newest)}, the oldest ${backupId(oldest)}.`;
  if (backups.length === 0) return "It has no backups at all.";
  return `It has ${backups.length} without proof; look at their evidence, or say "unverified": true.`;
}

async function reopen<Native, Facts>(
  of: Survey<Facts>,
  ports: RestorePorts<Native, Facts>,
  context: Context,
): Promise<{ loaded: Loaded; opened: Opened<Native> }> {
  const loaded = await loadManifest({ source: of.backup.source, slot: of.backup.slot, version: of.backup.version }, ports, context.signal);
  if (loaded.digest !== of.backup.digest)
    throw new BackupNotFound(
      `the manifest of ${backupId(of.backup)} is not the one that was surveyed`,
      "Start the restore again, and have the store looked at.",
    );
  return { loaded, opened: openBackup(loaded, ports.kind, ports, context.signal) };
}

/** Decides what will be made and refuses what must not be. Throws {@link RestoreRefused} and {@link TooLargeForLambda}; nothing was made. */
export async function planRestore<Native, Facts>(
  of: Survey<Facts>,
  execution: { id: string },
  ports: RestorePorts<Native, Facts>,
  context: Context,
): Promise<Planned<Facts>> {
  const { opened } = await reopen(of, ports, context);
  const plan = ports.restore.plan(opened.backup, of.want, of.facts, execution);
  if ("refused" in plan) throw new RestoreRefused(plan.refused);
  const bytes = opened.backup.artifacts.reduce((sum, a) => sum + a.plainBytes, 0);
  if (bytes > ports.fits.bytes)
    throw new TooLargeForLambda(
      `${backupId(of.backup)} holds ${bytes} bytes, and this runner loads at most ${ports.fits.bytes} in its time`,
      byHand,
    );
  if (plan.needsDisk > ports.fits.disk)
    throw new TooLargeForLambda(
      `${backupId(of.backup)} needs ${plan.needsDisk} bytes of disk to load, and this runner has ${ports.fits.disk}`,
      byHand,
    );
  return { ...of, plan };
}

const byHand = "Fetch it with `holdfast fetch` and load it with pg_restore by hand; docs/recover.md has the commands.";

/**
 * Asks archived artifacts back. Answers `ready` when every one can be read now. Throws {@link ArtifactMissing}, and {@link ObjectArchived}
 * where the store cannot bring back what it archived.
 */
export async function thaw<Native, Facts>(
  of: Survey<Facts>,
  ports: RestorePorts<Native, Facts>,
  context: Context,
): Promise<{ state: "ready" | "thawing" }> {
  const { loaded } = await reopen(of, ports, context);
  const present = await slotObjects(of.backup, ports.list);
  let state: "ready" | "thawing" = "ready";
  for (const artifact of loaded.manifest.artifacts) {
    const key = artifactKey(loaded.manifest, artifact.name, artifact.compressed);
    const found = present.get(key);
    if (!found) throw new ArtifactMissing(key);
    if (found.access === "now") continue;
    if (!ports.thaw) throw new ObjectArchived(key);
    if (found.access === "thawing" || (await ports.thaw.thaw(found, thawDays)) !== "ready") state = "thawing";
  }
  return { state };
}
/** Long enough for a slow restore and a second try at it. */
const thawDays = 3;

export async function advance<Native, Facts>(
  of: Planned<Facts>,
  made: readonly Made[],
  execution: Execution,
  ports: RestorePorts<Native, Facts>,
  context: Context,
): Promise<Step> {
  const { opened } = await reopen(of, ports, context);
  return await ports.restore.advance(of.plan, opened, of.want, made, execution, context);
}

/** `notes`: what a person must know or do now, for the notice. */
export type Comparison = { unit: string; thing: string; things: number; expected: number; found: number; notes: string[] };
/** A comparison, and the evidence of it where the plan says that what was loaded is the backup's own data. */
export type RestoreCompared = { comparison: Comparison; evidence: Evidence | undefined; differs: RestoreDiffers | undefined };

/**
 * Compares what was loaded with the backup's own contents and records it as signed evidence `restored`, also when they differ; but nothing where
 * the plan says that it is not the backup's own data. Throws {@link RestoreDiffers} after recording; the workflow then undoes.
 */
export async function prove<Native, Facts>(
  of: Planned<Facts>,
  made: readonly Made[],
  execution: { id: string },
  ports: RestorePorts<Native, Facts> & { create: StoreCreate; sign: Sign },
  context: Context,
): Promise<Comparison> {
  const { comparison, evidence, differs } = await compareRestored(of, made, execution, ports, context);
  if (evidence) await record(evidence, ports, context);
  if (differs) throw differs;
  return comparison;
}

/** What {@link prove} finds out. Records nothing, for whoever may read the backup and not write to its store. */
export async function compareRestored<Native, Facts>(
  of: Planned<Facts>,
  made: readonly Made[],
  execution: { id: string },
  ports: RestorePorts<Native, Facts>,
  context: Context,
): Promise<RestoreCompared> {
  const started = context.now();
  const { opened } = await reopen(of, ports, context);
  const proven = await ports.restore.prove({ ...opened, beside: await besideOf(of, ports, context) }, of.want, made, context);
  const { unit, thing, things, expected, found, findings } = proven;
  const counts = { unit, thing, things, expected, found };
  const differs = expected !== found || findings.some((f) => f.severity === "refuse") ? differing(of, proven, ports.kind) : undefined;
  const evidence: Evidence = {
    format: "holdfast-evidence/1",
    proof: "restored",
    verdict: differs ? "failed" : "ok",
    source: of.backup.source,
    slot: of.backup.slot,
    manifest: of.backup.digest,
    run: execution.id,
    at: context.now().toISOString(),
    seconds: (context.now().getTime() - started.getTime()) / 1000,
    holdfast: version,
    findings,
    details: { target: of.target, ...counts },
  };
  const notes = findings.map(({ message, hint }) => `${message}. ${hint}`);
  return { comparison: { ...counts, notes }, evidence: of.plan.proves === false ? undefined : evidence, differs };
}

function differing(
  of: Survey<unknown>,
  { found, expected, unit, findings }: Omit<Proven, "thing" | "things">,
  { replaces }: Pick<Kind, "replaces">,
): RestoreDiffers {
  // What was replaced is gone: whoever undoes has nothing to put in its place.
  const left = replaces ? "The target holds what was loaded, and nothing brings back what it held before." : "What was made is removed.";
  return new RestoreDiffers(
    `${backupId(of.backup)} was loaded and differs: ${found} of ${expected} ${unit}; ${findings.map((f) => f.message).join("; ")}`,
    `${left} The evidence has the findings; restore an earlier backup if you need one now.`,
  );
}

/** Of each source that this one brings along the verified backup nearest in time, by its signed manifest. One that cannot be believed is left out. */
async function besideOf<Native, Facts>(of: Survey<Facts>, ports: RestorePorts<Native, Facts>, context: Context): Promise<Beside[]> {
  const moment = of.want.time === undefined ? (slotTime(of.backup.slot)?.getTime() ?? 0) : Date.parse(of.want.time);
  const found: Beside[] = [];
  for (const { source, verified } of ports.brought ?? []) {
    const entries = (await catalogue(ports.list, source)).filter((entry) => isBackup(entry) && stateOf(entry, verified) === "verified");
    const far = (entry: Entry) => Math.abs(entry.at.getTime() - moment);
    const [nearest] = entries.toSorted((a, b) => far(a) - far(b));
    if (!nearest) continue;
    try {
      const { manifest } = await loadManifest(nearest, ports, context.signal);
      found.push({ source, kind: manifest.kind, slot: manifest.slot, native: manifest.native });
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.fault !== "backup") throw error;
    }
  }
  return found;
}
