import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../../../..");
let folder: string;

beforeEach(() => {
  // Inside the clone, so that tsconfig.infra.json and the platform's types are those of the clone.
  folder = mkdtempSync(path.join(root, ".sst", "types-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What tsc says of each line of a program for SST. */
function check(lines: string[]): string[] {
  const platform = path.join(root, ".sst", "platform", "config.d.ts");
  const made = lines.map((line, i) => `export const made${i} = () => ${line};`);
  writeFileSync(path.join(folder, "planted.ts"), [`/// <reference path="${platform}" />`, ...made].join("\n"));
  writeFileSync(
    path.join(folder, "tsconfig.json"),
    JSON.stringify({ extends: path.join(root, "tsconfig.infra.json"), files: ["planted.ts"], include: [], exclude: [] }),
  );
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  const errors = (stdout + stderr).split("\n").filter((line) => line.includes("error TS"));
  expect(errors.filter((error) => !error.includes("planted.ts"))).toEqual([]);
  return lines.map((_, i) => errors.find((error) => error.includes(`planted.ts(${i + 2},`)) ?? "");
}

test("wrong arguments of SST's and of the provider's are errors of types, and right ones are not", () => {
  const found = check([
    'new sst.aws.Function("F", { handler: "f.handler", memory: "512 MB" })',
    'new sst.aws.Function("F", { handler: "f.handler", memory: 512 })',
    'new sst.aws.Function("F", { handler: "f.handler", memry: "512 MB" })',
    'new aws.sqs.Queue("Q", { visibilityTimeoutSeconds: 30 })',
    'new aws.sqs.Queue("Q", { visibilityTimeoutSeconds: "x" })',
    'new aws.sqs.Queue("Q", { visibilityTimeout: 30 })',
  ]);
  expect(found).toEqual([
    "",
    expect.stringContaining("'number' is not assignable to type 'Input<"),
    expect.stringContaining("'memry' does not exist"),
    "",
    expect.stringContaining("'string' is not assignable to type 'Input<number>"),
    expect.stringContaining("'visibilityTimeout' does not exist"),
  ]);
});
