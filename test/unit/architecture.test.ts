import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

/** What biome.json must refuse: a file that breaks one arrow, and words of the message that says why. */
const refused = [
  ["core imports a store", "packages/core/src/a.ts", `import { x } from "@holdfast/stores";`, "Core imports zod"],
  ["core imports an SDK", "packages/core/src/b.ts", `import { x } from "@aws-sdk/client-s3";`, "Core imports zod"],
  ["core reads files", "packages/core/src/c.ts", `import { readFile as x } from "node:fs/promises";`, "Core imports zod"],
  [
    "core leaves its package by a relative path",
    "packages/core/src/d.ts",
    `import { x } from "../../age/src/index.ts";`,
    "Core imports zod",
  ],
  ["core imports only a type of a kind", "packages/core/src/e.ts", `import type { X as x } from "@holdfast/sources";`, "Core imports zod"],
  [
    "core passes on what a store exports",
    "packages/core/src/f.ts",
    `export { x } from "@holdfast/stores";\nconst x = 1;`,
    "Core imports zod",
  ],
  ["core loads a kind when it runs", "packages/core/src/g.ts", `const x = await import("@holdfast/sources");`, "Core imports zod"],
  ["age imports a store", "packages/age/src/a.ts", `import { x } from "@holdfast/stores";`, "none of its siblings"],
  ["a store imports age", "packages/stores/s3/a.ts", `import { x } from "@holdfast/age";`, "none of its siblings"],
  ["a store imports age by its path", "packages/stores/s3/b.ts", `import { x } from "../../age/src/index.ts";`, "none of its siblings"],
  [
    "a source imports a store",
    "packages/sources/postgres/a.ts",
    `import { x } from "@holdfast/stores/s3/open.ts";`,
    "none of its siblings",
  ],
  ["a source imports the AWS adapters", "packages/sources/postgres/b.ts", `import { x } from "@holdfast/aws";`, "none of its siblings"],
  ["a source takes the environment as a module", "packages/sources/postgres/c.ts", `import { env as x } from "node:process";`, "handed in"],
  ["a kind's description imports its driver", "packages/sources/postgres/kind.ts", `import { x } from "pg";`, "is pure"],
  ["a kind's description imports a verb", "packages/sources/postgres/native.ts", `import { x } from "./capture.ts";`, "is pure"],
  [
    "what two kinds share of their schemas imports a verb",
    "packages/sources/rds/schemas.ts",
    `import { x } from "./capture.ts";`,
    "is pure",
  ],
  ["a store's description imports its client", "packages/stores/s3/kind.ts", `import { x } from "@aws-sdk/client-s3";`, "is pure"],
  ["the list of kinds imports a verb", "packages/sources/kinds.ts", `import { x } from "./postgres/capture.ts";`, "names kind.ts files"],
  ["a package imports a function", "packages/cli/src/a.ts", `import { x } from "../../../functions/backup.ts";`, "made of packages"],
  ["a package imports infrastructure", "packages/stores/s3/c.ts", `import { x } from "../../../infra/plan.ts";`, "made of packages"],
  ["the local cloud imports the deployment", "packages/localcloud/src/a.ts", `import x from "../../../sst.config.ts";`, "made of packages"],
  ["infrastructure imports a function", "infra/a.ts", `import { x } from "../functions/backup.ts";`, "handlers it names by path"],
  ["infrastructure imports a verb of a kind", "infra/b.ts", `import { x } from "@holdfast/sources/postgres/capture.ts";`, "at synth"],
  ["infrastructure imports age", "infra/c.ts", `import { x } from "@holdfast/age";`, "at synth"],
  ["infrastructure calls AWS", "infra/d.ts", `import { x } from "@aws-sdk/client-s3";`, "at synth"],
  ["a function imports infrastructure", "functions/a.ts", `import { x } from "../infra/plan.ts";`, "never bundled into it"],
  ["a function imports the local cloud", "functions/b.ts", `import { x } from "@holdfast/localcloud";`, "never bundled into it"],
  ["core reads the environment", "packages/core/src/h.ts", "const x = process.env.AWS_REGION;", "process.env"],
  ["a store reads the environment", "packages/stores/s3/d.ts", "const x = process.env.AWS_REGION;", "process.env"],
  ["two files of core import each other", "packages/core/src/j.ts", `import { made as x } from "./k.ts";`, "part of a cycle"],
  ["and the other way round", "packages/core/src/k.ts", `import { made as x } from "./j.ts";`, "part of a cycle"],
  ["a promise is left alone", "packages/stores/s3/e.ts", "const x = 1;\nasync function put() {}\nput();", "Promise was found"],
  ["core asks the time", "packages/core/src/i.ts", "const x = Date.now();", "Context.now"],
  ["a source asks for the date", "packages/sources/postgres/d.ts", "const x = new Date();", "Context.now"],
] as const;

/** What looks much the same and is right. */
const accepted = [
  [
    "core imports zod and its own files",
    "packages/core/src/ok/a.ts",
    `import { z } from "zod";\nimport { y } from "../errors.ts";\nconst x = [y, z];`,
  ],
  ["core computes with Node", "packages/core/src/ok/b.ts", `import { createHash as x } from "node:crypto";`],
  ["core turns text into a date", "packages/core/src/ok/c.ts", `const x: Date = new Date("2026-11-21");`],
  ["a kind's description imports its own schemas", "packages/sources/rds/kind.ts", `import { x } from "./config.ts";`],
  [
    "a kind's description imports what it shares with its sibling",
    "packages/sources/aurora/native.ts",
    `import { x } from "../rds/schemas.ts";`,
  ],
  ["the list of stores imports descriptions", "packages/stores/stores.ts", `import { x } from "./s3/kind.ts";`],
  [
    "a store imports core and its own folder",
    "packages/stores/s3/ok.ts",
    `import { y } from "@holdfast/core";\nimport { z } from "../errors.ts";\nconst x = [y, z];`,
  ],
  ["a test of a source imports what it likes", "packages/sources/postgres/ok.test.ts", `import { x } from "@holdfast/stores";`],
  [
    "a function imports packages and its environment",
    "functions/ok.ts",
    `import { y } from "@holdfast/aws";\nconst x = [y, process.env.AWS_REGION];`,
  ],
  [
    "infrastructure imports the lists",
    "infra/ok.ts",
    `import { y } from "@holdfast/sources";\nimport { z } from "@holdfast/stores";\nconst x = [y, z];`,
  ],
] as const;

let folder = "";
let diagnostics: { file: string; message: string }[] = [];

/** One run of Biome over a copy of its configuration and all the planted files. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "holdfast-arrows-"));
  await cp(path.join(root, "biome.json"), path.join(folder, "biome.json"));
  await cp(path.join(root, "scripts", "lint"), path.join(folder, "scripts", "lint"), { recursive: true });
  for (const [, file, code] of [...refused, ...accepted]) await plant(file, code);
  diagnostics = parse(await lint());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(refused)("%s: refused", (_, file, __, why) => {
  expect(diagnostics.filter((each) => each.file === file).map(({ message }) => message)).toContainEqual(expect.stringContaining(why));
});

test.each(accepted)("%s: accepted", (_, file) => {
  expect(diagnostics.filter((each) => each.file === file)).toEqual([]);
});

async function plant(file: string, code: string): Promise<void> {
  await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
  await writeFile(path.join(folder, file), code.startsWith("export") ? code : `${code}\nexport const made = [x];\n`);
}

/** Biome ends with an exit code of its own when it finds something, so the output decides. */
function lint(): Promise<string> {
  const args = ["lint", "--vcs-enabled=false", "--max-diagnostics=none", "--reporter=github", "."];
  const options = { cwd: folder, maxBuffer: 16 * 1024 * 1024 };
  return new Promise((resolve) => execFile(path.join(root, "node_modules/.bin/biome"), args, options, (_, out) => resolve(out)));
}

function parse(out: string): { file: string; message: string }[] {
  return [...out.matchAll(/^::\w+ title=[^,]*,file=([^,]+),.*?::(.*)$/gm)].map(([, file = "", message = ""]) => ({
    file: path.relative(folder, path.resolve(folder, file)),
    message,
  }));
}
