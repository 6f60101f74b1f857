import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { parseSchedule } from "./schedule.ts";

vi.setConfig({ testTimeout: 60_000 }); // much is tried here, on a machine that may be busy

/** Up to `count` occurrences from `from` on, to the minute. */
function occurrences(expression: string, from: string, count: number): string[] {
  const schedule = parseSchedule(expression);
  const found: string[] = [];
  let at = new Date(new Date(from).getTime() - 1);
  while (found.length < count) {
    at = schedule.next(at);
    found.push(at.toISOString().slice(0, 16));
  }
  return found;
}

describe("cron expressions of AWS's own documentation fire when it says", () => {
  // https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html and eb-scheduled-rule-pattern.html, its examples.
  test.each([
    ["cron(0 10 * * ? *)", "2026-11-21T00:00Z", ["2026-11-21T10:00", "2026-11-22T10:00"]],
    ["cron(15 12 * * ? *)", "2026-11-21T12:16Z", ["2026-11-22T12:15"]],
    ["cron(0 18 ? * MON-FRI *)", "2026-11-20T18:01Z", ["2026-11-23T18:00", "2026-11-24T18:00"]],
    ["cron(0 8 1 * ? *)", "2026-11-21T00:00Z", ["2026-12-01T08:00", "2027-01-01T08:00"]],
    ["cron(0/15 * * * ? *)", "2026-11-21T23:31Z", ["2026-11-21T23:45", "2026-11-22T00:00"]],
    ["cron(0/10 * ? * MON-FRI *)", "2026-11-20T23:50Z", ["2026-11-20T23:50", "2026-11-23T00:00", "2026-11-23T00:10"]],
    ["cron(0/5 8-17 ? * MON-FRI *)", "2026-11-20T17:50Z", ["2026-11-20T17:50", "2026-11-20T17:55", "2026-11-23T08:00"]],
    ["cron(0/30 20-2 ? * MON-FRI *)", "2026-11-23T02:30Z", ["2026-11-23T02:30", "2026-11-23T20:00", "2026-11-23T20:30"]],
    ["cron(0/30 20-2 ? * MON-FRI *)", "2026-11-23T00:00Z", ["2026-11-23T00:00", "2026-11-23T00:30", "2026-11-23T01:00"]],
    ["cron(15 10 ? * 6L 2019-2022)", "2022-11-01T00:00Z", ["2022-11-25T10:15", "2022-12-30T10:15"]],
    ["cron(5,35 14 * * ? *)", "2026-11-21T14:10Z", ["2026-11-21T14:35", "2026-11-22T14:05"]],
    ["cron(1/10 0 1 1 ? *)", "2027-01-01T00:00Z", ["2027-01-01T00:01", "2027-01-01T00:11", "2027-01-01T00:21", "2027-01-01T00:31"]],
    ["cron(0 0 3W * ? *)", "2027-01-01T00:00Z", ["2027-01-04T00:00", "2027-02-03T00:00", "2027-03-03T00:00", "2027-04-02T00:00"]],
    ["cron(0 0 ? * 3#2 *)", "2026-11-01T00:00Z", ["2026-11-10T00:00", "2026-12-08T00:00"]],
    ["cron(30 2 * * ? *)", "2026-03-29T00:00Z", ["2026-03-29T02:30"]],
  ])("%s from %s", (expression, from, expected) => {
    expect(occurrences(expression, from, expected.length)).toEqual(expected);
  });
});

describe("each wildcard means what AWS says", () => {
  test.each([
    ["L in day-of-month is the month's last day", "cron(0 0 L * ? *)", ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]],
    ["L in day-of-week is the last day of every week, Saturday", "cron(0 0 ? * L *)", ["2028-01-01", "2028-01-08", "2028-01-15"]],
    ["7 is Saturday", "cron(0 0 ? * 7 *)", ["2028-01-01", "2028-01-08"]],
    ["1 is Sunday", "cron(0 0 ? * 1 *)", ["2028-01-02", "2028-01-09"]],
    ["names are taken in any case", "cron(0 0 ? jan sun *)", ["2028-01-02", "2028-01-09"]],
    ["a number and L is the month's last such day", "cron(0 0 ? * 5L *)", ["2028-01-27", "2028-02-24", "2028-03-30"]],
    ["a name and L too", "cron(0 0 ? * THUL *)", ["2028-01-27", "2028-02-24", "2028-03-30"]],
    ["a name and # too", "cron(0 0 ? * TUE#1 *)", ["2028-01-04", "2028-02-01"]],
    ["the fifth of a day skips months without one", "cron(0 0 ? * SAT#5 *)", ["2028-01-29", "2028-04-29"]],
    ["1W on a Saturday is Monday the third, within the month", "cron(0 0 1W * ? *)", ["2028-01-03", "2028-02-01"]],
    ["31W skips months without a 31st", "cron(0 0 31W * ? *)", ["2028-01-31", "2028-03-31"]],
    ["30W on a Sunday that ends the month is the Friday before", "cron(0 0 30W 4 ? *)", ["2028-04-28"]],
    ["29W of a leap February", "cron(0 0 29W 2 ? *)", ["2028-02-29"]],
    ["the leap day", "cron(0 0 29 2 ? *)", ["2028-02-29", "2032-02-29"]],
    ["a list", "cron(0 0 1,15 1,7 ? *)", ["2028-01-01", "2028-01-15", "2028-07-01"]],
    ["a range with a step", "cron(0 0 10-20/5 1 ? *)", ["2028-01-10", "2028-01-15", "2028-01-20"]],
    ["a step as large as its field", "cron(0 0 1/31 * ? *)", ["2028-01-01", "2028-02-01"]],
    ["a step from every value", "cron(0 0 */10 1 ? *)", ["2028-01-01", "2028-01-11", "2028-01-21", "2028-01-31"]],
    ["a range over the end of the week", "cron(0 0 ? * FRI-MON *)", ["2028-01-01", "2028-01-02", "2028-01-03", "2028-01-07"]],
    ["a range over the end of the year", "cron(0 0 1 NOV-JAN ? *)", ["2028-01-01", "2028-11-01", "2028-12-01", "2029-01-01"]],
    ["lists of names and numbers together", "cron(0 0 1 JAN,3 ? *)", ["2028-01-01", "2028-03-01"]],
    ["a list of years", "cron(0 0 1 1 ? 2029,2031)", ["2029-01-01", "2031-01-01"]],
    ["a range of years with a step", "cron(0 0 1 1 ? 2030-2040/5)", ["2030-01-01", "2035-01-01", "2040-01-01"]],
    ["the last year there is", "cron(0 0 31 12 ? 2199)", ["2199-12-31"]],
  ])("%s: %s", (_what, expression, expected) => {
    expect(occurrences(expression, "2028-01-01T00:00Z", expected.length)).toEqual(expected.map((day) => `${day}T00:00`));
  });

  test("31W skips April also where the day after its last is a Saturday", () => {
    expect(occurrences("cron(0 0 31W * ? *)", "2027-04-01T00:00Z", 1)).toEqual(["2027-05-31T00:00"]);
  });
  test("the first moment there is", () => {
    expect(parseSchedule("cron(0 0 1 1 ? 1970)").latest(new Date("2026-01-01T00:00Z"))).toEqual(new Date(0));
    expect(() => parseSchedule("cron(0 0 * * ? *)").latest(new Date(-1))).toThrow("never fires before 1969-12-31T23:59:59.999Z");
  });
  test("a step over midnight goes on where it was", () => {
    const found = occurrences("cron(0 22-3/2 * * ? *)", "2028-01-01T00:00Z", 4);
    expect(found).toEqual(["2028-01-01T00:00", "2028-01-01T02:00", "2028-01-01T22:00", "2028-01-02T00:00"]);
  });
});

describe("what is refused", () => {
  test.each([
    ["", "neither rate"],
    ["0 2 * * *", "neither rate"],
    ["at(2026-11-21T02:00:00)", "neither rate"],
    [" cron(0 2 * * ? *)", "neither rate"],
    ["cron()", "six fields (minutes hours day-of-month month day-of-week year), found 0"],
    ["cron(0 2 * * ?)", "found 5"],
    ["cron(0 2 * * ? * *)", "found 7"],
    ["cron(0 2 * * * *)", "exactly one"],
    ["cron(0 2 ? * ? *)", "exactly one"],
    ["cron(0 2 1 * MON *)", "exactly one"],
    ["cron(60 2 * * ? *)", '"60" is not a list of values from 0 to 59'],
    ["cron(0 24 * * ? *)", "from 0 to 23"],
    ["cron(0 2 0 * ? *)", "from 1 to 31"],
    ["cron(0 2 32 * ? *)", "from 1 to 31"],
    ["cron(0 2 * 13 ? *)", "from 1 to 12"],
    ["cron(0 2 * FOO ? *)", "from 1 to 12"],
    ["cron(0 2 ? * 0 *)", "from 1 to 7"],
    ["cron(0 2 ? * 8 *)", "from 1 to 7"],
    ["cron(0 2 ? * 3#6 *)", "from 1 to 7"],
    ["cron(0 2 ? * 3#0 *)", "from 1 to 7"],
    ["cron(0 2 ? * 3#1,6#3 *)", "from 1 to 7"],
    ["cron(0 2 ? * 8L *)", "from 1 to 7"],
    ["cron(0 2 32W * ? *)", "from 1 to 31"],
    ["cron(0 2 0W * ? *)", "from 1 to 31"],
    ["cron(0 2 L-3 * ? *)", "from 1 to 31"],
    ["cron(0 2 LW * ? *)", "from 1 to 31"],
    ["cron(0 2 W * ? *)", "from 1 to 31"],
    ["cron(0 2 * * ? 1969)", "from 1970 to 2199"],
    ["cron(0 2 * * ? 2200)", "from 1970 to 2199"],
    ["cron(0 2 * * ? 2030-2026)", "from 1970 to 2199"],
    ["cron(1-2-3 2 * * ? *)", '"1-2-3"'],
    ["cron(1- 2 * * ? *)", '"1-"'],
    ["cron(-1 2 * * ? *)", '"-1"'],
    ["cron(1,,2 2 * * ? *)", '"1,,2"'],
    ["cron(*/0 2 * * ? *)", '"*/0"'],
    ["cron(*/60 2 * * ? *)", '"*/60"'],
    ["cron(0/5/5 2 * * ? *)", '"0/5/5"'],
    ["cron(/5 2 * * ? *)", '"/5"'],
    ["cron(1.5 2 * * ? *)", '"1.5"'],
    ["cron(0x1 2 * * ? *)", '"0x1"'],
    ["cron(? 2 * * ? *)", '"?"'],
    ["rate()", "positive whole number"],
    ["rate(0 hours)", "positive whole number"],
    ["rate(-1 hours)", "positive whole number"],
    ["rate(1.5 hours)", "positive whole number"],
    ["rate(5 seconds)", "positive whole number"],
    ["rate(1 week)", "positive whole number"],
    ["rate(5minutes)", "positive whole number"],
    ["rate(hours)", "positive whole number"],
    ["rate(5 constructor)", "positive whole number"],
    ["rate(3661 days)", "longer than ten years"],
    [`rate(${"9".repeat(30)} days)`, "longer than ten years"],
  ])("%s", (expression, message) => {
    expect(() => parseSchedule(expression)).toThrow(message);
    expect(() => parseSchedule(expression)).toThrow(expect.objectContaining({ name: "PlanInvalid" }));
  });

  test.each([
    "cron(0 0 31 2 ? *)",
    "cron(0 0 30 2 ? *)",
    "cron(0 0 31 4,6,9,11 ? *)",
    "cron(0 0 29 2 ? 2027)",
    "cron(0 0 ? 2 SUN#5 2027-2031)",
  ])("%s never fires, and that is said at once", (expression) => {
    expect(() => parseSchedule(expression)).toThrow(`"${expression}" never fires`);
  });
});

describe("years that end", () => {
  const schedule = parseSchedule("cron(0 2 * * ? 2027-2028)");
  test("after the last there is no next occurrence, and the error says so", () => {
    expect(() => schedule.next(new Date("2028-12-31T02:00Z"))).toThrow("never fires after 2028-12-31T02:00");
    expect(schedule.latest(new Date("2199-06-01T00:00Z")).toISOString()).toBe("2028-12-31T02:00:00.000Z");
  });
  test("before the first there is no latest occurrence, and the error says so", () => {
    expect(() => schedule.latest(new Date("2027-01-01T01:59Z"))).toThrow("never fires before 2027-01-01T01:59");
    expect(schedule.next(new Date("1980-01-01T00:00Z")).toISOString()).toBe("2027-01-01T02:00:00.000Z");
  });
  test("only such a schedule is not endless", () => {
    expect(schedule.endless).toBe(false);
    expect(parseSchedule("cron(0 2 * * ? *)").endless).toBe(true);
    expect(parseSchedule("rate(1 day)").endless).toBe(true);
  });
});

describe("rates", () => {
  test.each([
    ["rate(1 minute)", "2026-11-21T02:03:59.999Z", "2026-11-21T02:03:00.000Z"],
    ["rate(15 minutes)", "2026-11-21T02:44:00Z", "2026-11-21T02:30:00.000Z"],
    ["rate(6 hours)", "2026-11-21T05:59:59Z", "2026-11-21T00:00:00.000Z"],
    ["rate(6 hours)", "2026-11-21T06:00:00Z", "2026-11-21T06:00:00.000Z"],
    ["rate(1 day)", "2026-11-21T23:59:00Z", "2026-11-21T00:00:00.000Z"],
    ["rate(1 days)", "2026-11-21T23:59:00Z", "2026-11-21T00:00:00.000Z"],
    ["rate(3660 days)", "2026-11-21T23:59:00Z", "2020-02-08T00:00:00.000Z"],
  ])("the slot of %s at %s is %s for any clock", (expression, at, slot) => {
    expect(parseSchedule(expression).latest(new Date(at)).toISOString()).toBe(slot);
  });
});

describe("gaps", () => {
  const hours = (expression: string) => parseSchedule(expression).longestGap() / 3_600_000;
  test.each([
    ["rate(6 hours)", 6],
    ["cron(0 2 * * ? *)", 24],
    ["cron(0 2,3,20 * * ? *)", 17],
    ["cron(0 8-17 ? * MON-FRI *)", 63],
    ["cron(* 8-17 ? * MON-FRI *)", 62 + 1 / 60],
    ["cron(0 0 1 * ? *)", 31 * 24],
    ["cron(0 0 31 * ? *)", 61 * 24],
    ["cron(0 0 29 2 ? *)", 1461 * 24],
    ["cron(0 0 ? 2 SUN#5 *)", 28 * 365.25 * 24],
    ["cron(* * * * ? *)", 1 / 60],
  ])("the longest of %s is %d hours", (expression, expected) => {
    expect(hours(expression)).toBeCloseTo(expected, 9);
  });
});

// ── Against a slow oracle that knows only what a minute is ─────────────────────────────────────────────────────────────────────
const day = 86_400_000;
const number = (low: number, high: number) => fc.integer({ min: low, max: high });
type Term = { text: string; has(value: number): boolean };
/** One field's text with an oracle that walks its meaning value by value. */
function fieldOf(low: number, high: number): fc.Arbitrary<Term> {
  const walk = (from: number, to: number, step: number) => {
    const values = new Set<number>();
    let value = from;
    for (let i = 0; ; i++) {
      if (i % step === 0) values.add(value);
      if (value === to) return values;
      value = value === high ? low : value + 1;
    }
  };
  const single = number(low, high).map((n) => ({ text: `${n}`, values: new Set([n]) }));
  const range = fc.tuple(number(low, high), number(low, high)).map(([a, b]) => ({ text: `${a}-${b}`, values: walk(a, b, 1) }));
  const stepped = fc.tuple(number(low, high), number(1, high)).map(([a, s]) => ({ text: `${a}/${s}`, values: walk(a, high, s) }));
  const both = fc
    .tuple(number(low, high), number(low, high), number(1, high))
    .map(([a, b, s]) => ({ text: `${a}-${b}/${s}`, values: walk(a, b, s) }));
  const every = fc.constant({ text: "*", values: walk(low, high, 1) });
  return fc.array(fc.oneof(every, single, range, stepped, both), { minLength: 1, maxLength: 3 }).map((terms) => ({
    text: terms.map((t) => t.text).join(","),
    has: (value) => terms.some((t) => t.values.has(value)),
  }));
}
type Day = { text: string; month?: boolean; has(at: Date): boolean };
const lastOfMonth = (at: Date) => new Date(at.getTime() + day).getUTCMonth() !== at.getUTCMonth();
const dates: fc.Arbitrary<Day> = fc.oneof(
  fieldOf(1, 31).map(({ text, has }) => ({ text: `${text} M ?`, has: (at: Date) => has(at.getUTCDate()) })),
  fieldOf(1, 7).map(({ text, has }) => ({ text: `? M ${text}`, has: (at: Date) => has(at.getUTCDay() + 1) })),
  fc.constant({ text: "L M ?", has: lastOfMonth }),
  fc.constant({ text: "? M L", has: (at: Date) => at.getUTCDay() === 6 }),
  number(1, 7).map((n) => ({
    text: `? M ${n}L`,
    has: (at: Date) => at.getUTCDay() + 1 === n && new Date(at.getTime() + 7 * day).getUTCMonth() !== at.getUTCMonth(),
  })),
  fc.tuple(number(1, 7), number(1, 5)).map(([n, k]) => ({
    text: `? M ${n}#${k}`,
    has: (at: Date) =>
      at.getUTCDay() + 1 === n &&
      [...Array(31).keys()].filter((i) => i < at.getUTCDate() && new Date(at.getTime() - i * day).getUTCDay() === at.getUTCDay()).length ===
        k,
  })),
  number(1, 28).map((n) => ({
    text: `${n}W M ?`,
    // The nearest of all weekdays of that month to the n-th; no two are equally near, since a weekend is two days long.
    has: (at: Date) => {
      const month = Array.from({ length: 31 }, (_, i) => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), i + 1)));
      const weekdays = month.filter((d) => d.getUTCMonth() === at.getUTCMonth() && d.getUTCDay() % 6 !== 0).map((d) => d.getUTCDate());
      return at.getUTCDate() === weekdays.toSorted((a, b) => Math.abs(a - n) - Math.abs(b - n))[0];
    },
  })),
);
const crons = fc.record({ minutes: fieldOf(0, 59), hours: fieldOf(0, 23), date: dates, months: fieldOf(1, 12) }).map((of) => {
  const on = (at: Date) => of.months.has(at.getUTCMonth() + 1) && of.date.has(at);
  const first = (field: Term) => [...Array(60).keys()].find((n) => field.has(n)) ?? 0;
  return {
    expression: `cron(${of.minutes.text} ${of.hours.text} ${of.date.text.replace("M", of.months.text)} *)`,
    /** On which days, and at which minute of them first. */
    on,
    first: first(of.hours) * 60 + first(of.minutes),
    fires: (at: Date) => of.hours.has(at.getUTCHours()) && of.minutes.has(at.getUTCMinutes()) && on(at),
  };
});
const moments = fc.date({ min: new Date("1990-01-01T00:00Z"), max: new Date("2120-01-01T00:00Z"), noInvalidDate: true });

/** Minute by minute, over at most `most` of them. */
function walked(fires: (at: Date) => boolean, from: Date, step: 1 | -1, most: number): Date | undefined {
  const floor = Math.floor(from.getTime() / 60_000) * 60_000;
  for (let i = step === 1 ? 1 : 0; i <= most; i++) {
    const at = new Date(floor + i * step * 60_000);
    if (fires(at)) return at;
  }
  return undefined;
}

describe("properties", () => {
  test("a cron agrees with a walk over every minute of two days, both ways", () => {
    fc.assert(
      fc.property(crons, moments, ({ expression, fires }, at) => {
        const schedule = parsed(expression);
        fc.pre(schedule !== undefined);
        const most = 2 * 1440;
        const after = walked(fires, at, 1, most);
        const before = walked(fires, at, -1, most);
        if (after) expect(schedule.next(at)).toEqual(after);
        else expect(schedule.next(at).getTime()).toBeGreaterThan(at.getTime() + (most - 1) * 60_000);
        if (before) expect(schedule.latest(at)).toEqual(before);
        else expect(schedule.latest(at).getTime()).toBeLessThan(at.getTime() - (most - 1) * 60_000);
      }),
      { numRuns: 150 },
    );
  });
  test("a cron fires on exactly the days on which a walk over a year finds it", () => {
    fc.assert(
      fc.property(crons, number(1990, 2090), ({ expression, on, first }, year) => {
        const schedule = parsed(expression);
        fc.pre(schedule !== undefined);
        const found: number[] = [];
        const end = Date.UTC(year + 1, 0, 1);
        for (let at = schedule.next(new Date(Date.UTC(year, 0, 1) - 1)).getTime(); at < end; ) {
          found.push(at);
          const midnight = Math.floor(at / day) * day + day;
          at = schedule.next(new Date(midnight - 1)).getTime();
        }
        const expected: number[] = [];
        for (let midnight = Date.UTC(year, 0, 1); midnight < end; midnight += day)
          if (on(new Date(midnight))) expected.push(midnight + first * 60_000);
        expect(found).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
  const schedules = fc.oneof(
    crons.map((c) => c.expression),
    fc.tuple(number(1, 3000), fc.constantFrom("minute", "hour", "day")).map(([n, unit]) => `rate(${n} ${unit}s)`),
  );
  test("latest is at or before, next is after, and nothing lies between them", () => {
    fc.assert(
      fc.property(schedules, moments, (expression, at) => {
        const schedule = parsed(expression);
        fc.pre(schedule !== undefined);
        const [latest, next] = [schedule.latest(at), schedule.next(at)];
        expect(latest.getTime()).toBeLessThanOrEqual(at.getTime());
        expect(next.getTime()).toBeGreaterThan(at.getTime());
        expect(schedule.next(latest)).toEqual(next);
        expect(schedule.latest(latest)).toEqual(latest);
        expect(schedule.latest(next)).toEqual(next);
        expect(schedule.latest(new Date(next.getTime() - 1))).toEqual(latest);
        expect(schedule.interval(at)).toBe(next.getTime() - latest.getTime());
        expect(next.getTime() % 60_000).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
  test("no two occurrences are further apart than the longest gap", () => {
    fc.assert(
      fc.property(
        schedules,
        fc.date({ min: new Date("2001-01-01T00:00Z"), max: new Date("2050-01-01T00:00Z"), noInvalidDate: true }),
        (expression, at) => {
          const schedule = parsed(expression);
          fc.pre(schedule !== undefined);
          expect(schedule.interval(at)).toBeLessThanOrEqual(schedule.longestGap());
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** Some combinations never fire, and are refused. */
function parsed(expression: string) {
  try {
    return parseSchedule(expression);
  } catch {
    return undefined;
  }
}
