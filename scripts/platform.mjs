#!/usr/bin/env node
// Lays out `.sst/platform`: SST's components and what npm installs for them, 323 MB that no lock of ours pins. It is made once for a
// user and a version of SST (about 30 s), kept outside the clone, and put into each clone by hard links. `node scripts/platform.mjs`
// does it by hand. Runs on Node 20 with nothing but the locked packages.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./lib-run.mjs";
import { npmEnvironment } from "./platform/npm.mjs";
import { copyTree, digestOf } from "./platform/tree.mjs";

/** Written last into a tree: which SST it is of, and the digest of everything else in it. */
const SEAL = "holdfast.json";
/** The file that says what the tree held when this project was last tested with it. */
const EXPECTED = "platform/expected.json";
/** npm never writes into what it installed, so clones may share it; SST rewrites its own files in place, so those are each clone's. */
const isShared = (file) => file.startsWith(`node_modules${path.sep}`) && file !== path.join("node_modules", ".package-lock.json");

/**
 * Makes `{root}/.sst/platform` stand and be that of the pinned SST. Returns at once when it does. Interrupted at any moment it leaves
 * nothing that counts. Two clones, or two runs in one clone, may do it at the same time.
 * @param {string} root @param {(line: string) => void} [say]
 */
export async function layOutPlatform(root, say = (line) => process.stderr.write(`${line}\n`)) {
  const place = path.join(root, ".sst", "platform");
  const version = sstVersion(root);
  if (readSeal(place)?.sst === version) return;
  const cache = cacheFolder();
  const kept = (await wholeTree(cache, version, say)) ?? (await makeTree(root, cache, version, say));
  await putIntoClone(kept, place);
}

/** @param {string} root */
const sstVersion = (root) => JSON.parse(readFileSync(path.join(root, "node_modules", "sst", "package.json"), "utf8")).version;

/** @param {string} place @returns {{ sst: string, digest: string } | undefined} */
function readSeal(place) {
  try {
    return JSON.parse(readFileSync(path.join(place, SEAL), "utf8"));
  } catch {
    return undefined;
  }
}

/** A folder of this user alone: others could else plant code that a deployment runs. */
function cacheFolder() {
  const wanted = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "holdfast", "sst-platform");
  const uid = process.getuid?.();
  for (const folder of [wanted, path.join("/var/tmp", `holdfast-${uid}`, "sst-platform")]) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(path.join(folder, ".writable"), "");
      const { uid: owner, mode } = statSync(path.dirname(folder));
      if (owner === uid && (mode & 0o022) === 0) return realpathSync(folder);
    } catch {
      // Not ours to write: a read-only home, or a folder that somebody else made. The next one, else the error below.
    }
  }
  throw new Error(`neither ${wanted} nor /var/tmp can hold SST's platform tree for this user alone. Set XDG_CACHE_HOME to a folder of yours.`);
}

/** @param {string} version */
const prefixOf = (version) => `${version}-${process.platform}-${process.arch}-`;

/** A tree of this version whose content is what its name says; one that is not is removed. @param {string} cache @param {string} version @param {(line: string) => void} say */
async function wholeTree(cache, version, say) {
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith(prefixOf(version)))) {
    const kept = path.join(cache, name);
    const digest = await contentDigest(kept).catch(() => "");
    if (digest !== "" && name === prefixOf(version) + digest.slice(0, 16)) return kept;
    say(`SST's platform tree in ${kept} is not what was laid out there; making it anew.`);
    rmSync(kept, { recursive: true, force: true });
  }
  return undefined;
}

const contentDigest = (folder) => digestOf(folder, (file) => file !== SEAL);

/** @param {string} root @param {string} cache @param {string} version @param {(line: string) => void} say */
async function makeTree(root, cache, version, say) {
  say("Laying out SST's platform, about 320 MB (once for each user and version of SST) …");
  removeLeftovers(cache);
  const begun = performance.now();
  const work = mkdtempSync(path.join(cache, `making-${process.pid}-`));
  try {
    const made = installInto(work, root);
    tellDifference(made, version, say);
    const digest = await contentDigest(made);
    writeFileSync(path.join(made, SEAL), JSON.stringify({ sst: version, digest }));
    const kept = path.join(cache, prefixOf(version) + digest.slice(0, 16));
    renameUnlessThere(made, kept);
    say(`  done in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
    return kept;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** `sst install` in an empty project, with a home of its own. Returns the tree. @param {string} work @param {string} root */
function installInto(work, root) {
  const project = path.join(work, "project");
  const home = path.join(work, "home");
  for (const folder of [project, home]) mkdirSync(folder);
  writeFileSync(path.join(project, "sst.config.ts"), `export default $config({ app: () => ({ name: "holdfast", home: "aws" }), async run() {} });\n`);
  const quiet = { SST_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", SST_SKIP_DEPENDENCY_CHECK: "1", SST_NO_BUN: "1", NO_COLOR: "1" };
  run(process.execPath, [path.join(root, "node_modules", "sst", "bin", "sst.mjs"), "install", "--stage", "local"], {
    cwd: project,
    env: { ...npmEnvironment(root, home), ...quiet, HOME: home },
  });
  return path.join(project, ".sst", "platform");
}

/** @param {string} from @param {string} to */
function renameUnlessThere(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    // Somebody else was first. Same name, same content.
    if (!["ENOTEMPTY", "EEXIST"].includes(error.code)) throw error;
  }
}

/** Folders of makers that are no more. @param {string} cache */
function removeLeftovers(cache) {
  for (const name of readdirSync(cache)) {
    const pid = Number(name.match(/^making-(\d+)-/)?.[1] ?? 0);
    if (pid > 0 && !lives(pid)) rmSync(path.join(cache, name), { recursive: true, force: true });
  }
}

/** @param {number} pid */
function lives(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** @param {string} kept @param {string} place */
async function putIntoClone(kept, place) {
  const parent = path.dirname(place);
  mkdirSync(parent, { recursive: true });
  removeLeftovers(parent);
  const next = mkdtempSync(path.join(parent, `making-${process.pid}-`));
  try {
    await copyTree(kept, next, isShared);
    const old = `${next}-old`;
    try {
      renameSync(place, old);
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
    renameUnlessThere(next, place);
    rmSync(old, { recursive: true, force: true });
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
}

/**
 * What npm resolved: every package with its version and the start of its integrity, and the digest of SST's own files.
 * @param {string} made @returns {Record<string, string>}
 */
export function resolved(made) {
  const { packages } = JSON.parse(readFileSync(path.join(made, "package-lock.json"), "utf8"));
  const npm = Object.entries(packages).filter(([place]) => place !== "");
  const manifest = createHash("sha256").update(readFileSync(path.join(made, "package.json"))).digest("hex");
  return { "package.json": manifest.slice(0, 16), ...Object.fromEntries(npm.map(([place, entry]) => [place.replace(/^node_modules\//, ""), `${entry.version} ${String(entry.integrity).slice(7, 23)}`])) };
}

/** Says how the tree differs from the one that this project was tested with: nothing pins it, so a new release of a dependency gets in. @param {string} made @param {string} version @param {(line: string) => void} say */
function tellDifference(made, version, say) {
  const expected = JSON.parse(readFileSync(new URL(EXPECTED, import.meta.url), "utf8"));
  if (expected.sst !== version) return say(`  SST is ${version}; this project was tested with ${expected.sst}.`);
  const found = resolved(made);
  const names = [...new Set([...Object.keys(expected.packages), ...Object.keys(found)])].filter((name) => expected.packages[name] !== found[name]);
  if (names.length === 0) return undefined;
  say(`  ${names.length} packages below SST differ from those that this project was tested with:`);
  for (const name of names.slice(0, 10)) say(`    ${name}: ${expected.packages[name] ?? "none"} → ${found[name] ?? "none"}`);
  return undefined;
}

/** @param {string} root */
function recordExpected(root) {
  const expected = { sst: sstVersion(root), packages: resolved(path.join(root, ".sst", "platform")) };
  writeFileSync(new URL(EXPECTED, import.meta.url), `${JSON.stringify(expected, undefined, 1)}\n`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
  try {
    await layOutPlatform(root);
    if (process.argv.includes("--record")) recordExpected(root);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
