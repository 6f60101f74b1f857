import { setTimeout as pause } from "node:timers/promises";

/** Asks again and again until it is so. Throws after two minutes. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error("what was waited for did not happen within two minutes");
    await pause(10);
  }
}
