// What SST's platform tree held when this project was last tested with it. Nothing pins that tree, so a new release of something below
// SST gets in; whoever lays it out is told.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const RECORD = new URL("expected.json", import.meta.url);
/** How many differences are named before the rest is only counted. */
const NAMED = 10;

/**
 * Every package that npm resolved, with its version and the start of its integrity; SST's own list of them by its digest.
 * @param {string} tree @returns {Record<string, string>}
 */
export function resolved(tree) {
  const { packages } = JSON.parse(readFileSync(path.join(tree, "package-lock.json"), "utf8"));
  const wanted = createHash("sha256").update(readFileSync(path.join(tree, "package.json")));
  const npm = Object.entries(packages).filter(([place]) => place !== "");
  const told = npm.map(([place, entry]) => [
    place.replace(/^node_modules\//, ""),
    `${entry.version} ${String(entry.integrity).slice(7, 23)}`,
  ]);
  return { "package.json": wanted.digest("hex").slice(0, 16), ...Object.fromEntries(told) };
}

/** Lines that say how `tree` differs from the record; none when it does not. @param {string} tree @param {string} sst @returns {string[]} */
export function differences(tree, sst, expected = JSON.parse(readFileSync(RECORD, "utf8"))) {
  if (expected.sst !== sst) return [`SST is ${sst}; this project was tested with ${expected.sst}.`];
  const found = resolved(tree);
  const names = [...new Set([...Object.keys(expected.packages), ...Object.keys(found)])];
  const changed = names.filter((name) => expected.packages[name] !== found[name]);
  if (changed.length === 0) return [];
  const lines = changed.slice(0, NAMED).map((name) => `  ${name}: ${expected.packages[name] ?? "none"} → ${found[name] ?? "none"}`);
  return [`${changed.length} packages below SST differ from those that this project was tested with:`, ...lines];
}

/** @param {string} tree @param {string} sst */
export function record(tree, sst) {
  writeFileSync(RECORD, `${JSON.stringify({ sst, packages: resolved(tree) }, undefined, 2)}\n`);
}
