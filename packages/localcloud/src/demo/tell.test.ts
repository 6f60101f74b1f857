import type { Stay } from "@holdfast/cli/src/history.ts";
import { expect, test } from "vitest";
import type { Steps } from "./steps.ts";
import { tell } from "./tell.ts";

function toldOf(stays: readonly Stay[], from = 0): string[] {
  const said: string[] = [];
  const steps = { detail: (_: number | undefined, text: string) => said.push(text) } as unknown as Steps;
  tell(stays, from, steps);
  return said;
}
const stay = (state: string, output: unknown, failed?: Stay["failed"]): Stay => ({
  state,
  entered: new Date(0),
  left: new Date(1000),
  output,
  failed,
});
const told = (state: string, output: unknown, failed?: Stay["failed"]) => toldOf([stay(state, output, failed)]);

test("a plan shows each of its steps, also one that holds a semicolon", () => {
  expect(told("Plan", { plan: { steps: ["replace all; nothing brings it back", "compare"] } })).toEqual([
    "plan",
    "- replace all; nothing brings it back",
    "- compare",
  ]);
});

test("of what was made people see what they know, and not what the restore noted for itself", () => {
  const made = [
    { what: "cluster", id: "at" },
    { what: "snapshot taken", id: "2026", passing: true },
  ];
  expect(told("Advance", { state: "loaded", made })).toEqual(["load: cluster at"]);
  expect(told("Advance", { state: "wait", note: "it is sealed", made })).toEqual(["load: it is sealed"]);
});

test("states in which nothing is to be seen are left out, unless they fail", () => {
  expect(told("Thaw", { state: "ready" })).toEqual([]);
  expect(told("Thaw", undefined, { error: "StoreDenied", message: "" })).toEqual([expect.stringContaining("failed: StoreDenied")]);
});

test("what says the same again and again is said once, also when it is looked at in between", () => {
  const wait = (note: string) => [stay("Advance", { state: "wait", note, made: [] }), stay("WaitForStep", {})];
  const stays = [...wait("it is creating"), ...wait("it is creating"), ...wait("it is there"), ...wait("it is creating")];
  expect(toldOf(stays)).toEqual(["load: it is creating", "load: it is there", "load: it is creating"]);
  expect(toldOf(stays, 2)).toEqual(["load: it is there", "load: it is creating"]);
});
