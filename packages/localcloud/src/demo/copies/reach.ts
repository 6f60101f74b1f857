import { readdirSync } from "node:fs";
import path from "node:path";
import { type Folder, shown } from "../folder.ts";
import { shop } from "../plan.ts";
import { last } from "./last.ts";

const { source, target, secrets } = shop;

/** Copies as they are looked at while AWS is there, and what is typed when it is not. `restored`: a copy was restored already. */
export function copyCommands(folder: Folder, restored: boolean): string[] {
  const trust = readdirSync(folder.keys).map((key) => `--trust ${shown(folder, path.join(folder.keys, key))}`);
  const opened = `--offline-key ${shown(folder, folder.offlineKey)} ${trust.join(" ")}`;
  return [
    "  npm run holdfast -- stores --local",
    `  npm run holdfast -- list ${source} --from google --local`,
    `  npm run holdfast -- fetch ${source}/latest --from seaweedfs --local ${opened} --out opened-copy`,
    "  as if AWS were gone:",
    `  npm run holdfast -- restore ${source} --here --from ${last.store} --plan ${shown(folder, folder.plan)} --credentials ${shown(folder, folder.copyLogin)} \\`,
    `    ${opened} \\`,
    `    --secret ${secrets.restore}=${shown(folder, folder.shopLogin)} --target ${target} --database ${last.database}${restored ? "_too" : ""}`,
  ];
}
