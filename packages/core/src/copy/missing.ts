import { type Entry, stateOf } from "../catalogue.ts";
import { copiedDays, copiedTo, copyVerdict } from "../copies.ts";
import type { RetainSource, StandingBackup } from "../judge.ts";
import { type BackupId, backupId, isArtifactKey } from "../layout.ts";
import type { Context } from "../ports/context.ts";
import type { Finding } from "../ports/finding.ts";
import type { TrustedKeys } from "../ports/sign.ts";
import { type Lack, lackingKeys, lackOf } from "./lack.ts";
import type { Origins } from "./pinned.ts";

export type Failed = BackupId & { finding: Finding };
/** What was counted: whole backups, their files (artifacts, signatures), evidence about them, and public keys. */
export type Counted = { backups: number; files: number; evidence: number; keys: number };
export type Missing = {
  /** Whose copies are none any more. */
  failed: Failed[];
  /** Whose copies lack something that copying again brings. */
  again: BackupId[];
  counted: Counted;
};
type Backups = ReadonlyMap<string, StandingBackup>;
type Sides = { here: Backups; there: Backups; wanted: ReadonlySet<string> };
type Ports = { name: string; first: Origins; list: Origins["list"]; trusted: TrustedKeys };
/** How one copy stands. `mends`: copying again brings what is missing. */
type Stands = { finding: Finding | undefined; mends: boolean; counted: Partial<Counted> };

const day = 86_400_000;

/**
 * Holds the listings of both stores against each other, of what was read and the tiers want. A backup that was never copied is missed as long as its
 * copy is asked for ({@link copiedDays}), a copy that was made as long as it is wanted. What moved to an archive here is told, and not asked for again:
 * nobody could copy it.
 */
export async function findMissing(source: RetainSource, sides: Sides, ports: Ports, context: Context): Promise<Missing> {
  const since = context.now().getTime() - copiedDays(source.keep) * day;
  const found: Missing = { failed: [], again: [], counted: { backups: 0, files: 0, evidence: 0, keys: 0 } };
  for (const entry of sides.here.values()) {
    context.signal.throwIfAborted();
    if (!sides.wanted.has(entry.slot) || !wasRead(entry, source)) continue;
    const twin = sides.there.get(entry.slot);
    const { finding, mends, counted } = twin ? await ofTwin(entry, twin, ports, context) : ofAbsent(entry, since, ports);
    if (finding) found.failed.push({ ...named(entry), finding });
    if (mends) found.again.push(named(entry));
    for (const what of ["backups", "files", "evidence"] as const) found.counted[what] += counted[what] ?? 0;
  }
  await addKeys(found, sides, ports);
  return found;
}

const named = ({ source, slot }: BackupId): BackupId => ({ source, slot });
const wasRead = (entry: Entry, { verified }: RetainSource) => ["verified", "doubt"].includes(stateOf(entry, verified));
const wasCopied = ({ evidence }: Entry, name: string) =>
  evidence.copied?.some((said) => said.verdict === "ok" && copiedTo(said) === name) ?? false;

function ofAbsent(entry: StandingBackup, since: number, { name }: Ports): Stands {
  const copied = wasCopied(entry, name);
  const missed = copied || entry.at.getTime() >= since;
  return { finding: copied ? gone(entry, name) : undefined, mends: missed && canBeRead(entry), counted: { backups: missed ? 1 : 0 } };
}

/** Of what is no good copy by evidence its files alone are asked for again: what else is wrong there is left to a person. */
async function ofTwin(entry: StandingBackup, twin: StandingBackup, ports: Ports, context: Context): Promise<Stands> {
  const { files, evidence, different } = await lackOf(entry, twin, ports, context);
  const good = copyVerdict(entry, ports.name) === "ok";
  const untold = good ? evidence.length : 0;
  return {
    finding: good ? incomplete(entry, { files, different }, ports.name) : undefined,
    mends: different.length === 0 && (files.length > 0 ? canBeRead(entry, files) : untold > 0),
    counted: { files: files.length, evidence: untold },
  };
}

/** Whether each artifact, or each of these, can be read at once. */
const canBeRead = ({ objects }: StandingBackup, keys?: readonly string[]): boolean =>
  objects.every(({ key, access }) => access === "now" || !(keys ? keys.includes(key) : isArtifactKey(key)));

/** They come with the newest copy that counts. */
async function addKeys(found: Missing, { here, there, wanted }: Sides, { first, list, trusted, name }: Ports): Promise<void> {
  const good = [...here.values()].filter((entry) => wanted.has(entry.slot) && there.has(entry.slot) && copyVerdict(entry, name) === "ok");
  const newest = good.at(-1);
  if (!newest) return;
  found.counted.keys = (await lackingKeys(first.list, list, trusted)).length;
  if (found.counted.keys > 0 && !found.again.some(({ slot }) => slot === newest.slot)) found.again.push(named(newest));
}

const gone = (at: BackupId, store: string): Finding => ({
  name: "copy-gone",
  severity: "refuse",
  message: `${backupId(at)} was copied to ${store} and does not stand there any more`,
  hint: "It is copied again while it can be read here at once. Find out who could delete there: that store's log has the request.",
});

function incomplete(at: BackupId, { files, different }: Omit<Lack, "evidence">, store: string): Finding | undefined {
  const wrong = [...files.map((key) => `${key} is missing`), ...different.map((key) => `${key} has another length`)];
  if (wrong.length === 0) return undefined;
  const more = wrong.length > 3 ? `, and ${wrong.length - 3} more` : "";
  return {
    name: "copy-incomplete",
    severity: "refuse",
    message: `the copy of ${backupId(at)} in ${store} is not whole: ${wrong.slice(0, 3).join(", ")}${more}`,
    hint: "What is missing is copied again while it can be read here at once. Find out who could delete there: that store's log has the request.",
  };
}
