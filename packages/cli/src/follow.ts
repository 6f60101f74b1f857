import type { Look, Machines } from "./cloud.ts";
import { type Stay, staysOf } from "./history.ts";
import type { Output } from "./output.ts";
import { answersOf, wordFor } from "./restoresteps.ts";
import type { World } from "./world.ts";
import { took } from "./wording.ts";

/** Shows each state as it ends and the present one as it goes, until the execution has ended. Throws the signal's reason when it fires. */
export async function followExecution(
  execution: string,
  machines: Machines,
  out: Output,
  { clock, signal }: Pick<World, "clock" | "signal">,
): Promise<Look> {
  let told = 0;
  const waits = new Set<string>();
  try {
    for (;;) {
      const found = await machines.look(execution, signal);
      const stays = staysOf(found.events);
      const ended = found.status !== "RUNNING";
      const complete = ended ? stays.length : stays.findIndex(({ left }) => left === undefined);
      const until = complete < 0 ? stays.length : complete;
      for (; told < until; told++) if (!again(stays[told], waits)) tellStay(stays[told], found.stopped ?? clock.now(), out);
      if (ended) return found;
      await live(stays.at(-1), out, clock, signal);
    }
  } finally {
    out.settle();
  }
}

const columns = { word: 24, time: 10 };
export function columnsOf(stay: Stay, until: Date): string | undefined {
  const word = wordFor(stay.state);
  if (word === undefined) return undefined;
  const seconds = ((stay.left ?? until).getTime() - stay.entered.getTime()) / 1000;
  return `  ${word.padEnd(columns.word)}${took(Math.max(0, seconds)).padStart(columns.time)}`;
}

export function tellStay(stay: Stay | undefined, until: Date, out: Output): void {
  const text = stay && columnsOf(stay, until);
  if (text === undefined || !stay) return;
  const answers = stay.failed ? [`failed: ${stay.failed.error}`] : answersOf(stay);
  const [beside = "", ...more] = answers;
  out.note(`${text}   ${more.length > 0 ? "" : beside}`.trimEnd());
  // Steps of a plan, and what somebody is asked to do, are too long to stand beside the time.
  if (more.length > 0) for (const step of answers) out.note(`    - ${step}`);
}

/** A kind that waits is asked again and again; only what is new is told. */
export const again = (stay: Stay | undefined, told: Set<string>): boolean => {
  if (!stay || stay.failed || !["Advance", "Ask", "WaitForStep"].includes(stay.state)) return false;
  const words = stay.state === "Advance" ? answersOf(stay).join() : stay.state;
  return told.has(words) || !told.add(words);
};

/** Step Functions is asked every two seconds, and the time on the screen goes on in between. */
async function live(stay: Stay | undefined, out: Output, clock: World["clock"], signal: AbortSignal): Promise<void> {
  for (let i = 0; i < ticks; i++) {
    const text = stay && stay.left === undefined ? columnsOf(stay, clock.now()) : undefined;
    if (text !== undefined) out.live(text);
    await clock.wait(tickMillis, signal);
  }
}
const ticks = 8;
const tickMillis = 250;
