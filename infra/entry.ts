import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * Writes the entry of one Lambda: a few lines that hand the verb of one kind, and its part of the plan, to the wiring in `functions/`.
 * So a function bundles one verb of one kind, a kind touches nothing outside its folder, and the plan is not squeezed into 4 KiB of
 * environment. Named by content, so that two deployments of one checkout never share a file. Returns SST's handler path.
 */
export function entry(name: string, lines: (from: (file: string) => string) => string[]): string {
  const text = (depth: string) => `${lines((file) => JSON.stringify(path.isAbsolute(file) ? file : `${depth}${file}`)).join("\n")}\n`;
  const body = text("../../../");
  const folder = path.join(".sst", "holdfast", createHash("sha256").update(body).digest("hex").slice(0, 12));
  const root = $cli.paths.root;
  mkdirSync(path.join(root, folder), { recursive: true });
  writeFileSync(path.join(root, folder, `${name}.ts`), body);
  return `${folder}/${name}.handler`;
}
