import { describe, expect, test } from "vitest";
import { pauseAfter } from "../packages/sources/rds/advance.ts";
import { target } from "../packages/sources/rds/config.ts";
import { filled } from "./filled.ts";
import definition from "./restore.asl.json" with { type: "json" };
import { keepRetry, lookRetry, retry, undoRetry } from "./workflow.ts";

type Retrier = { ErrorEquals: string[]; MaxAttempts: number };
type State = { Type: string; Next?: string; Retry?: Retrier[]; Choices?: { Next: string }[]; Default?: string };
const { States } = filled(definition, { retry, lookRetry, keepRetry, undoRetry }) as { States: Record<string, State> };

/** Events of a history: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html */
const MOST = 25_000;
/** Entered and exited, and of a task scheduled, started and ended as well. */
const eventsOf = (name: string): number => (States[name]?.Type === "Task" ? 5 : 2);
/** Scheduled, started and failed. */
const PER_RETRY = 3;
const retriesOf = ({ Retry = [] }: State): number => Retry.reduce((sum, { MaxAttempts }) => sum + MaxAttempts, 0);
/** Every state once, and each retry that it may have. */
const once = Object.entries(States).reduce((sum, [name, state]) => sum + eventsOf(name) + retriesOf(state) * PER_RETRY, 0);

/** The states of the longest way from one that leads back to it. */
function round(from: string, at = from, seen: readonly string[] = []): string[] {
  if (at === from && seen.length > 0) return [...seen];
  if (seen.includes(at)) return [];
  const { Next = [], Choices = [], Default = [] } = States[at] ?? {};
  const ways = [...Choices.map((choice) => choice.Next), Default, Next].flat().map((next) => round(from, next, [...seen, at]));
  return ways.toSorted((a, b) => b.length - a.length)[0] ?? [];
}

describe("the history of an execution", () => {
  test("has room for a restore of RDS that takes as long as a target may allow, asked for in each round", () => {
    const hours = 72;
    expect(target.safeParse({ hours }).success).toBe(true);
    expect(target.safeParse({ hours: hours + 1 }).success).toBe(false);
    let rounds = 0;
    for (let millis = 0; millis < hours * 3_600_000; millis += pauseAfter(millis) * 1000) rounds++;
    const each = round("Advance");
    expect(each).toEqual(["Advance", "Loaded", "Ask", "WaitForStep"]);
    const events = once + rounds * each.reduce((sum, name) => sum + eventsOf(name), 0);
    expect(events).toBeGreaterThan(10_000);
    expect(events).toBeLessThan(MOST * 0.6);
  });

  test("has room for a thaw of two days beside that", () => {
    const each = round("Thaw").reduce((sum, name) => sum + eventsOf(name), 0);
    expect((48 * 3600 * each) / 1800).toBeLessThan(MOST * 0.1);
  });
});

describe("what passes by itself", () => {
  const seconds = (name: string) => {
    const passing = (States[name]?.Retry ?? []).find(({ ErrorEquals }) => ErrorEquals.includes("Passing"));
    const { IntervalSeconds = 0, MaxAttempts = 0, BackoffRate = 1, MaxDelaySeconds = 0 } = (passing ?? {}) as Record<string, number>;
    return Array.from({ length: MaxAttempts }, (_, at) => Math.min(IntervalSeconds * BackoffRate ** at, MaxDelaySeconds)).reduce(
      (sum, one) => sum + one,
      0,
    );
  };
  test.each(["Survey", "Plan", "Thaw"])("is waited for in %s as long as a person would", (name) => {
    expect(seconds(name)).toBe(35);
  });
  test.each(["Prove", "HandOver"])("is waited for in %s, where hours of work would be removed for it", (name) => {
    expect(seconds(name)).toBeGreaterThan(15 * 60);
    expect(seconds(name)).toBeLessThan(30 * 60);
  });
  test("is waited for in Advance by the kind itself, which knows what it began", () => {
    expect(seconds("Advance")).toBe(0);
  });
});
