import { afterAll, vi } from "vitest";

/** Files of a project share a process: what one changed in it is put back before the next begins. */
afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});
