import { existsSync, readdirSync } from "node:fs";
import { slotId } from "@holdfast/core";
import { expect, test } from "vitest";
import { cloud, until } from "../kit/cloud.ts";

const c = cloud();

test("a kind from the test folder goes from a slot to evidence, a mark and a restore, and nothing outside knew it", async () => {
  const at = new Date("2026-03-01T00:00:00Z");
  const slot = slotId(at);
  expect(await c.backup("note", at)).toEqual({ result: expect.objectContaining({ state: "made", id: `note/${slot}` }) });
  expect(await c.verdict("note", slot)).toBe("ok");

  const execution = await c.start({ source: "note", target: "desk", at: slot });
  const ended = await c.ended(execution);
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  expect(JSON.parse(ended.output ?? "{}")).toMatchObject({ source: "note", slot, target: "desk", unit: "lines", expected: 3, found: 3 });
  await until("evidence of the restore", async () => (await c.entry("note", slot))?.evidence.restored?.[0]);
  expect(readdirSync(c.local.desk).some((name) => name.startsWith("memo-"))).toBe(true);
  expect(existsSync(c.local.desk)).toBe(true);
});
