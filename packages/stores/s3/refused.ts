import { StoreDenied } from "@holdfast/core";
import { told } from "../told.ts";

/** Minutes that a token may be off: those that check it allow some. */
const minutesAllowed = 5;
/** That an exchange was refused. `ahead`: milliseconds by which this machine's clock is before the other's. */
export function refused(who: string, code: string, message: string, hint: string, ahead: number): StoreDenied {
  const minutes = Math.round(Math.abs(ahead) / 60_000);
  const clock = `The clock there is ${minutes} minutes ${ahead > 0 ? "behind" : "ahead of"} this machine's: set right the one that is wrong.`;
  return new StoreDenied(`${who} refused the token exchange (${code})`, minutes >= minutesAllowed ? clock : hint, {
    cause: told(code, message),
  });
}
