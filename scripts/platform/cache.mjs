// Where SST's platform trees are kept, outside every clone: `{version}-{system}-{start of the digest of its content}`.
import { mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { digestOf } from "./tree.mjs";

/** Written last into a tree: which SST it is of, and the digest of everything else in it. */
export const SEAL = "holdfast.json";

/** A folder of this user alone: others could else plant code that a deployment runs. @returns {string} */
export function cacheFolder() {
  const wanted = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "holdfast", "sst-platform");
  const found = [wanted, path.join("/var/tmp", `holdfast-${process.getuid?.()}`, "sst-platform")].find(isOurs);
  if (found) return realpathSync(found);
  throw new Error(`neither ${wanted} nor /var/tmp can hold SST's platform for this user alone. Set XDG_CACHE_HOME to a folder of yours.`);
}

/** @param {string} folder */
function isOurs(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(path.join(folder, ".writable"), "");
    const { uid, mode } = statSync(path.dirname(folder));
    return uid === process.getuid?.() && (mode & 0o022) === 0;
  } catch {
    // A read-only home, or a folder that somebody else made.
    return false;
  }
}

/** @param {string} version @param {string} digest */
const nameOf = (version, digest) => `${version}-${process.platform}-${process.arch}-${digest.slice(0, 16)}`;
/** @param {string} tree */
export const contentDigest = (tree) => digestOf(tree, (file) => file !== SEAL);

/** A tree of this version whose content is what its name says; one that is not is removed. @param {string} cache @param {string} version @param {(line: string) => void} say */
export async function keptTree(cache, version, say) {
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith(nameOf(version, "")))) {
    const kept = path.join(cache, name);
    const digest = await contentDigest(kept).catch(() => "");
    if (digest !== "" && name === nameOf(version, digest)) return kept;
    say(`SST's platform in ${kept} is not what was laid out there; making it anew.`);
    rmSync(kept, { recursive: true, force: true });
  }
  return undefined;
}

/** Moves a whole tree to its place in the cache. @param {string} tree @param {string} cache @param {string} version @param {string} digest */
export function keepTree(tree, cache, version, digest) {
  const kept = path.join(cache, nameOf(version, digest));
  renameUnlessThere(tree, kept);
  return kept;
}

/** Whoever is first wins; what the others bring is the same. @param {string} from @param {string} to */
export function renameUnlessThere(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes(error.code)) throw error;
  }
}

/** Folders named `making-{pid}-…` of makers that are no more. @param {string} folder */
export function removeLeftovers(folder) {
  for (const name of readdirSync(folder)) {
    const pid = Number(name.match(/^making-(\d+)-/)?.[1] ?? 0);
    if (pid > 0 && !lives(pid)) rmSync(path.join(folder, name), { recursive: true, force: true });
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
