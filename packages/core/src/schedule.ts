import { type Cron, cronYears, lastDay, parseCron } from "./cron.ts";
import { PlanInvalid } from "./planerrors.ts";

/** A schedule as AWS EventBridge Scheduler writes it, in UTC: `rate(6 hours)` or `cron(0 2 * * ? *)`. */
export type Schedule = {
  expression: string;
  /** The last occurrence at or before `at`. Throws {@link PlanInvalid} where the years of a cron expression begin later. */
  latest(at: Date): Date;
  /** The first occurrence after `after`. Throws {@link PlanInvalid} where the years of a cron expression are over. */
  next(after: Date): Date;
  /** Milliseconds between the occurrences around `at`. */
  interval(at: Date): number;
  /** Milliseconds of the longest time that ever passes between two occurrences. */
  longestGap(): number;
  /** False where a cron expression names years, so that it begins late or ends. */
  endless: boolean;
};

const minute = 60_000;
const day = 24 * 60 * minute;
const units: Record<string, number> = { minute, hour: 60 * minute, day };
/** Beyond it nobody means it, and dates run out of range. */
const longestRate = 3660 * day;

/**
 * Parses a schedule. Occurrences of a rate are counted from the epoch, so that any clock finds the same slot for the same moment.
 * Throws {@link PlanInvalid}, also for what could never fire. Syntax: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function parseSchedule(expression: string): Schedule {
  const [, kind, body] = /^(rate|cron)\((.*)\)$/.exec(expression) ?? [];
  if (kind === "rate" && body !== undefined) return rate(expression, body);
  if (kind === "cron" && body !== undefined) return cron(expression, parseCron(expression, body));
  throw new PlanInvalid([`"${expression}" is neither rate(value unit) nor cron(minutes hours day-of-month month day-of-week year)`]);
}

function rate(expression: string, body: string): Schedule {
  const [, count, unit] = /^([1-9]\d*) (minute|hour|day)s?$/.exec(body) ?? [];
  const step = Number(count) * (units[unit ?? ""] ?? Number.NaN);
  if (!Number.isFinite(step))
    throw new PlanInvalid([`"${expression}": a rate is a positive whole number and minutes, hours or days, as in rate(6 hours)`]);
  if (step > longestRate) throw new PlanInvalid([`"${expression}" is longer than ten years`]);
  const latest = (at: Date) => new Date(Math.floor(at.getTime() / step) * step);
  return {
    expression,
    latest,
    next: (after) => new Date(latest(after).getTime() + step),
    interval: () => step,
    longestGap: () => step,
    endless: true,
  };
}

function cron(expression: string, of: Cron): Schedule {
  const found = (at: Date, step: 1 | -1) => {
    const time = find(of, at.getTime(), step);
    if (time !== undefined) return new Date(time);
    throw new PlanInvalid([`"${expression}" never fires ${step === 1 ? "after" : "before"} ${at.toISOString()}`]);
  };
  const next = (after: Date) => found(after, 1);
  const latest = (at: Date) => found(at, -1);
  if (find(of, Date.UTC(cronYears.first, 0) - 1, 1) === undefined) throw new PlanInvalid([`"${expression}" never fires`]);
  return {
    expression,
    latest,
    next,
    interval: (at) => next(at).getTime() - latest(at).getTime(),
    longestGap: () => longestGap(of),
    endless: of.years === undefined,
  };
}

/** Milliseconds since the epoch of the first occurrence after `at` (step 1) or of the last at or before it (step -1). */
function find(cron: Cron, at: number, step: 1 | -1): number | undefined {
  const fits = (time: number) => (step === 1 ? time > at : time <= at);
  const start = new Date(at);
  const [first, last] = [cronYears.first * 12, cronYears.last * 12 + 11];
  const from = Math.min(Math.max(start.getUTCFullYear() * 12 + start.getUTCMonth(), first), last);
  for (let month = from; month >= first && month <= last; month += step)
    for (const date of datesOf(cron, Math.floor(month / 12), (month % 12) + 1, step)) {
      const found = cron.times.map((time) => date + time * minute);
      const fitting = step === 1 ? found.find(fits) : found.findLast(fits);
      if (fitting !== undefined) return fitting;
    }
  return undefined;
}

/** Midnights of the days of one month on which it fires, in the order of `step`. */
function datesOf({ years, months, on }: Cron, year: number, month: number, step: 1 | -1): number[] {
  if (!(years?.has(year) ?? true) || !months.has(month)) return [];
  const days = Array.from({ length: lastDay(year, month) }, (_, i) => i + 1).filter((date) => on(year, month, date));
  return (step === 1 ? days : days.reverse()).map((date) => Date.UTC(year, month - 1, date));
}

/** Weekdays and leap years repeat after 28 years until 2100, so twice that shows every gap, also of what fires once in 28 years. */
const gapYears = { first: 2000, last: 2055 } as const;

function longestGap(cron: Cron): number {
  const { times } = cron;
  const across = (times[0] ?? 0) - (times.at(-1) ?? 0);
  let longest = Math.max(0, ...times.slice(1).map((time, i) => time - (times[i] ?? time))) * minute;
  let before: number | undefined;
  for (let year = gapYears.first; year <= gapYears.last; year++)
    for (let month = 1; month <= 12; month++)
      for (const date of datesOf({ ...cron, years: undefined }, year, month, 1)) {
        if (before !== undefined) longest = Math.max(longest, date - before + across * minute);
        before = date;
      }
  return longest;
}
