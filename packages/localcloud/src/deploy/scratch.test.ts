import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeScratch } from "./scratch.ts";

let temporary: string;
beforeEach(() => {
  temporary = mkdtempSync(path.join(os.tmpdir(), "holdfast-test-"));
  vi.stubEnv("TMPDIR", temporary);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true, force: true });
});

test("each call makes a folder of its own, and leaves those of living processes", async () => {
  const [one, two] = [await makeScratch("kind"), await makeScratch("kind")];
  expect(one).not.toBe(two);
  expect([existsSync(one), existsSync(two)]).toEqual([true, true]);
});

test("what a killed process left of the same kind is removed, and nothing else", async () => {
  // Above the highest pid that Linux gives.
  const names = ["holdfast-kind-9999999-a", "holdfast-other-9999999-a", "holdfast-kind-x", "holdfast-kind-9999999"];
  for (const name of names) mkdirSync(path.join(temporary, name));
  await makeScratch("kind");
  expect(names.filter((name) => existsSync(path.join(temporary, name)))).toEqual(["holdfast-other-9999999-a", "holdfast-kind-x"]);
});
