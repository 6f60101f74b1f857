import { afterAll, vi } from "vitest";

/** Files of the project `unit` share a process: what one changed in it is put back before the next begins. */
afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});
