import { counted } from "@holdfast/cli/src/wording.ts";
import type { VaultCensus } from "../../services/index.ts";
import { type Block, type Line, sum } from "../comparison.ts";

/** Folders of which each gets a line of its own; the others share one. */
const shown = 3;

/** Secrets by folder, and all of them. Equal: the same paths, and each secret the same. */
export function vaultBlock(title: string, before: VaultCensus, after: VaultCensus): Block {
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  const folders = [...Map.groupBy(paths, folderOf)].map(([folder, own]) => line(folder, own, before, after));
  const rest = folders.slice(shown);
  const lines = [
    ...folders.slice(0, shown),
    ...(rest.length > 0 ? [sum(counted(rest.length, "further folder"), rest)] : []),
    sum(`all ${counted(folders.length, "folder")}, secrets`, folders),
  ];
  return { title, equal: "every secret equal", lines };
}

const folderOf = (path: string): string => `secret/${path.slice(0, path.lastIndexOf("/") + 1)}`;

function line(name: string, paths: readonly string[], before: VaultCensus, after: VaultCensus): Line {
  const held = (census: VaultCensus) => paths.filter((path) => census.has(path)).length || undefined;
  return { name, before: held(before), after: held(after), equal: paths.every((path) => before.get(path) === after.get(path)) };
}

/** Paths that differ, in words. */
export function differences(before: VaultCensus, after: VaultCensus): string[] {
  const gone = [...before.keys()].filter((path) => !after.has(path)).map((path) => `secret/${path} is not there`);
  const more = [...after.keys()].filter((path) => !before.has(path)).map((path) => `secret/${path} was not there before`);
  const other = [...before].filter(([path, digest]) => after.has(path) && after.get(path) !== digest);
  return [...gone, ...more, ...other.map(([path]) => `secret/${path} holds something else`)];
}
