import { again, columnsOf, tellStay } from "./follow.ts";
import type { Stay } from "./history.ts";
import type { Output } from "./output.ts";
import type { Clock } from "./world.ts";

/** Does the work of one state, and answers as it does. */
export type Walk = <T>(state: string, work: () => Promise<T>) => Promise<T>;

/** States that this machine goes through itself, told as those of an execution in AWS are. */
export function walking(out: Output, clock: Clock): Walk {
  const told = new Set<string>();
  return async (state, work) => {
    const stay: Stay = { state, entered: clock.now(), left: undefined, output: undefined, failed: undefined };
    const done = new AbortController();
    const shown = showTime(stay, out, clock, done.signal);
    shown.catch(() => {}); // told when the work is done; until then nobody waits for it
    try {
      const answer = asJson(await work());
      stay.output = answer;
      return answer;
    } catch (error) {
      stay.failed = { error: error instanceof Error ? error.name : "unknown", message: "" };
      throw error;
    } finally {
      stay.left = clock.now();
      done.abort();
      await shown;
      out.settle();
      if (!again(stay, told)) tellStay(stay, stay.left, out);
    }
  };
}

/** What goes from state to state is JSON in AWS, so a kind sees the same here. */
const asJson = <T>(answer: T): T => (answer === undefined ? answer : (JSON.parse(JSON.stringify(answer)) as T));

async function showTime(stay: Stay, out: Output, clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    while (!signal.aborted) {
      await clock.wait(tickMillis, signal);
      const text = columnsOf(stay, clock.now());
      if (text !== undefined) out.live(text);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
const tickMillis = 250;
