#!/usr/bin/env node
// Makes a fresh clone ready: what npm locks, the pinned servers, PostgreSQL's clients for functions, SST's platform tree. npm runs it
// before `demo`, `local`, `test` and `check`. `--check` leaves out what only running services need; `--test` adds servers of other
// majors. It must run on Node 20 with nothing installed, so it uses Node alone; the locked packages bring the Node 24 that everything
// else runs on. When all is there it says nothing.
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { alone } from "./lib-alone.mjs";
import { missing } from "./lib-machine.mjs";
import { installPackages, packagesMatch } from "./lib-npm.mjs";
import { findPython, installWheels, pythonWithPip, wheelsMatch } from "./lib-python.mjs";
import { CommandFailed } from "./lib-run.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const forCheck = process.argv.includes("--check");
const forTest = process.argv.includes("--test");
const arch = process.arch === "arm64" ? "arm64" : "x86_64";

/** @param {string} line */
const say = (line) => process.stderr.write(`${line}\n`);
/** Folders that layers.mjs makes hold this file when they are whole. @param {string[]} place */
const isMade = (...place) => existsSync(path.join(root, ".local", ...place, "made.json"));
/** @param {string} name */
const script = (name) => import(pathToFileURL(path.join(root, "scripts", name)).href);

/** What is not there yet. Cheap: it runs before every test and demo. */
function outstanding() {
  return {
    packages: !packagesMatch(root),
    wheels: !forCheck && !wheelsMatch(root),
    layer: !forCheck && !isMade("layers", arch, "postgres"),
    servers: forTest && !isMade("servers", arch),
    platform: !existsSync(path.join(root, ".sst", "platform")),
  };
}

/** @typedef {ReturnType<typeof outstanding>} Todo */

async function setUp() {
  const todo = outstanding();
  const python = todo.wheels || todo.layer || todo.servers ? findPython() : undefined;
  const lacks = Object.values(todo).includes(true) ? missing(root, todo, python) : [];
  if (lacks.length > 0) {
    say(`Holdfast cannot be set up on this machine yet; nothing was downloaded.\n${lacks.map((lack) => `  - ${lack}`).join("\n")}`);
    return 1;
  }
  if (todo.packages) installPackages(root, say);
  if (todo.wheels && python) installWheels(root, python, say);
  if (!forCheck) await assemble(todo);
  const { layOutPlatform } = await script("platform.mjs");
  await layOutPlatform(root, say);
  return 0;
}

/** layers.mjs itself knows whether what it made is still what it would make. @param {Todo} todo */
async function assemble(todo) {
  const { buildLayer, buildServers } = await script("layers.mjs");
  const options = { root, python: pythonWithPip(root) };
  await timed(todo.layer, "Assembling PostgreSQL's clients for functions", () => buildLayer(arch, options));
  if (forTest) await timed(todo.servers, "Unpacking PostgreSQL servers of other majors for the tests", () => buildServers(options));
}

/** @param {boolean} slow @param {string} what @param {() => Promise<unknown>} work */
async function timed(slow, what, work) {
  const begun = performance.now();
  if (slow) say(`${what} (once) …`);
  await work();
  if (slow) say(`  done in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}

try {
  process.exitCode = Object.values(outstanding()).includes(true) ? await alone(root, say, setUp) : await setUp();
} catch (error) {
  say(error instanceof CommandFailed ? error.message : String(error?.stack ?? error));
  process.exitCode = 1;
}
