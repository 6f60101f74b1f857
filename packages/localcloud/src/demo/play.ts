import type { Output } from "@holdfast/cli/src/output.ts";
import { deployedKeys } from "@holdfast/cli/src/trust.ts";
import { grouped, took } from "@holdfast/cli/src/wording.ts";
import { loadManifest } from "@holdfast/core";
import { differences, showComparison } from "./compare.ts";
import { DemoFailed } from "./errors.ts";
import { shown } from "./folder.ts";
import { keepBackup } from "./keepsake.ts";
import { database, demoSchedule, keptSchedule } from "./plan.ts";
import { howToOpen, howToReach } from "./reach.ts";
import { restoreShop } from "./restored.ts";
import { type Happened, resultOf, showResult, writeResult } from "./result.ts";
import { awaitBackup, type Made, type Watching } from "./scheduled.ts";
import type { Session } from "./session.ts";
import { type Counted, rowsOf, takeCensus } from "./shop/census.ts";
import { dropShop } from "./shop/shop.ts";
import type { Stage } from "./stage.ts";
import { stay } from "./stay.ts";
import { awaitEvidence, awaitVerification } from "./verified.ts";
import { orAborted } from "./wait.ts";

export type DemoOptions = { rows: number; keep: boolean };

/** The whole demo. Throws {@link DemoFailed} when anything of it does not happen, or not as it should. */
export async function play(session: Session, { rows, keep }: DemoOptions): Promise<void> {
  const { folder, out, steps, world } = session;
  for (const line of greeting) out.line(line);
  steps.head();
  const schedule = keep ? keptSchedule(new Date()) : demoSchedule;
  const stage = await session.open({ rows, schedule });
  const happened = await happen(session, stage, schedule);
  const result = resultOf(happened);
  out.line();
  showComparison(happened.before, happened.after, out);
  out.line();
  showResult(result, out);
  writeResult(folder.result, result);
  out.line(`  all of it took ${took(steps.elapsed())}; in numbers: ${shown(folder, folder.result)}`);
  out.line();
  for (const line of howToOpen(happened.made, folder)) out.line(line);
  out.line();
  if (!keep) return tellNext(out);
  for (const line of howToReach(stage.cloud, stage.server, folder)) out.line(line);
  await stay(out, world.signal);
}

const greeting = [
  "Holdfast demo: a schedule backs up a PostgreSQL database; the backup is proven; the database is lost, and restored.",
  "All of it runs on this machine, from the same sst.config.ts that deploys to AWS. Nothing leaves it.",
  "",
];

function tellNext(out: Output): void {
  out.line("Next:");
  out.line("  npm run local             the same cloud, left running, with the commands to reach it");
  out.line("  npm run demo -- --keep    this demo, left running at its end");
  out.line("  docs/deploy.md            to AWS");
}

async function happen({ folder, steps, world }: Session, { server, place, before, since }: Stage, schedule: string): Promise<Happened> {
  const { signal } = world;
  const store = await place.store();
  const watching: Watching = { place, store, trusted: await deployedKeys(place), schedule, since, steps, signal };
  const made = await awaitBackup(watching);
  same("rows in the backup's manifest", made.rows, before);
  const verification = await awaitVerification(made, watching);
  await steps.run(
    "accident",
    () => orAborted(dropShop(server, database), signal),
    () => `accident: DROP DATABASE ${database}; ${grouped(rowsOf(before, "table"))} rows are gone`,
  );
  const restored = await restoreShop(place, steps, signal);
  same("rows that the restore expected", restored.outcome.expected, before);
  same("rows that the restore found", restored.outcome.found, before);
  const after = await steps.run(
    "comparing",
    () => orAborted(takeCensus(server, database), signal),
    () => "compared by the demo's own queries, row by row, with what was there before the accident:",
  );
  const different = differences(before, after);
  if (different.length > 0)
    throw new DemoFailed(`the restored database differs: ${different.join("; ")}`, "The restore's evidence and logs say more.");
  await awaitEvidence("restored", await madeAt(restored.outcome.slot, made, watching), watching);
  await keepBackup(folder.store, made, store, watching.trusted);
  return { made, verification, restored, before, after };
}

/** What Holdfast says is held against counts that it has no part in. */
function same(what: string, said: number, counted: readonly Counted[]): void {
  const rows = rowsOf(counted, "table");
  if (said !== rows)
    throw new DemoFailed(`${what}: ${grouped(said)}, and the database held ${grouped(rows)}`, "The two must agree to the row.");
}

/** The newest verified backup is restored; on a slow machine that may be the one after the first. */
async function madeAt(slot: string, made: Made, { store, trusted, signal }: Watching): Promise<Pick<Made, "entry" | "loaded">> {
  if (slot === made.entry.slot) return made;
  const entry = { ...made.entry, slot };
  return { entry, loaded: await loadManifest(entry, { store: store.read, list: store.list, trusted }, signal) };
}
