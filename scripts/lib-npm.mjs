// What package-lock.json locks, Node 24 among it.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { run } from "./lib-run.mjs";

/**
 * Whether node_modules holds what the lock says. npm writes its own record of the tree last, so a record that agrees with the lock
 * means a whole install, however it was made; an install that was killed leaves no record or an old one.
 * @param {string} root
 */
export function packagesMatch(root) {
  const wanted = readLock(path.join(root, "package-lock.json"));
  const there = readLock(path.join(root, "node_modules", ".package-lock.json"));
  if (!wanted || !there || !existsSync(path.join(root, "node_modules", ".bin", "node"))) return false;
  for (const [place, entry] of Object.entries(wanted)) {
    if (place === "" || place.startsWith("packages/") || entry.extraneous) continue;
    if (!there[place] ? !entry.optional : there[place].version !== entry.version) return false;
  }
  return true;
}

/** @param {string} file @returns {Record<string, { version?: string, optional?: boolean, extraneous?: boolean }> | undefined} */
function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** What a person's own settings might turn round: dev and optional packages left out, Node 20 refused before Node 24 is there. */
const HOW = ["--no-audit", "--no-fund", "--include=dev", "--include=optional", "--engine-strict=false"];

/** @param {string} root @param {(line: string) => void} say */
export function installPackages(root, say) {
  const begun = performance.now();
  // `npm ci` empties node_modules first; where a whole tree stands, `npm install` changes only what differs. Neither writes the lock.
  const whole = existsSync(path.join(root, "node_modules", ".package-lock.json"));
  say(whole ? "Bringing npm packages up to date with the lock …" : "Installing npm packages, about 540 MB (once) …");
  run("npm", [...(whole ? ["install", "--no-save"] : ["ci"]), ...HOW], {
    cwd: root,
  });
  if (!packagesMatch(root))
    throw new Error("npm ended well, yet node_modules does not match package-lock.json. Remove node_modules and run this again.");
  say(`  done in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}
