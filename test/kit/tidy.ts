import os from "node:os";
import fc from "fast-check";
import { afterAll, vi } from "vitest";

/** The same examples in each run, so that what fails is what was changed. `HOLDFAST_SEED=random` looks for new ones, a number repeats a find. */
const { HOLDFAST_SEED: seed = "20261121" } = process.env;
if (seed !== "random") fc.configureGlobal({ seed: Number(seed) });

/**
 * The end-to-end tests run one after another, longer than all others beside them: those, and what they start, take what processor time is left. A number
 * as of nice(1).
 */
os.setPriority(Math.max(5, os.getPriority()));

/** Files of a project share a process: what one changed in it is put back before the next begins. */
afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});
