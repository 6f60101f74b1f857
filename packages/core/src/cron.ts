import { PlanInvalid } from "./planerrors.ts";

/** A cron expression of EventBridge Scheduler, parsed. Times are in UTC. */
export type Cron = {
  /** Minutes of the day at which it fires, ascending. */
  times: readonly number[];
  months: ReadonlySet<number>;
  /** Undefined: every year. */
  years: ReadonlySet<number> | undefined;
  /** Whether it fires on this day of one of its months. */
  on(year: number, month: number, day: number): boolean;
};
/** The years that the syntax knows: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based */
export const cronYears = { first: 1970, last: 2199 } as const;

const monthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const dayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/** Only years cannot run over their end (`20-2`, `FRI-MON`). */
type Field = { low: number; high: number; names: readonly string[]; wraps: boolean };
const field = (low: number, high: number, names: readonly string[] = [], wraps = true): Field => ({ low, high, names, wraps });
const fields = {
  minutes: field(0, 59),
  hours: field(0, 23),
  daysOfMonth: field(1, 31),
  months: field(1, 12, monthNames),
  daysOfWeek: field(1, 7, dayNames),
  years: field(cronYears.first, cronYears.last, [], false),
};

/** Parses what stands between the brackets of `cron(…)`. Throws {@link PlanInvalid}, which quotes `expression`. */
export function parseCron(expression: string, body: string): Cron {
  const parts = body.split(/\s+/);
  const [minutes, hours, dom, months, dow, years] = parts;
  if (parts.length !== 6 || !minutes || !hours || !dom || !months || !dow || !years)
    throw new PlanInvalid([
      `"${expression}": cron takes six fields (minutes hours day-of-month month day-of-week year), found ${body === "" ? 0 : parts.length}`,
    ]);
  if ((dom === "?") === (dow === "?"))
    throw new PlanInvalid([`"${expression}": exactly one of day-of-month and day-of-week must be ?, as in cron(0 2 * * ? *)`]);
  const set = (text: string, of: Field) => parseSet(expression, text, of);
  const [hourSet, minuteSet] = [set(hours, fields.hours), set(minutes, fields.minutes)];
  return {
    times: [...hourSet].flatMap((hour) => [...minuteSet].map((minute) => hour * 60 + minute)).sort((a, b) => a - b),
    months: set(months, fields.months),
    years: years === "*" ? undefined : set(years, fields.years),
    on: dow === "?" ? dayOfMonth(dom, set) : dayOfWeek(dow, set),
  };
}

/** A list of `*`, `5`, `9-17`, `0/15`, `9-17/2`, `20-2` (over the end of its field), names where the field has them. */
function parseSet(expression: string, text: string, of: Field): Set<number> {
  const bad = () => new PlanInvalid([`"${expression}": "${text}" is not a list of values from ${of.low} to ${of.high}`]);
  const found = new Set<number>();
  for (const item of text.split(",")) {
    const [, range = "", step] = /^([^/]+)(?:\/([1-9]\d*))?$/.exec(item) ?? [];
    const [from, to] = boundsOf(range, step !== undefined, of) ?? [];
    if (from === undefined || to === undefined || Number(step ?? 1) > of.high) throw bad();
    if (to < from && !of.wraps) throw bad();
    const size = of.high - of.low + 1;
    for (let n = from; n <= (to < from ? to + size : to); n += Number(step ?? 1)) found.add(((n - of.low) % size) + of.low);
  }
  return found;
}

function boundsOf(range: string, stepped: boolean, of: Field): [number, number] | undefined {
  if (range === "*") return [of.low, of.high];
  const [from, to, ...more] = range.split("-").map((token) => numberOf(token, of));
  if (from === undefined || more.length > 0) return undefined;
  if (!range.includes("-")) return [from, stepped ? of.high : from];
  return to === undefined ? undefined : [from, to];
}

function numberOf(token: string, of: Field): number | undefined {
  const named = of.names.indexOf(token.toUpperCase());
  const value = named >= 0 ? named + of.low : /^\d+$/.test(token) ? Number(token) : Number.NaN;
  return value >= of.low && value <= of.high ? value : undefined;
}

type SetOf = (text: string, of: Field) => ReadonlySet<number>;
export const lastDay = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();
/** 1 is Sunday, as in the field. */
const weekday = (year: number, month: number, day: number) => new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;

/** A list, `L` (the last day) or `15W` (the weekday nearest to the 15th, within the month). */
function dayOfMonth(text: string, set: SetOf): Cron["on"] {
  if (text === "L") return (year, month, day) => day === lastDay(year, month);
  const [, near] = /^(\d+)W$/.exec(text) ?? [];
  if (near !== undefined) {
    const [wanted = 0] = set(near, fields.daysOfMonth);
    return (year, month, day) => day === nearestWeekday(year, month, wanted);
  }
  const days = set(text, fields.daysOfMonth);
  return (_year, _month, day) => days.has(day);
}

/** 0 where the month has no such day. */
function nearestWeekday(year: number, month: number, wanted: number): number {
  const last = lastDay(year, month);
  if (wanted > last) return 0;
  const on = weekday(year, month, wanted);
  if (on === 7) return wanted === 1 ? 3 : wanted - 1;
  if (on === 1) return wanted === last ? wanted - 2 : wanted + 1;
  return wanted;
}

/** A list of 1 (Sunday) to 7 (Saturday), `L` (the last day of the week: Saturday), `5L` (the month's last Thursday) or `3#2` (its second Tuesday). */
function dayOfWeek(text: string, set: SetOf): Cron["on"] {
  if (text === "L") return (year, month, day) => weekday(year, month, day) === 7;
  const [, lastOf] = /^(\d|[A-Za-z]{3})L$/.exec(text) ?? [];
  if (lastOf !== undefined) {
    const [wanted] = set(lastOf, fields.daysOfWeek);
    return (year, month, day) => weekday(year, month, day) === wanted && day + 7 > lastDay(year, month);
  }
  const [, which, nth] = /^(\d|[A-Za-z]{3})#([1-5])$/.exec(text) ?? [];
  if (which !== undefined) {
    const [wanted] = set(which, fields.daysOfWeek);
    return (year, month, day) => weekday(year, month, day) === wanted && Math.ceil(day / 7) === Number(nth);
  }
  const days = set(text, fields.daysOfWeek);
  return (year, month, day) => days.has(weekday(year, month, day));
}
