import {
  HoldfastError,
  look,
  type SealedBy,
  type Source,
  type SourceStatus,
  sealedBy,
  slotTime,
  type Store,
  type TrustedKeys,
  told,
  type WatchedSource,
  watchedSource,
} from "@holdfast/core";
import { Command } from "commander";
import { type Common, type ExitCode, type Finish, outputOf, placed, type Ports, portsOf, reading, trusting } from "../command.ts";
import { UsageWrong } from "../errors.ts";
import { json, type Output, table, type Tone } from "../output.ts";
import { sourcesOf } from "../plan.ts";
import { bytes, counted, moment, span } from "../wording.ts";
import type { Place } from "../place.ts";
import { type TrustOptions, trustedKeys } from "../trust.ts";
import type { World } from "../world.ts";

export type StatusOptions = { source?: string | undefined; from?: string; json?: boolean } & TrustOptions;
/** What could not be looked at is neither ok nor a breach, and is never told as either. */
type Seen =
  | (SourceStatus & { sealedBy?: SealedBy | { unknown: string } | undefined })
  | { source: string; kind: string; verdict: "unknown"; reasons: string[] };

export const statusCommand = (world: World, finish: Finish): Command =>
  trusting(
    reading(
      placed(
        new Command("status")
          .summary("one honest line a source")
          .description(
            "Says of each source whether its newest verified backup is young enough, and why not. No data is a breach, never ok.",
          )
          .argument("[source]", "one source; without it all of the plan's"),
      ),
    ),
  )
    .addHelpText(
      "after",
      "\nExit code: 0 ok, 1 breach, 2 wrong command line, 3 could not look.\n\nExample:\n  holdfast status --stage prod || page-somebody\n" +
        "\nWithout AWS:\n  holdfast status --from gcs --credentials gcs-reader.json\n",
    )
    .action(async (source: string | undefined, options: Common & StatusOptions) => {
      finish(await orUnknown(options, world, async () => await status({ ...options, source }, await portsOf(options, world))));
    });

/** Whoever asks whether backups are well must not mistake "I could not look" for a breach, or a wrong command line for either. */
async function orUnknown(options: Common, world: World, work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    world.signal.throwIfAborted();
    if (!(error instanceof HoldfastError) || error instanceof UsageWrong) throw error;
    if (error.name === "UnknownSource" || error.name === "InputInvalid") throw new UsageWrong(error.message, error.hint, { cause: error });
    const out = outputOf(world);
    if (options.json) json({ sources: [], error: { name: error.name, message: error.message, hint: error.hint } }, out);
    out.note(`could not look: ${told(error)}`);
    return 3;
  }
}

export async function status(options: StatusOptions, { place, out, world }: Ports): Promise<ExitCode> {
  const sources = sourcesOf(place.plan, options.source);
  const store = await place.store(options.from);
  const seen: Seen[] = [];
  for (const source of sources) seen.push(await lookAt(source, options, place, store, world));
  if (options.json) json({ sources: seen }, out);
  else show(seen, out);
  if (seen.some(({ verdict }) => verdict === "breach")) return 1;
  return seen.every(({ verdict }) => verdict === "ok") ? 0 : 3;
}

/** One source that cannot be looked at does not hide the others. */
async function lookAt(source: Source, options: StatusOptions, place: Place, store: Store, { clock, signal, cwd }: World): Promise<Seen> {
  const { name, kind } = source;
  try {
    const watched = watchedSource(place.plan, source, place.lists);
    const { status } = await look(options.from === undefined ? watched : asCopy(watched), store.list, clock.now());
    return { ...status, sealedBy: await sealOf(status, place, store, () => trustedKeys(options, place, store, cwd), signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof HoldfastError)) throw error;
    return { source: name, kind, verdict: "unknown", reasons: [`could not look: ${told(error)}`] };
  }
}

/** What stands in a copy is copied. What other stores hold, and what was proven after it was made, the first store alone tells. */
const asCopy = ({ replicas: _elsewhere, drillHours: _later, ...watched }: WatchedSource): WatchedSource => ({ ...watched, copies: [] });

/** Read from the newest verified manifest, which takes more rights than to list: who lacks them is told so. */
async function sealOf(
  { kind: name, newestVerified }: SourceStatus,
  place: Place,
  store: Store,
  trusted: () => Promise<TrustedKeys>,
  signal: AbortSignal,
) {
  const kind = place.lists.kinds[name]?.kind;
  const [source, slot] = newestVerified?.split("/") ?? [];
  if (!kind?.sealedBy || source === undefined || slot === undefined || !slotTime(slot)) return undefined;
  try {
    return await sealedBy({ source, slot }, kind, { store: store.read, list: store.list, trusted: await trusted() }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof HoldfastError)) throw error;
    return { unknown: told(error) };
  }
}

const words: Record<Seen["verdict"], { text: string; tone: Tone }> = {
  ok: { text: "ok", tone: "good" },
  breach: { text: "BREACH", tone: "bad" },
  unknown: { text: "UNKNOWN", tone: "unsure" },
};

function show(seen: readonly Seen[], out: Output): void {
  if (seen.length === 0) out.line("the plan has no source");
  table(
    seen.map((each) => [words[each.verdict], each.source, sentence(each)]),
    out,
  );
}

function sentence(seen: Seen): string {
  if (seen.verdict === "unknown") return seen.reasons.join("; ");
  const { newestVerified, newestRestored, copies, ageSeconds, backups, bytes: size, next, reasons, notes } = seen;
  const whole = copies.every((copy) => copy.newest === newestVerified);
  const age = whole && ageSeconds !== undefined ? `, ${span(ageSeconds)} old` : "";
  const newest = newestVerified === undefined ? [] : [`newest verified ${newestVerified}${age}`, ...copied(copies, newestVerified)];
  const restored = newestRestored === undefined ? [] : [`newest restored and compared ${newestRestored}`];
  const all = backups > 0 ? [`${counted(backups, "backup")}, ${bytes(size)}`] : [];
  return [...reasons, ...newest, ...restored, ...withoutAws(seen.sealedBy), ...all, `next ${moment(next)}`, ...notes].join("; ");
}

/** Where the newest verified one stands too, and what stands where it does not. */
function copied(copies: SourceStatus["copies"], newestVerified: string): string[] {
  const there = copies.filter(({ newest }) => newest === newestVerified).map(({ store }) => store);
  const others = copies.filter(({ newest }) => newest !== newestVerified);
  return [
    ...(there.length > 0 ? [`copied to ${there.join(", ")}`] : []),
    ...others.map(({ store, newest }) => (newest === undefined ? `no copy in ${store}` : `newest copy in ${store} ${newest}`)),
  ];
}

function withoutAws(seal: SealedBy | { unknown: string } | undefined): string[] {
  if (!seal) return [];
  if ("unknown" in seal) return [`restorable without AWS: unknown (${seal.unknown})`];
  return [`restorable without AWS: ${seal.withoutAws} (it comes up with ${seal.key})`];
}
