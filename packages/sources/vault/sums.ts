import { SnapshotBroken } from "./errors.ts";

const LINE = /^([0-9a-f]{64}) {2}(\S+)$/;

/** Reads SHA256SUMS as sha256sum writes it: by name, lower-case hexadecimal. The order of its lines is a server's whim. */
function sumsIn(text: string): Map<string, string> {
  const lines = text.split("\n");
  const sums = new Map<string, string>();
  for (const line of lines.slice(0, -1)) {
    const [, sum, name] = LINE.exec(line) ?? [];
    if (sum === undefined || name === undefined || sums.has(name)) throw new SnapshotBroken("SHA256SUMS has a line that is none");
    sums.set(name, sum);
  }
  if (lines.at(-1) !== "") throw new SnapshotBroken("SHA256SUMS does not end with a line");
  return sums;
}

/** Throws {@link SnapshotBroken} unless the text lists exactly `actual`: name and SHA-256 of each file. */
export function checkSums(text: string, actual: Readonly<Record<string, string>>): void {
  const sums = sumsIn(text);
  for (const [name, sum] of Object.entries(actual)) {
    if (!sums.has(name)) throw new SnapshotBroken(`SHA256SUMS does not list ${name}`);
    if (sums.get(name) !== sum) throw new SnapshotBroken(`${name} differs from its SHA-256 in SHA256SUMS`);
  }
  if (sums.size > Object.keys(actual).length) throw new SnapshotBroken("SHA256SUMS lists more than meta.json and state.bin");
}
