import { moment } from "@holdfast/cli/src/wording.ts";
import { parseSchedule } from "@holdfast/core";
import { stayingSchedule } from "./plan.ts";
import { howToReach } from "./reach.ts";
import type { Session } from "./session.ts";
import { stay } from "./stay.ts";

/** The demo's cloud without the demo: left running until Ctrl-C. */
export async function runLocal(session: Session, { rows }: { rows: number }): Promise<void> {
  const { folder, out, steps, world } = session;
  out.line(
    "The local cloud: a shop's database, an Aurora cluster, a Vault, three stores for copies, and a local AWS with the graph of sst.config.ts.",
  );
  out.line();
  steps.head();
  const stage = await session.open({ rows, schedule: stayingSchedule });
  out.line();
  out.line(`The schedule ${stayingSchedule} makes its first backups at ${moment(parseSchedule(stayingSchedule).next(new Date()))}.`);
  out.line();
  for (const line of howToReach(stage, folder, { restored: false })) out.line(line);
  await stay(out, world.signal);
}
