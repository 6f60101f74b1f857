// What package-lock.json locks, Node 24 among it.
import { existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
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

/** What a person's own settings might turn round (dev and optional packages left out, Node 20 refused before Node 24 is there), and less noise. */
const HOW = ["--no-save", "--no-audit", "--no-fund", "--include=dev", "--include=optional", "--engine-strict=false", "--loglevel=error"];

/**
 * `npm install --no-save` installs what the lock says and never writes it. `npm ci` will not do: it wants every platform's optional
 * packages in the lock, and a registry need not have them all.
 * @param {string} root @param {(line: string) => void} say
 */
export function installPackages(root, say) {
  const begun = performance.now();
  const tree = path.join(root, "node_modules");
  const whole = existsSync(path.join(tree, ".package-lock.json"));
  // An install that was killed leaves packages that look whole and are not.
  if (!whole) rmSync(tree, { recursive: true, force: true });
  say(whole ? "Bringing npm packages up to date with the lock …" : "Installing npm packages, about 540 MB (once) …");
  run("npm", ["install", ...HOW], { cwd: root });
  linkNode(tree);
  if (!packagesMatch(root))
    throw new Error("npm ended well, yet node_modules does not match package-lock.json. Remove node_modules and run this again.");
  say(`  done in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}

/** npm 10 installs the package that holds Node 24 and leaves out the link to its program. @param {string} tree */
function linkNode(tree) {
  const link = path.join(tree, ".bin", "node");
  if (!existsSync(link)) symlinkSync(path.join("..", `node-linux-${process.arch}`, "bin", "node"), link);
}
