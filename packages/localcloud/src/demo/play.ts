import type { Output } from "@holdfast/cli/src/output.ts";
import { took } from "@holdfast/cli/src/wording.ts";
import { showComparison } from "./comparison.ts";
import { shown } from "./folder.ts";
import { happen } from "./happen.ts";
import { openMailbox } from "./mailbox.ts";
import { demoSchedule, keptSchedule } from "./plan.ts";
import { howToOpen, howToReach } from "./reach.ts";
import { clusterSubject, dumpSubject } from "./orders/subject.ts";
import { resultOf, showResult, writeResult } from "./result.ts";
import type { Session } from "./session.ts";
import { shopSubject } from "./shop/subject.ts";
import type { Stage } from "./stage.ts";
import { stay } from "./stay.ts";
import type { Subject } from "./subject.ts";
import { operator } from "./vault/operator.ts";
import { vaultSubject } from "./vault/subject.ts";
import { succeed } from "./vault/successor.ts";

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
  "backups are proven and copied to three stores that are not AWS, all three are lost, and Step Functions",
  "restores them at the same time. At the end AWS itself is gone, and a copy brings the database back.",
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
