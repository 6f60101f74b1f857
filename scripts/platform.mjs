#!/usr/bin/env node
// Lays out `.sst/platform`: SST's components and what npm installs for them, 323 MB that no lock of ours pins. It is made once for a
// user and a version of SST (about 30 s), kept outside the clone, and put into each clone by hard links. `node scripts/platform.mjs`
// does it by hand; `--record` writes down what it holds as what this project is tested with. Runs on Node 20 with the locked packages.
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./lib-run.mjs";
import { cacheFolder, contentDigest, keepTree, keptTree, removeLeftovers, renameUnlessThere, SEAL } from "./platform/cache.mjs";
import { differences, record } from "./platform/expected.mjs";
import { npmEnvironment } from "./platform/npm.mjs";
import { copyTree } from "./platform/tree.mjs";

/** npm never writes into what it installed, so clones may share it; SST rewrites its own files in place, so those are each clone's. */
const isShared = (file) => file.startsWith(`node_modules${path.sep}`) && path.basename(file) !== ".package-lock.json";

/**
 * Makes `{root}/.sst/platform` stand and be that of the pinned SST. Returns at once when it does. Interrupted at any moment it leaves
 * nothing that counts. Two clones, or two runs in one clone, may do it at the same time.
 * @param {string} root @param {(line: string) => void} [say]
 */
export async function layOutPlatform(root, say = (line) => process.stderr.write(`${line}\n`)) {
  const place = path.join(root, ".sst", "platform");
  const version = sstVersion(root);
  if (sealOf(place)?.sst === version) return;
  const cache = cacheFolder();
  const kept = (await keptTree(cache, version, say)) ?? (await makeTree(root, cache, version, say));
  await putIntoClone(kept, place);
}

/** @param {string} root */
const sstVersion = (root) => JSON.parse(readFileSync(path.join(root, "node_modules", "sst", "package.json"), "utf8")).version;

/** @param {string} tree @returns {{ sst: string, digest: string } | undefined} */
function sealOf(tree) {
  try {
    return JSON.parse(readFileSync(path.join(tree, SEAL), "utf8"));
  } catch {
    return undefined;
  }
}

/** @param {string} root @param {string} cache @param {string} version @param {(line: string) => void} say */
async function makeTree(root, cache, version, say) {
  say("Laying out SST's platform, about 320 MB (once for each user and version of SST) …");
  removeLeftovers(cache);
  const begun = performance.now();
  const work = mkdtempSync(path.join(cache, `making-${process.pid}-`));
  try {
    const tree = installInto(work, root);
    for (const line of differences(tree, version)) say(`  ${line}`);
    const digest = await contentDigest(tree);
    writeFileSync(path.join(tree, SEAL), JSON.stringify({ sst: version, digest }));
    say(`  done in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
    return keepTree(tree, cache, version, digest);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** `sst install` in an empty project, with a home of its own. Returns the tree. @param {string} work @param {string} root */
function installInto(work, root) {
  const [project, home] = [path.join(work, "project"), path.join(work, "home")];
  for (const folder of [project, home]) mkdirSync(folder);
  const config = `export default $config({ app: () => ({ name: "holdfast", home: "aws" }), async run() {} });\n`;
  writeFileSync(path.join(project, "sst.config.ts"), config);
  const quiet = { SST_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", SST_SKIP_DEPENDENCY_CHECK: "1", SST_NO_BUN: "1", NO_COLOR: "1" };
  const sst = path.join(root, "node_modules", "sst", "bin", "sst.mjs");
  run(process.execPath, [sst, "install", "--stage", "local"], {
    cwd: project,
    env: { ...npmEnvironment(root, home), ...quiet, HOME: home },
  });
  return path.join(project, ".sst", "platform");
}

/** @param {string} kept @param {string} place */
async function putIntoClone(kept, place) {
  const parent = path.dirname(place);
  mkdirSync(parent, { recursive: true });
  removeLeftovers(parent);
  const work = mkdtempSync(path.join(parent, `making-${process.pid}-`));
  try {
    await copyTree(kept, path.join(work, "new"), isShared);
    moveAside(place, path.join(work, "old"));
    renameUnlessThere(path.join(work, "new"), place);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @param {string} place @param {string} aside */
function moveAside(place, aside) {
  try {
    renameSync(place, aside);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
  try {
    await layOutPlatform(root);
    if (process.argv.includes("--record")) record(path.join(root, ".sst", "platform"), sstVersion(root));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
