import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { recipientOf } from "@holdfast/age";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testWorld, type TestWorld } from "../kit/world.ts";
import { run } from "../program.ts";

let [folder, world] = ["", undefined as unknown as TestWorld];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "holdfast-keygen-"));
  world = testWorld({ cwd: folder });
});
afterEach(() => rmSync(folder, { recursive: true }));
const written = (name: string) => readFileSync(path.join(folder, name), "utf8");

test("the private half is in a file that only its owner may read, and the public half on stdout", async () => {
  expect(await run(["keygen", "--out", "offline.key"], world)).toBe(0);
  const [created, comment, identity = ""] = written("offline.key").split("\n");
  expect(created).toBe("# created: 2026-11-21T12:00:00Z");
  expect(identity).toMatch(/^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/);
  expect(world.stdout.text.trim()).toBe(await recipientOf(identity));
  expect(comment).toBe(`# public key: ${world.stdout.text.trim()}`);
  expect(statSync(path.join(folder, "offline.key")).mode & 0o777).toBe(0o600);
});
test("the private half is shown nowhere else", async () => {
  await run(["keygen", "--out", "offline.key", "--json"], world);
  expect(JSON.parse(world.stdout.text)).toEqual({ recipient: expect.stringMatching(/^age1/), file: path.join(folder, "offline.key") });
  expect(world.stdout.text + world.stderr.text).not.toMatch(/AGE-SECRET-KEY/i);
});
test("where to keep it and how to test it is said", async () => {
  await run(["keygen"], world);
  expect(readdirSync(folder)).toEqual(["holdfast-offline.key"]);
  expect(world.stderr.text).toContain("in two places");
  expect(world.stderr.text).toContain("| age -d -i holdfast-offline.key");
});
test("a file that is there is never replaced", async () => {
  writeFileSync(path.join(folder, "offline.key"), "the only copy");
  expect(await run(["keygen", "--out", "offline.key"], world)).toBe(1);
  expect(written("offline.key")).toBe("the only copy");
  expect(readdirSync(folder)).toEqual(["offline.key"]);
  expect(world.stderr.text).not.toContain("--force");
});
test("the private half goes to stdout for somebody who says so", async () => {
  expect(await run(["keygen", "--out", "-"], world)).toBe(0);
  expect(world.stdout.text).toMatch(/^# created: .*\n# public key: age1.*\nAGE-SECRET-KEY-1.*\n$/);
  expect(world.stderr.text).not.toContain("AGE-SECRET-KEY");
  expect(readdirSync(folder)).toEqual([]);
});
test("two keys are two keys", async () => {
  await run(["keygen", "--out", "one"], world);
  await run(["keygen", "--out", "two"], world);
  expect(written("one").split("\n")[2]).not.toBe(written("two").split("\n")[2]);
});
