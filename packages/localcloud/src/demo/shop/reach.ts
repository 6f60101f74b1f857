import { type Folder, shown } from "../folder.ts";
import { shop } from "../plan.ts";
import { keptAt } from "../keepsake.ts";
import type { Made } from "../scheduled.ts";
import type { Server } from "./shop.ts";

const { source, target, database } = shop;

export const shopCommands = (folder: Folder): string[] => [
  `  npm run holdfast -- backup ${source} --local              # one more, now`,
  `  npm run holdfast -- list ${source} --local`,
  `  npm run holdfast -- restore ${source} --target ${target} --database ${database}_beside --local`,
  `  npm run holdfast -- fetch ${source}/latest --local --identity ${shown(folder, folder.offlineKey)}`,
];

export const howToQuery = ({ host, port, user }: Server, folder: Folder): string[] => [
  "The database:",
  `  PGPASSFILE=${shown(folder, folder.pgpass)} psql -h ${host} -p ${port} -U ${user} ${database}`,
];

export function howToOpenDump(made: Made): string[] {
  const dump = made.loaded.manifest.artifacts.find(({ name }) => name.endsWith(".dump"))?.name ?? "";
  return [`  age -d -i offline.key ${keptAt(made, `${dump}.zst`)} | zstd -d -o ${dump}`, `  pg_restore --list ${dump}`];
}
