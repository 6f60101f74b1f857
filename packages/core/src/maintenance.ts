import { PlanInvalid } from "./planerrors.ts";
import type { Schedule } from "./schedule.ts";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MINUTES_OF_WEEK = 7 * 24 * 60;
const HOUR = 60 * 60_000;
/** What fires more often than this cannot keep off a window, which has half an hour at least, and loses little by one backup that comes late. */
const APART = 2 * HOUR;
/** In a year the first of a month was each day of the week: what is seldom enough to miss it is told by the backup's own preflight. */
const AHEAD = 366 * 24 * HOUR;

/** Whether a moment lies in a maintenance window, `sun:23:30-mon:00:30`, UTC. One that cannot be read holds nothing. */
export function isIn(window: string, at: Date): boolean {
  const [from, to] = window.split("-").map(minuteOfWeek);
  if (from === undefined || to === undefined) return false;
  const now = at.getUTCDay() * 24 * 60 + at.getUTCHours() * 60 + at.getUTCMinutes();
  return (now - from + MINUTES_OF_WEEK) % MINUTES_OF_WEEK < (to - from + MINUTES_OF_WEEK) % MINUTES_OF_WEEK;
}

function minuteOfWeek(text: string): number | undefined {
  const [, day = "", hours, minutes] = /^([a-z]{3}):(\d\d):(\d\d)$/i.exec(text) ?? [];
  const index = DAYS.indexOf(day.toLowerCase());
  return index < 0 ? undefined : (index * 24 + Number(hours)) * 60 + Number(minutes);
}

/**
 * The next occurrence of a schedule, within a year after `now`, that lies in a maintenance window. Undefined: none does, or the schedule cannot
 * keep off: it fires more often than each two hours, or is a rate, whose first moment nobody knows before it is deployed.
 */
export function clash(schedule: Schedule, window: string, now: Date): Date | undefined {
  if (schedule.expression.startsWith("rate(")) return undefined;
  let found: Date | undefined;
  let before = -Infinity;
  for (const at of occurrences(schedule, now)) {
    if (at.getTime() - before < APART) return undefined;
    before = at.getTime();
    if (!found && isIn(window, at)) found = at;
  }
  return found;
}

function* occurrences(schedule: Schedule, from: Date): Generator<Date> {
  for (let at = following(schedule, from); at && at.getTime() - from.getTime() < AHEAD; at = following(schedule, at)) yield at;
}

/** Undefined once the years of a cron expression are over. */
function following(schedule: Schedule, after: Date): Date | undefined {
  try {
    return schedule.next(after);
  } catch (error) {
    if (error instanceof PlanInvalid) return undefined;
    throw error;
  }
}
