import { loadManifest } from "@holdfast/core";
import { awaitCopies } from "./copies/copied.ts";
import { restoreLast } from "./copies/last.ts";
import { keepBackup } from "./keepsake.ts";
import { shop } from "./plan.ts";
import { restoreOne } from "./restored.ts";
import type { Back, Happened } from "./result.ts";
import { awaitBackup, awaitSchedule, type Made, type Watching } from "./scheduled.ts";
import type { Session } from "./session.ts";
import type { Stage } from "./stage.ts";
import type { Restoring, Subject } from "./subject.ts";
import { awaitEvidence, awaitVerification } from "./verified.ts";
import { orAborted } from "./wait.ts";

/** What happens to each happens to all at the same time; the very last, when AWS is gone, to one alone. */
export async function happen(session: Session, subjects: readonly Subject[], stage: Stage, schedule: string): Promise<Happened[]> {
  const { folder, steps, world } = session;
  const { place, since, trusted } = stage;
  const store = await place.store();
  const watching: Watching = { place, store, trusted, schedule, since, steps, signal: world.signal };
  await awaitSchedule(subjects, watching);
  const backups = await Promise.all(subjects.map(async (subject) => ({ subject, made: await awaitBackup(subject, watching) })));
  const [verified] = await Promise.all([
    Promise.all(backups.map(async (each) => ({ ...each, verification: await awaitVerification(each.made, watching) }))),
    Promise.all(subjects.map((subject) => subject.goOn?.(steps.of(subject.source)))),
  ]);
  const [copies, restores] = await Promise.all([
    Promise.all(backups.map(({ made }) => awaitCopies(made, watching))),
    loseAndBringBack(backups, watching),
  ]);
  for (const { made } of backups) await keepBackup(folder.store, made, store, trusted);
  const happened = verified.map(({ made, verification }, i) => ({
    made,
    verification,
    copies: copies[i] ?? [],
    restores: restores[i] ?? [],
  }));
  return await Promise.all(happened.map((each) => withoutAws(each, stage, session)));
}

type Backup = { subject: Subject; made: Made };
async function loseAndBringBack(backups: readonly Backup[], watching: Watching): Promise<Back[][]> {
  await Promise.all(backups.map(({ subject }) => lose(subject, watching)));
  return await Promise.all(backups.map(({ subject, made }) => bringBack(subject, made, watching)));
}

async function withoutAws(happened: Happened, stage: Stage, { folder, steps, world, stopping }: Session): Promise<Happened> {
  const { made, restores } = happened;
  if (made.loaded.manifest.source !== shop.source) return happened;
  const back = await restoreLast(made.entry, stage, { folder, steps, signal: world.signal, stopping });
  // With AWS gone nobody records evidence about it.
  return { ...happened, restores: [...restores, { restoring: { beside: true }, ...back }] };
}

async function lose({ source, lose: accident }: Subject, { steps, signal }: Watching): Promise<void> {
  if (!accident) return;
  await steps.of(source).run(
    "accident",
    () => orAborted(accident(), signal),
    (what) => `accident: ${what}`,
  );
}

const bringBack = (subject: Subject, made: Made, watching: Watching): Promise<Back[]> =>
  Promise.all(subject.restores(made.entry.slot).map((restoring) => bringOneBack(restoring, made, watching)));

async function bringOneBack(restoring: Restoring, made: Made, watching: Watching): Promise<Back> {
  const restored = await restoreOne(restoring, watching);
  const comparison = await watching.steps.of(restoring.name).run(
    "comparing",
    () => orAborted(restoring.compare(restored.outcome), watching.signal),
    () => restoring.compared,
  );
  if (!restoring.beside) await awaitEvidence("restored", await madeAt(restored.outcome.slot, made, watching), watching);
  return { restoring, restored, comparison };
}

/** The newest verified backup is restored; on a slow machine that may be the one after the first. */
async function madeAt(slot: string, made: Made, { store, trusted, signal }: Watching): Promise<Pick<Made, "entry" | "loaded">> {
  if (slot === made.entry.slot) return made;
  const entry = { ...made.entry, slot };
  return { entry, loaded: await loadManifest(entry, { store: store.read, list: store.list, trusted }, signal) };
}
