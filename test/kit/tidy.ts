import fc from "fast-check";
import { afterAll, vi } from "vitest";

/** The same examples in each run, so that what fails is what was changed. `HOLDFAST_SEED=random` looks for new ones, a number repeats a find. */
const { HOLDFAST_SEED: seed = "20261121" } = process.env;
if (seed !== "random") fc.configureGlobal({ seed: Number(seed) });

/** Files of a project share a process: what one changed in it is put back before the next begins. */
afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});
