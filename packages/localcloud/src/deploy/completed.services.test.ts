import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { python } from "../services/install.ts";
import { completed } from "./completed.ts";

/** Runs Python with MiniStack and its completions at hand. */
function run(program: string): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(python().command, ["-c", program], {
    env: { ...completed(), PYTHONDONTWRITEBYTECODE: "1", HOME: "/nonexistent" },
    encoding: "utf8",
  });
  return { status, out: stdout.trim(), error: stderr.trim() };
}
const json = (program: string): unknown => {
  const { out, error } = run(`import json\n${program}`);
  return JSON.parse(out || JSON.stringify(error));
};

test("another version of MiniStack than the pinned one does not start", () => {
  const { status, error } = run("import holdfast_ministack as h; h.PINNED = '0.0.1'; h.watch_imports()");
  expect(status).toBe(1);
  expect(error).toMatch(/completes ministack 0\.0\.1; this is 1\.5\.33/);
});

test("a function of MiniStack's that is not there any more stops the start", () => {
  const { status, error } = run("import holdfast_ministack as h, types; h.replace(types.ModuleType('m'), 'gone', lambda f: f)");
  expect({ status, error }).toEqual({ status: 1, error: expect.stringContaining("has no attribute 'gone'") });
});

describe("the moment that a schedule was for", () => {
  const at = (schedule: object, now: string) =>
    json(`from datetime import datetime
from holdfast_ministack.schedules import occurrence
print(json.dumps(occurrence(json.loads('''${JSON.stringify(schedule)}'''), datetime.fromisoformat("${now}+00:00").timestamp()).strftime("%Y-%m-%dT%H:%M:%S")))`);

  test.each([
    ["a daily one", "cron(0 2 * * ? *)", "2026-11-21T02:00:01", "2026-11-21T02:00:00"],
    ["a daily one, just before it", "cron(0 2 * * ? *)", "2026-11-21T01:59:59", "2026-11-20T02:00:00"],
    ["each minute", "cron(* * * * ? *)", "2026-11-21T01:59:59", "2026-11-21T01:59:00"],
    ["a weekly one", "cron(30 6 ? * MON *)", "2026-11-21T00:00:00", "2026-11-16T06:30:00"],
    ["a leap day", "cron(0 0 29 2 ? *)", "2026-11-21T00:00:00", "2024-02-29T00:00:00"],
    ["once", "at(2026-01-02T03:04:05)", "2026-11-21T00:00:00", "2026-01-02T03:04:05"],
  ])("%s", (_, expression, now, moment) => {
    expect(at({ ScheduleExpression: expression }, now)).toBe(moment);
  });

  test("a rate counts from when the schedule was made", () => {
    const made = Date.parse("2026-11-21T10:00:30Z") / 1000;
    expect(at({ ScheduleExpression: "rate(5 minutes)", CreationDate: made }, "2026-11-21T10:14:00")).toBe("2026-11-21T10:10:30");
  });
});

describe("what an alarm makes of its periods", () => {
  const judge = (values: (number | null)[], alarm: object) => {
    const given = { ComparisonOperator: "GreaterThanThreshold", Threshold: 10, EvaluationPeriods: values.length, ...alarm };
    const found = json(`from holdfast_ministack.alarms import judge
print(json.dumps(judge(json.loads('${JSON.stringify(values)}'), json.loads('${JSON.stringify(given)}'))[0]))`);
    return found;
  };

  test.each([
    [[11, 12], {}, "ALARM"],
    [[11, 9], {}, "OK"],
    [[11, 9], { DatapointsToAlarm: 1 }, "ALARM"],
    [[10, 10], {}, "OK"],
    [[null, null], { TreatMissingData: "breaching" }, "ALARM"],
    [[null, null], { TreatMissingData: "notBreaching" }, "OK"],
    [[null, null], { TreatMissingData: "ignore" }, null],
    [[null, null], {}, "INSUFFICIENT_DATA"],
    [[null, 11], { TreatMissingData: "breaching" }, "ALARM"],
    [[null, 9], { TreatMissingData: "breaching" }, "OK"],
    [[null, 9], { TreatMissingData: "breaching", DatapointsToAlarm: 1 }, "ALARM"],
  ])("%j with %j is %s", (values, alarm, state) => {
    expect(judge(values, alarm)).toBe(state);
  });
});
