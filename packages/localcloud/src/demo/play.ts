import type { Output } from "@holdfast/cli/src/output.ts";
import { deployedKeys } from "@holdfast/cli/src/trust.ts";
import { took } from "@holdfast/cli/src/wording.ts";
import { loadManifest } from "@holdfast/core";
import { showComparison } from "./comparison.ts";
import { shown } from "./folder.ts";
import { keepBackup } from "./keepsake.ts";
import { openMailbox } from "./mailbox.ts";
import { demoSchedule, keptSchedule } from "./plan.ts";
import { howToOpen, howToReach } from "./reach.ts";
import { clusterSubject, dumpSubject } from "./orders/subject.ts";
import { restoreOne } from "./restored.ts";
import { type Back, type Happened, resultOf, showResult, writeResult } from "./result.ts";
import { awaitBackup, awaitSchedule, type Made, type Watching } from "./scheduled.ts";
import type { Session } from "./session.ts";
import { shopSubject } from "./shop/subject.ts";
import type { Stage } from "./stage.ts";
import { stay } from "./stay.ts";
import type { Restoring, Subject } from "./subject.ts";
import { operator } from "./vault/operator.ts";
import { vaultSubject } from "./vault/subject.ts";
import { succeed } from "./vault/successor.ts";
import { awaitEvidence, awaitVerification } from "./verified.ts";
import { orAborted } from "./wait.ts";

export type DemoOptions = { rows: number; keep: boolean };

/** The whole demo. Throws `DemoFailed` when anything of it does not happen, or not as it should. */
export async function play(session: Session, { rows, keep }: DemoOptions): Promise<void> {
  const { folder, out, steps, world } = session;
  for (const line of greeting) out.line(line);
  steps.head();
  const schedule = keep ? keptSchedule(new Date()) : demoSchedule;
  const stage = await session.open({ rows, schedule });
  const happened = await happen(session, await subjectsOf(stage, session), stage, schedule);
  const result = resultOf(happened);
  out.line();
  showComparison(
    happened.flatMap(({ restores }) => restores).map(({ comparison }) => comparison.block),
    out,
  );
  out.line();
  showResult(happened, out);
  writeResult(folder.result, result);
  out.line(`  all of it took ${took(steps.elapsed())}; in numbers: ${shown(folder, folder.result)}`);
  out.line();
  for (const line of howToOpen(
    happened.map(({ made }) => made),
    folder,
  ))
    out.line(line);
  out.line();
  if (!keep) return tellNext(out);
  await succeed(stage.vaults, session.stopping);
  for (const line of howToReach(stage, folder, { restored: true })) out.line(line);
  await stay(out, world.signal);
}

const greeting = [
  "Holdfast demo: a schedule backs up a PostgreSQL database, an Aurora cluster and a Vault (OpenBao), the",
  "backups are proven, all three are lost, and Step Functions restores them at the same time.",
  "All of it runs on this machine, from the same sst.config.ts that deploys to AWS. Nothing leaves it.",
  "",
];

function tellNext(out: Output): void {
  out.line("Next:");
  out.line("  npm run local             the same cloud, left running, with the commands to reach it");
  out.line("  npm run demo -- --keep    this demo, left running at its end");
  out.line("  docs/deploy.md            to AWS");
}

async function subjectsOf({ server, vaults, cluster, before, cloud }: Stage, { world, stopping }: Session): Promise<Subject[]> {
  const mailbox = await openMailbox(cloud, stopping);
  return [
    shopSubject(server, before.shop),
    clusterSubject(cluster, world.signal),
    dumpSubject(cluster, server),
    vaultSubject(vaults, before.vault, operator(vaults, mailbox, world.signal)),
  ];
}

/** What happens to each happens to all at the same time. */
async function happen(
  { folder, steps, world }: Session,
  subjects: readonly Subject[],
  stage: Stage,
  schedule: string,
): Promise<Happened[]> {
  const { signal } = world;
  const { place, since } = stage;
  const store = await place.store();
  const watching: Watching = { place, store, trusted: await deployedKeys(place), schedule, since, steps, signal };
  await awaitSchedule(subjects, watching);
  const backups = await Promise.all(subjects.map(async (subject) => ({ subject, made: await awaitBackup(subject, watching) })));
  const [verified] = await Promise.all([
    Promise.all(backups.map(async (each) => ({ ...each, verification: await awaitVerification(each.made, watching) }))),
    Promise.all(subjects.map((subject) => subject.goOn?.(steps.of(subject.source)))),
  ]);
  await Promise.all(subjects.map((subject) => lose(subject, watching)));
  const happened = await Promise.all(
    verified.map(async ({ subject, made, verification }) => ({
      made,
      verification,
      restores: await bringBack(subject, made, watching),
    })),
  );
  for (const { made } of happened) await keepBackup(folder.store, made, store, watching.trusted);
  return happened;
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
