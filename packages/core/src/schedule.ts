import { PlanInvalid } from "./planerrors.ts";

/** A schedule as AWS EventBridge Scheduler writes it, in UTC: `rate(6 hours)` or `cron(0 2 * * ? *)`. */
export type Schedule = { expression: string; latest(at: Date): Date; next(after: Date): Date; interval(at: Date): number };

const minute = 60_000;
const units: Record<string, number> = { minute, hour: 60 * minute, day: 24 * 60 * minute };
/** A cron expression that never fires within this many years is refused. Leap days come at least once in eight years. */
const horizonYears = 9;

/**
 * Parses a schedule. Occurrences of a rate are counted from the epoch, so that any clock finds the same slot for the same moment.
 * Throws {@link PlanInvalid}. Syntax: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function parseSchedule(expression: string): Schedule {
  const [, kind, body] = /^(rate|cron)\((.*)\)$/.exec(expression.trim()) ?? [];
  if (kind === "rate" && body !== undefined) return rate(expression, body);
  if (kind === "cron" && body !== undefined) return cron(expression, body);
  throw new PlanInvalid([`"${expression}" is neither rate(value unit) nor cron(minutes hours day-of-month month day-of-week year)`]);
}

function rate(expression: string, body: string): Schedule {
  const [, count, unit] = /^([1-9]\d*) (minute|hour|day)s?$/.exec(body.trim()) ?? [];
  const step = Number(count) * (units[unit ?? ""] ?? Number.NaN);
  if (!Number.isFinite(step))
    throw new PlanInvalid([`"${expression}": a rate is a positive whole number and minutes, hours or days, as in rate(6 hours)`]);
  const latest = (at: Date) => new Date(Math.floor(at.getTime() / step) * step);
  return { expression, latest, next: (after) => new Date(latest(after).getTime() + step), interval: () => step };
}

type Fields = {
  minutes: Set<number>;
  hours: Set<number>;
  months: Set<number>;
  years: Set<number> | undefined;
  day: (year: number, month: number, day: number) => boolean;
};

function cron(expression: string, body: string): Schedule {
  const fields = parseFields(expression, body);
  const next = (after: Date) => find(fields, after, 1, expression);
  const latest = (at: Date) => find(fields, new Date(at.getTime() + minute), -1, expression);
  next(new Date(0)); // an expression that never fires is refused here
  return { expression, latest, next, interval: (at) => next(at).getTime() - latest(at).getTime() };
}

/** The first occurrence strictly after `from` (step 1) or strictly before it (step -1), to the minute. */
function find(fields: Fields, from: Date, step: 1 | -1, expression: string): Date {
  const start = Math.floor(from.getTime() / minute) * minute;
  const exact = from.getTime() === start;
  let day = Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), from.getUTCDate());
  const limit = horizonYears * 366;
  for (let i = 0; i < limit; i++, day += step * 24 * 60 * minute) {
    const date = new Date(day);
    if (!matchesDay(fields, date)) continue;
    for (const hour of ordered(fields.hours, step))
      for (const at of ordered(fields.minutes, step)) {
        const time = day + (hour * 60 + at) * minute;
        if (step === 1 ? time > start : exact ? time < start : time <= start) return new Date(time);
      }
  }
  throw new PlanInvalid([`"${expression}" never fires`]);
}

function matchesDay({ months, years, day }: Fields, date: Date): boolean {
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
  return (years?.has(year) ?? true) && months.has(month) && day(year, month, date.getUTCDate());
}

const ordered = (values: Set<number>, step: 1 | -1) => [...values].sort((a, b) => (a - b) * step);

const monthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const dayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

function parseFields(expression: string, body: string): Fields {
  const parts = body.trim().split(/\s+/);
  const [minutes, hours, dom, months, dow, years] = parts;
  if (parts.length !== 6 || !minutes || !hours || !dom || !months || !dow || !years)
    throw new PlanInvalid([
      `"${expression}": cron takes six fields (minutes hours day-of-month month day-of-week year), found ${parts.length}`,
    ]);
  if ((dom === "?") === (dow === "?"))
    throw new PlanInvalid([`"${expression}": exactly one of day-of-month and day-of-week must be ?, as in cron(0 2 * * ? *)`]);
  const set = (text: string, low: number, high: number, names: string[] = [], base = 0) =>
    parseSet(expression, text, low, high, names, base);
  return {
    minutes: set(minutes, 0, 59),
    hours: set(hours, 0, 23),
    months: set(months, 1, 12, monthNames, 1),
    years: years === "*" ? undefined : set(years, 1970, 2199),
    day: dow === "?" ? dayOfMonth(expression, dom) : dayOfWeek(expression, dow),
  };
}

/** `*`, `5`, `1,3`, `9-17`, `0/15`, `9-17/2`, names where given. */
function parseSet(expression: string, text: string, low: number, high: number, names: string[], base: number): Set<number> {
  const bad = () => new PlanInvalid([`"${expression}": "${text}" is not a list of values from ${low} to ${high}`]);
  const value = (token: string) => {
    const named = names.indexOf(token.toUpperCase());
    const number = named >= 0 ? named + base : /^\d+$/.test(token) ? Number(token) : Number.NaN;
    if (!(number >= low && number <= high)) throw bad();
    return number;
  };
  const found = new Set<number>();
  for (const item of text.split(",")) {
    const [range = "", step] = item.split("/");
    if (item.split("/").length > 2 || (step !== undefined && !/^[1-9]\d*$/.test(step))) throw bad();
    const [from, to] =
      range === "*"
        ? [low, high]
        : range.includes("-")
          ? (range.split("-").map(value) as [number, number])
          : [value(range), step ? high : value(range)];
    if (to < from) throw bad();
    for (let n = from; n <= to; n += Number(step ?? 1)) found.add(n);
  }
  return found;
}

type Day = (year: number, month: number, day: number) => boolean;
const lastDay = (year: number, month: number) => new Date(Date.UTC(year, month, 0)).getUTCDate();
const weekday = (year: number, month: number, day: number) => new Date(Date.UTC(year, month - 1, day)).getUTCDay();

/** A set, `L` (the last day) or `15W` (the weekday nearest to the 15th, within the month). */
function dayOfMonth(expression: string, text: string): Day {
  if (text === "L") return (year, month, day) => day === lastDay(year, month);
  const [, near] = /^(\d+)W$/.exec(text) ?? [];
  if (near === undefined) {
    const days = parseSet(expression, text, 1, 31, [], 0);
    return (_year, _month, day) => days.has(day);
  }
  const [wanted = 1] = parseSet(expression, near, 1, 31, [], 0);
  return (year, month, day) => day === nearestWeekday(year, month, wanted);
}

function nearestWeekday(year: number, month: number, wanted: number): number {
  const last = lastDay(year, month);
  if (wanted > last) return 0;
  const on = weekday(year, month, wanted);
  if (on === 6) return wanted === 1 ? 3 : wanted - 1;
  if (on === 0) return wanted === last ? wanted - 2 : wanted + 1;
  return wanted;
}

/** A set of 1 (Sunday) to 7 (Saturday), `5L` (the last Thursday) or `3#2` (the second Tuesday). */
function dayOfWeek(expression: string, text: string): Day {
  const one = (token: string) => [...parseSet(expression, token, 1, 7, dayNames, 1)][0] as number;
  const [, lastOf] = /^(\w+)L$/.exec(text) ?? [];
  if (text === "L") return (year, month, day) => weekday(year, month, day) === 6;
  if (lastOf !== undefined) {
    const on = one(lastOf) - 1;
    return (year, month, day) => weekday(year, month, day) === on && day + 7 > lastDay(year, month);
  }
  const [, which, nth] = /^(\w+)#([1-5])$/.exec(text) ?? [];
  if (which !== undefined) {
    const on = one(which) - 1;
    return (year, month, day) => weekday(year, month, day) === on && Math.ceil(day / 7) === Number(nth);
  }
  const days = parseSet(expression, text, 1, 7, dayNames, 1);
  return (year, month, day) => days.has(weekday(year, month, day) + 1);
}
