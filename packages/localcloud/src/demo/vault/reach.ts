import path from "node:path";
import { SNAPSHOT } from "@holdfast/sources/vault/native.ts";
import { bao } from "../../services/install.ts";
import { type Folder, shown } from "../folder.ts";
import { vault } from "../plan.ts";
import { keptAt } from "../keepsake.ts";
import type { Made } from "../scheduled.ts";
import { seal, type Vaults } from "./open.ts";

const { source, target } = vault;

/** `restored`: the fresh one has been restored into, and a restore goes into a fresh one alone. */
export const vaultCommands = ({ fresh }: Pick<Vaults, "fresh">, folder: Folder, restored: boolean): string[] => [
  `  npm run holdfast -- backup ${source} --local`,
  `  npm run holdfast -- list ${source} --local`,
  ...(restored ? [] : restoreCommands(fresh.url, folder)),
];

function restoreCommands(url: string, folder: Folder): string[] {
  const typed = Array.from({ length: seal.threshold }, (_, i) => `"$(sed -n ${i + 1}p ${shown(folder, folder.unsealKeys)})"`);
  return [
    `  npm run holdfast -- restore ${source} --target ${target} --force --local`,
    `    it will ask for ${seal.threshold} of the ${seal.shares} original unseal keys, which you type at the new Vault; in a third terminal:`,
    ...typed.map((key) => `    ${shown(folder, bao())} operator unseal -address=${url} ${key}`),
  ];
}

export function howToUnseal({ original, fresh }: Pick<Vaults, "original" | "fresh">, folder: Folder, restored: boolean): string[] {
  const tool = shown(folder, bao());
  const { host } = new URL(original.url);
  return [
    restored ? `The Vault, restored at ${new URL(fresh.url).host}; its old address ${host} leads there:` : "The Vault:",
    `  export BAO_ADDR=${restored ? fresh.url : original.url} BAO_TOKEN=$(cat ${shown(folder, folder.rootToken)})`,
    `  ${tool} kv list -mount=secret app-0`,
    `  ${tool} kv get -mount=secret app-0/secret-0`,
  ];
}

export const howToOpenSnapshot = (made: Made, folder: Folder): string[] => [
  `  age -d -i offline.key ${keptAt(made, SNAPSHOT)} > ${SNAPSHOT}`,
  `  ${path.relative(path.dirname(folder.store), bao())} operator raft snapshot restore -force ${SNAPSHOT}   # at a fresh Vault; then unseal it with the keys in ${path.basename(folder.unsealKeys)}`,
];
