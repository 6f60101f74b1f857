import { setTimeout as pause } from "node:timers/promises";

/** Asks until the answer is yes; the test's own time limit ends what never comes. */
export async function until(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isTrue())) await pause(10);
}
