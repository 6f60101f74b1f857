import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { GetExecutionHistoryCommand } from "@aws-sdk/client-sfn";
import { slotId } from "@holdfast/core";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { cloud, until } from "../kit/cloud.ts";

const c = cloud();
const source = "note";
const at = slotId(new Date("2026-04-01T00:00:00Z"));
const claims = () => readdirSync(c.local.desk).filter((name) => name.startsWith(".holdfast"));
const restored = () => readdirSync(c.local.desk).filter((name) => name.startsWith("memo-"));

beforeAll(async () => {
  await c.backup(source, new Date("2026-04-01T00:00:00Z"));
  await c.verdict(source, at);
});

/** The states that the execution has entered. */
async function entries(executionArn: string): Promise<string[]> {
  const { events = [] } = await c.machines.send(new GetExecutionHistoryCommand({ executionArn }));
  return events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
}

/** Resolves when the execution has entered the state. */
const entered = (execution: string, state: string) =>
  until(`${state} of ${execution}`, async () => (await entries(execution)).includes(state) || undefined);

// The states pass too quickly to be met: each is held, or the next one that can be.
test.each([
  ["Survey", "Advance"],
  ["Plan", "Advance"],
  ["Thaw", "Advance"],
  ["Advance", "Advance"],
  ["WaitForStep", "Prove"],
  ["Prove", "Prove"],
  ["HandOver", "HandOver"],
])("an execution stopped in %s leaves nothing of its own and everything else", async (state, held) => {
  const before = restored();
  const hold = path.join(c.local.desk, `hold-${held}`);
  const isHeld = () => until(`${held} is held`, async () => readFileSync(hold, "utf8") === "held" || undefined);
  writeFileSync(hold, "");
  onTestFinished(() => rmSync(hold, { force: true }));
  const execution = await c.start({ source, target: "desk", at });
  await entered(execution, state);
  if (state === held) await isHeld();
  await c.stop(execution);
  expect(await c.ended(execution)).toMatchObject({ status: "ABORTED" });
  // The state that ran goes on after a stop; nothing may come back of it.
  if ((await entries(execution)).includes(held)) {
    await isHeld();
    writeFileSync(hold, "go");
    await until(`${held} is done`, async () => !existsSync(hold) || undefined);
  }
  await until("the claim is gone", async () => claims().length === 0 || undefined);
  if (state !== "HandOver") expect(restored()).toEqual(before);
  else expect(before.every((name) => restored().includes(name))).toBe(true);
});

/** How often the world fails in a state. */
function shake(state: string, times: number): void {
  const shaking = path.join(c.local.desk, `fail-${state}`);
  writeFileSync(shaking, String(times));
  onTestFinished(() => rmSync(shaking, { force: true }));
}

test("what passes by itself is tried again before a restore is given up for it, and nothing is removed", async () => {
  for (const state of ["Survey", "Prove", "HandOver"]) shake(state, 1);
  const execution = await c.start({ source, target: "desk", at });
  const ended = await c.ended(execution);
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  const states = await entries(execution);
  expect(states.filter((state) => ["Survey", "Prove", "HandOver", "Undo"].includes(state))).toEqual(["Survey", "Prove", "HandOver"]);
});

test("what did not pass ends a restore under its own name and words", async () => {
  shake("Advance", 1);
  const execution = await c.start({ source, target: "desk", at });
  expect(await c.ended(execution)).toMatchObject({
    status: "FAILED",
    error: "StoreUnavailable",
    cause: 'the desk shakes in "Advance". Wait until it stands still.',
  });
  expect(await entries(execution)).toContain("Undo");
  expect(claims()).toEqual([]);
});

test("a protected target is restored to once somebody approves", async () => {
  const execution = await c.start({ source, target: "safe", at });
  await c.approve(execution);
  expect(await c.ended(execution)).toMatchObject({ status: "SUCCEEDED" });
});

test("a protected target waits for somebody to approve; stopping is refusing, and nothing was made", async () => {
  const execution = await c.start({ source, target: "safe", at });
  await entered(execution, "Approve");
  expect(claims()).toEqual([]);
  await c.stop(execution);
  expect(await c.ended(execution)).toMatchObject({ status: "ABORTED" });
  expect(claims()).toEqual([]);
});
