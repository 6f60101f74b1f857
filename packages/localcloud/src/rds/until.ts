import { setTimeout as pause } from "node:timers/promises";

/** Asks again and again until it is so. Throws after a minute. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error("what was waited for did not happen within a minute");
    await pause(10);
  }
}
