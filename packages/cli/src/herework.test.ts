import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Surroundings } from "@holdfast/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HereOptions, withSurroundings } from "./herework.ts";
import { type TestPlace, testPlace } from "./kit/place.ts";
import { testWorld } from "./kit/world.ts";

let [folder, t, aws] = ["", undefined as unknown as TestPlace, undefined as unknown as { asked: string[] }];
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "holdfast-herework-"));
  t = await testPlace(testWorld({ cwd: folder }));
  aws = await t.leave();
});
afterEach(() => rmSync(folder, { recursive: true }));

const within = <T>(options: HereOptions, work: (surroundings: Surroundings) => Promise<T>, layers: string[] = []) =>
  withSurroundings({ layers }, options, t, work);

test("a verb gets a folder of its own, which is gone afterwards, however it ends", async () => {
  let scratch = "";
  const fails = within({}, async (surroundings) => {
    scratch = surroundings.scratch;
    writeFileSync(path.join(scratch, "row"), "secret");
    throw new Error("it failed");
  });
  await expect(fails).rejects.toThrow("it failed");
  expect([scratch !== "", existsSync(scratch)]).toEqual([true, false]);
});
test("secrets come from the files that were named, without the line end that editors add, and AWS is not asked", async () => {
  writeFileSync(path.join(folder, "desk.json"), '{"password":"x"}\n');
  expect(await within({ secret: ["acme/desk=desk.json"] }, ({ secrets }) => secrets("acme/desk"))).toBe('{"password":"x"}');
  expect(aws.asked).toEqual([]);
});
test("a secret that was not brought is asked of AWS, and in vain says how to bring it", async () => {
  await expect(within({}, ({ secrets }) => secrets("acme/desk"))).rejects.toMatchObject({
    name: "SecretUnusable",
    hint: expect.stringContaining("--secret acme/desk=FILE"),
  });
  expect(aws.asked).toEqual(["read a secret"]);
});
test("a secret's file that is not there is told by both names", async () => {
  await expect(within({ secret: ["acme/desk=gone.json"] }, ({ secrets }) => secrets("acme/desk"))).rejects.toMatchObject({
    name: "FileUnusable",
    message: `${path.join(folder, "gone.json")}, which holds the secret acme/desk, cannot be read`,
  });
});
test("programs are where they were said to be, or where the script puts them", async () => {
  mkdirSync(path.join(folder, "pens"));
  expect(await within({ layers: "." }, async ({ layer }) => layer("pens"), ["pens"])).toBe(path.join(folder, "pens"));
  t.place.root = folder;
  await expect(within({}, async () => {}, ["pens"])).rejects.toMatchObject({ name: "LayersMissing" });
  const made = path.join(folder, ".local", "layers", process.arch === "arm64" ? "arm64" : "x86_64", "pens", "pens");
  mkdirSync(made, { recursive: true });
  expect(await within({}, async ({ layer }) => layer("pens"), ["pens"])).toBe(made);
});
