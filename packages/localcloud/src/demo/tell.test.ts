import type { Stay } from "@holdfast/cli/src/history.ts";
import { expect, test } from "vitest";
import type { Steps } from "./steps.ts";
import { tell } from "./tell.ts";

function told(state: string, output: unknown, failed?: Stay["failed"]): string[] {
  const said: string[] = [];
  const steps = { detail: (_: number | undefined, text: string) => said.push(text) } as unknown as Steps;
  tell({ state, entered: new Date(0), left: new Date(1000), output, failed }, steps);
  return said;
}

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
