#!/usr/bin/env node
// Makes a fresh clone ready: what npm locks, what PyPI locks, SST's platform tree. npm runs it before `demo`, `local`, `test` and
// `check`; with `--check` it leaves out what only running services need. It must run on Node 20 with nothing installed, so it uses
// Node alone; the locked packages bring the Node 24 that everything else runs on. When all is there it says nothing.
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { alone } from "./lib-alone.mjs";
import { missing } from "./lib-machine.mjs";
import { installPackages, packagesMatch } from "./lib-npm.mjs";
import { findPython, installWheels, wheelsMatch } from "./lib-python.mjs";
import { CommandFailed } from "./lib-run.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const forCheck = process.argv.includes("--check");

/** @param {string} line */
const say = (line) => process.stderr.write(`${line}\n`);

function outstanding() {
  return { packages: !packagesMatch(root), wheels: !forCheck && !wheelsMatch(root) };
}

async function setUp() {
  const todo = outstanding();
  if (todo.packages || todo.wheels) {
    const python = todo.wheels ? findPython() : undefined;
    const lacks = missing(root, todo, python);
    if (lacks.length > 0) {
      say(`Holdfast cannot be set up on this machine yet; nothing was downloaded.\n${lacks.map((lack) => `  - ${lack}`).join("\n")}`);
      return 1;
    }
    if (todo.packages) installPackages(root, say);
    if (python?.command) installWheels(root, python, say);
  }
  await layOutPlatform();
  return 0;
}

/** SST's own tree, 323 MB that no lock pins: `platform.mjs` owns it and returns at once when it is there. */
async function layOutPlatform() {
  const script = path.join(root, "scripts", "platform.mjs");
  if (!existsSync(script)) return;
  const { layOutPlatform: layOut } = await import(pathToFileURL(script).href);
  await layOut(root);
}

try {
  const { packages, wheels } = outstanding();
  process.exitCode = packages || wheels ? await alone(root, say, setUp) : await setUp();
} catch (error) {
  say(error instanceof CommandFailed ? error.message : String(error?.stack ?? error));
  process.exitCode = 1;
}
