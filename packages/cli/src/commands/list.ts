import {
  backupId,
  catalogue,
  decideRetention,
  type Entry,
  evidenceNames,
  type FoundEvidence,
  isBackup,
  type Mark,
  type Proof,
  type Source,
  type State,
  type Store,
  StoreDenied,
  type Stored,
  stateOf,
} from "@holdfast/core";
import { Command } from "commander";
import { type Common, type ExitCode, type Finish, placed, type Ports, portsOf, positive, reading } from "../command.ts";
import { type Cell, json, type Output, table, type Tone } from "../output.ts";
import { sourcesOf, verifiedBy } from "../plan.ts";
import { bytes, counted, day, span, stateWord } from "../wording.ts";
import type { World } from "../world.ts";

export type ListOptions = { source?: string | undefined; from?: string; last?: number; all?: boolean; json?: boolean };
type Backup = Entry & { manifest: Stored };
type Row = { entry: Backup; state: State; tier: string | undefined; mark: Mark | undefined };

export const listCommand = (world: World, finish: Finish): Command =>
  reading(
    placed(
      new Command("list")
        .summary("the backups of a source, and how each stands")
        .description("Lists backups, newest first: age, size, proofs, and how long each is kept. Reads listings; opens no backup.")
        .argument("[source]", "one source; without it all of the plan's")
        .option("--last <n>", "how many of each source", positive, 50)
        .option("--all", "every one of them"),
    ),
  )
    .addHelpText(
      "after",
      "\nExample:\n  holdfast list shop --stage prod\n\nWithout AWS:\n  holdfast list shop --from gcs --credentials gcs-reader.json\n",
    )
    .action(async (source: string | undefined, options: Common & ListOptions) =>
      finish(await list({ ...options, source }, await portsOf(options, world))),
    );

export async function list(options: ListOptions, { place, out, world }: Ports): Promise<ExitCode> {
  const sources = sourcesOf(place.plan, options.source);
  const store = await place.store(options.from);
  const found = [];
  for (const source of sources) {
    const entries = await catalogue(store.list, source.name);
    const limit = options.all ? entries.length : (options.last ?? 50);
    const backups = entries.filter(isBackup);
    const rows = await rowsOf(source, backups, limit, verifiedBy(place.lists, source), store, world.clock.now());
    found.push({ source, rows, older: backups.length - rows.length, unfinished: entries.filter((entry) => !isBackup(entry)) });
  }
  if (options.json) json({ sources: found.map(asJson) }, out);
  else for (const [i, each] of found.entries()) show(each, i > 0, world.clock.now(), out);
  return 0;
}

/** Newest first. */
async function rowsOf(
  source: Source,
  backups: Backup[],
  limit: number,
  verified: readonly Proof[],
  store: Store,
  now: Date,
): Promise<Row[]> {
  const states = new Map(backups.map((entry) => [entry.slot, stateOf(entry, verified)]));
  const standings = backups.map((entry) => ({
    slot: entry.slot,
    at: entry.at,
    state: states.get(entry.slot) ?? "unverified",
    restored: entry.evidence.restored?.[0]?.verdict === "ok",
  }));
  const tiers = new Map(decideRetention(standings, source.keep, now).decisions.map(({ slot, tier }) => [slot, tier]));
  const shown = backups.slice(-limit).reverse();
  const marks = await marksOf(shown, store);
  return shown.map((entry, i) => ({ entry, state: states.get(entry.slot) ?? "unverified", tier: tiers.get(entry.slot), mark: marks[i] }));
}

/** One small question a backup, eight at a time. Who may list but not see marks gets a list without them. */
async function marksOf(backups: readonly Backup[], store: Store): Promise<(Mark | undefined)[]> {
  const marks: (Mark | undefined)[] = [];
  for (let i = 0; i < backups.length; i += atOnce)
    try {
      marks.push(...(await Promise.all(backups.slice(i, i + atOnce).map(({ manifest }) => store.mark.marked(manifest)))));
    } catch (error) {
      if (error instanceof StoreDenied) return [];
      throw error;
    }
  return marks;
}
const atOnce = 8;

type Found = { source: Source; rows: Row[]; older: number; unfinished: Entry[] };

function show({ source, rows, older, unfinished }: Found, apart: boolean, now: Date, out: Output): void {
  if (apart) out.line();
  if (rows.length === 0) out.line(`${source.name}: there is no backup`);
  else {
    const head = ["BACKUP", "AGE", "SIZE", "STATE", "PROOFS", "KEPT"].map((text): Cell => ({ text, tone: "quiet" }));
    table([head, ...rows.map((row) => cells(row, now))], out, [1, 2]);
  }
  if (older > 0) out.line(`${counted(older, "older backup")}; --all shows them`);
  if (unfinished.length > 0)
    out.line(
      `${counted(unfinished.length, "slot")} without a backup, only what an attempt left: ${unfinished.map(({ slot }) => slot).join(", ")}`,
    );
}

const tones: Record<State, Tone> = { verified: "good", doubt: "unsure", failed: "bad", unverified: "unsure", pruned: "quiet" };
function cells({ entry, state, tier, mark }: Row, now: Date): Cell[] {
  return [
    backupId(entry),
    span((now.getTime() - entry.at.getTime()) / 1000),
    bytes(entry.bytes),
    { text: stateWord[state], tone: tones[state] },
    proofs(entry) || "none",
    kept(entry, tier, mark),
  ];
}

const newest = (entry: Entry): FoundEvidence[] => evidenceNames.flatMap((name) => entry.evidence[name]?.[0] ?? []);
const proofs = (entry: Entry): string =>
  newest(entry)
    .map(({ proof, verdict }) => (verdict === "ok" ? proof : `${proof}: ${verdict}`))
    .join(", ");

/** Lifecycle counts the days of a release from the object's creation. */
function kept(entry: Backup, tier: string | undefined, mark: Mark | undefined): string {
  if (mark?.release === undefined) return mark?.tier ?? tier ?? "yes";
  return `until ${day(new Date(entry.manifest.at.getTime() + Number.parseInt(mark.release, 10) * 86_400_000))}`;
}

function asJson({ source, rows, older, unfinished }: Found) {
  return {
    source: source.name,
    kind: source.kind,
    backups: rows.map(({ entry, state, tier, mark }) => ({
      id: backupId(entry),
      slot: entry.slot,
      at: entry.at.toISOString(),
      bytes: entry.bytes,
      state: stateWord[state],
      proofs: Object.fromEntries(newest(entry).map(({ proof, verdict, at, run }) => [proof, { verdict, at: at.toISOString(), run }])),
      tier: tier ?? null,
      mark: mark ?? null,
    })),
    older,
    unfinished: unfinished.map(({ slot }) => slot),
  };
}
