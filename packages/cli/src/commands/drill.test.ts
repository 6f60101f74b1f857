import { beforeEach, expect, test } from "vitest";
import type { Look } from "../cloud.ts";
import { Interrupted } from "../errors.ts";
import { type TestPlace, testPlace } from "../kit/place.ts";
import { testWorld } from "../kit/world.ts";
import { drill } from "./drill.ts";

let t: TestPlace;
beforeEach(async () => {
  t = await testPlace(testWorld());
});
const outcome = {
  source: "note",
  slot: "20261121T020000Z",
  target: "desk",
  made: [{ what: "folder", id: "memo-1" }],
  unit: "lines",
  thing: "memo",
  things: 1,
  expected: 2,
  found: 2,
  notes: [],
};
const look = (status: Look["status"], more: Partial<Look> = {}): Look => ({
  ...{ status, started: new Date(0), stopped: new Date(10_000), events: [] },
  ...{ input: undefined, output: undefined, error: undefined, cause: undefined },
  ...more,
});
const lines = (text: string) => text.trimEnd().split("\n");

test("starts the drill of the plan, follows it, and says what was proven and removed", async () => {
  t.answers.looks.push(look("SUCCEEDED", { output: JSON.stringify(outcome) }));
  expect(await drill({ source: "note" }, t)).toBe(0);
  expect(t.started).toEqual([expect.objectContaining({ input: { source: "note", at: "latest" } })]);
  expect(JSON.stringify(t.started)).toContain("stateMachine:acme-prod-drill");
  expect(lines(t.world.stdout.text).map((line) => line.split(/ {2,}/))).toEqual([
    ["drilled", "note/20261121T020000Z"],
    ["at", "desk"],
    ["removed", "folder memo-1"],
    ["lines", "2 found, 2 expected, in 1 memo"],
    ["took", "10 s"],
  ]);
  expect(t.world.stderr.text).toContain("drill    note at latest, to desk; what it makes there is removed again");
});

test("one that failed ends with its name and what to do", async () => {
  t.answers.looks.push(look("FAILED", { error: "RestoreDiffers", cause: "1 of 2 lines" }));
  await expect(drill({ source: "note" }, t)).rejects.toMatchObject({ remote: "RestoreDiffers", message: "RestoreDiffers: 1 of 2 lines" });
});

test("a source without a drill is told which have one", async () => {
  await expect(drill({ source: "other" }, t)).rejects.toMatchObject({
    name: "UsageWrong",
    message: "the plan has no drill for other",
    hint: expect.stringContaining("Sources that have one: note."),
  });
  expect(t.started).toEqual([]);
});

test("Ctrl-C says that it goes on and how to stop it, and names no way to follow that does not exist", async () => {
  t.answers.looks.push(look("RUNNING"));
  t.world.atWait(3, () => t.world.interrupt(new Interrupted("SIGINT")));
  await expect(drill({ source: "note" }, t)).rejects.toBeInstanceOf(Interrupted);
  expect(t.world.stderr.text).toContain("the drill goes on.\n");
  expect(t.world.stderr.text).toContain("aws stepfunctions stop-execution");
  expect(t.world.stderr.text).not.toContain("--follow");
});
