import { unlessAborted } from "../pull.ts";
import { mayPass, type Wait, waitBefore } from "../retry.ts";
import type { Refusal } from "./refusal.ts";

/** Waits before the next try. False where there should be none. */
export async function waitAfter(refusal: Refusal, wait: Wait, signal: AbortSignal | undefined): Promise<boolean> {
  const milliseconds = mayPass(refusal.status) ? waitBefore(refusal.tries, refusal.headers) : undefined;
  if (milliseconds === undefined) return false;
  const waiting = wait(milliseconds);
  await (signal ? unlessAborted(waiting, signal) : waiting);
  return true;
}
