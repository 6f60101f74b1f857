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

export const howToOpenDump = (made: Made): string[] => [
  `  age -d -i offline.key ${keptAt(made, `${database}.dump.zst`)} | zstd -d -o ${database}.dump`,
  `  pg_restore --list ${database}.dump`,
];
