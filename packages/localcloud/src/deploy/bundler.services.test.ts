import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Bundler } from "./bundler.ts";

let root: string;
let bundler: Bundler;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), "holdfast-bundler-"));
  bundler = new Bundler(root, path.join(root, "out"));
  writeFileSync(path.join(root, "shared.ts"), `export class Named extends Error { override readonly name = "Named" }`);
  for (const name of ["a", "b"])
    writeFileSync(
      path.join(root, `${name}.ts`),
      `import { Named } from "./shared.ts"; export const handler = () => [new Named().name, Named.name, typeof require, "${name}"];`,
    );
  writeFileSync(path.join(root, "bad.ts"), `import "./missing.ts";`);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const options = { minify: true, sourcemap: false, banner: "" };
const want = (id: string, changed: Partial<typeof options> = {}) =>
  bundler.bundle({ id, file: path.join(root, `${id}.ts`), name: id, options: { ...options, ...changed } });
const run = async (id: string) => (await import(pathToFileURL(path.join(root, "out", id, `${id}.mjs`)).href)).handler();

test("handlers that are asked for together are whole modules in folders of their own", async () => {
  const made = await Promise.all([want("a"), want("b")]);
  expect(made).toEqual(["a", "b"].map((id) => ({ folder: path.join(root, "out", id), errors: [] })));
  expect(readdirSync(path.join(root, "out", "a"))).toEqual(["a.mjs"]);
  expect([await run("a"), await run("b")]).toEqual(["a", "b"].map((id) => ["Named", "Named", "function", id]));
});

test("of handlers that are asked for together, the one that does not bundle alone is told so", async () => {
  const [good, bad] = await Promise.all([want("a"), want("bad")]);
  expect(good?.errors).toEqual([]);
  expect(bad?.errors).toEqual(['Could not resolve "./missing.ts" bad.ts:1:7']);
  expect(await run("a")).toContain("a");
});

test("each is bundled with its own options", async () => {
  await Promise.all([want("a"), want("b", { minify: false, sourcemap: true, banner: "// mine" })]);
  expect(readdirSync(path.join(root, "out", "b")).sort()).toEqual(["b.mjs", "b.mjs.map"]);
  expect(readFileSync(path.join(root, "out", "b", "b.mjs"), "utf8")).toContain("// mine");
  expect(readFileSync(path.join(root, "out", "a", "a.mjs"), "utf8")).not.toContain("// mine");
});
