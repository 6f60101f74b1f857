import { expect, test } from "vitest";
import type { HistoryEvent } from "./cloud.ts";
import { eventOf, reported, staysOf } from "./history.ts";

const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 12, 0, second));
const entered = (state: string, second: number): HistoryEvent => ({ what: "entered", state, at: at(second) });
const exited = (state: string, second: number, output?: unknown): HistoryEvent => ({
  what: "exited",
  state,
  at: at(second),
  output: JSON.stringify(output),
});

test("a state that was left has its time and what its function answered", () => {
  expect(staysOf([entered("Survey", 0), exited("Survey", 2, { Payload: { state: "ready" } })])).toEqual([
    { state: "Survey", entered: at(0), left: at(2), output: { state: "ready" }, failed: undefined },
  ]);
});
test("the state that is entered last has not been left", () => {
  expect(staysOf([entered("Plan", 0), exited("Plan", 1), entered("Advance", 1)]).map(({ left }) => left)).toEqual([at(1), undefined]);
});
test("a state that never says that it was left is left when the next one is entered", () => {
  expect(staysOf([entered("Advance", 0), entered("Undo", 5)])[0]?.left).toEqual(at(5));
});
test("a failure belongs to the state it happened in, and the time goes on until the state is left", () => {
  const failed: HistoryEvent = { what: "failed", at: at(1), error: "RestoreDiffers", cause: '{"errorMessage":"1 of 2 rows. Look."}' };
  expect(staysOf([entered("Prove", 0), failed, entered("Undo", 3)])[0]).toMatchObject({
    left: at(3),
    failed: { error: "RestoreDiffers", message: "1 of 2 rows. Look." },
  });
});
test("the cause of a function is what it said, any other cause is told as it is", () => {
  expect(reported("X", '{"errorType":"X","errorMessage":"no","trace":["secret"]}')).toEqual({ error: "X", message: "no" });
  expect(reported("UnknownTarget", "the input names no target")).toEqual({ error: "UnknownTarget", message: "the input names no target" });
  expect(reported(undefined, undefined)).toEqual({ error: "States.Unknown", message: "" });
});
test("events of Step Functions that tell nothing to a person are passed over", () => {
  expect(eventOf({ id: 1, timestamp: at(0), type: "ExecutionStarted" })).toEqual([]);
  expect(eventOf({ id: 2, timestamp: at(0), type: "PassStateEntered", stateEnteredEventDetails: { name: "Start" } })).toEqual([
    entered("Start", 0),
  ]);
  expect(
    eventOf({
      id: 3,
      timestamp: at(1),
      type: "TaskTimedOut",
      taskTimedOutEventDetails: { resourceType: "lambda", resource: "invoke", error: "States.Timeout" },
    }),
  ).toEqual([{ what: "failed", at: at(1), error: "States.Timeout", cause: undefined }]);
});
