// What this machine lacks, all of it at once and before any download.
import { statfsSync } from "node:fs";
import { tryRun } from "./lib-run.mjs";

/** The pinned PostgreSQL and cryptography wheels use symbols up to this version of glibc (Debian 12, Ubuntu 22.04, RHEL 9 and later). */
const GLIBC = [2, 34];
/** MiB on disk that each part takes, measured, with what its download and unpacking take meanwhile; `data` is what services write. */
const ROOM = { packages: 700, wheels: 660, layer: 200, servers: 150, platform: 350, data: 300 };

/**
 * @param {string} root @param {Record<keyof Omit<typeof ROOM, "data">, boolean>} todo @param {import("./lib-python.mjs").Python | undefined} python
 * @returns {string[]} one sentence a lack; empty when the set-up can begin
 */
export function missing(root, todo, python) {
  const lacks = [platformLack(), nodeLack(), todo.packages ? npmLack() : undefined, python?.lack, diskLack(root, todo)];
  return lacks.filter((lack) => lack !== undefined);
}

function platformLack() {
  const here = `${process.platform} ${process.arch}`;
  const want = "Linux on x64 or arm64 with glibc 2.34 or later (Debian 12, Ubuntu 22.04, RHEL 9) is needed for the pinned servers";
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch))
    return `${want}; this is ${here}. A Linux virtual machine will do.`;
  const version = tryRun("getconf", ["GNU_LIBC_VERSION"])?.match(/glibc (\d+)\.(\d+)/);
  if (!version) return `${want}; this system's C library is not glibc. A Debian or Ubuntu virtual machine will do.`;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  return major > GLIBC[0] || (major === GLIBC[0] && minor >= GLIBC[1]) ? undefined : `${want}; this one has glibc ${major}.${minor}.`;
}

function nodeLack() {
  const major = Number(process.versions.node.split(".")[0]);
  return major >= 20
    ? undefined
    : `Node 20 or later is needed to begin (Node 24 comes with the packages); this is ${process.versions.node}.`;
}

function npmLack() {
  const version = tryRun("npm", ["--version"]);
  if (!version) return "npm is needed and is not on the PATH. It comes with Node from nodejs.org, or install your system's package npm.";
  return Number(version.trim().split(".")[0]) >= 10
    ? undefined
    : `npm 10 or later is needed; this is ${version.trim()}. Run npm install --global npm@11.`;
}

/** @param {string} root @param {Record<string, boolean>} todo */
function diskLack(root, todo) {
  const parts = Object.entries(ROOM).filter(([part]) => part === "data" || todo[part]);
  const need = parts.reduce((sum, [, room]) => sum + room, 0);
  const { bavail, bsize } = statfsSync(root);
  const free = Math.floor((bavail * bsize) / 1024 ** 2);
  return free >= need ? undefined : `${need} MiB of free disk are needed in ${root}; there are ${free} MiB.`;
}
