import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { generateIdentity } from "@holdfast/age";
import { type LocalCloud, localFile } from "@holdfast/cli/src/local.ts";
import type { TrustedKeys } from "@holdfast/core";
import { type Cloud, localStage } from "../cloud.ts";
import type { Openbao } from "../services/index.ts";
import type { DemoPlan } from "./plan.ts";
import type { Server } from "./shop/shop.ts";

/** All that a run of the demo, or a local cloud, leaves or shares: below `.local/demo`, and `.local/local.json` while it runs. */
export type Folder = {
  /** The clone that it is in, where a person stands when they type a path of it. */
  root: string;
  plan: string;
  /** The private half. */
  offlineKey: string;
  result: string;
  /** Copies of what the bucket held. */
  store: string;
  logs: string;
  /** Public keys that sign manifests and evidence, as people keep them when they deploy: PEM, one a file. */
  keys: string;
  /** Passwords of the shop's superuser and of the cluster's owner, as libpq reads them. */
  pgpass: string;
  /** Logins of a copy, to read it, and of the shop's server, to restore there, as Secrets Manager holds them. */
  copyLogin: string;
  shopLogin: string;
  /** The authority of RDS's certificates, and the certificate of its endpoints with its key, in PEM. */
  rdsCa: string;
  rdsCert: string;
  rdsKey: string;
  /** The unseal keys of the Vault that is backed up, one a line, and its root token. */
  unsealKeys: string;
  rootToken: string;
};

/** As a person types it, from the repository's root. */
export const shown = ({ root }: Folder, file: string): string => path.relative(root, file);

/** Empties the folder of a clone and makes it anew, closed to others. What a killed run left in `local.json` goes too. */
export function freshFolder(root: string): Folder {
  const here = path.join(root, ".local", "demo");
  rmSync(here, { recursive: true, force: true });
  rmSync(localFile(root), { force: true });
  mkdirSync(path.join(here, "logs"), { recursive: true, mode: 0o700 });
  const at = (name: string) => path.join(here, name);
  return {
    root,
    plan: at("plan.ts"),
    offlineKey: at("offline.key"),
    result: at("result.json"),
    store: at("store"),
    logs: at("logs"),
    keys: at("keys"),
    pgpass: at("pgpass"),
    copyLogin: at("copy.json"),
    shopLogin: at("shop-server.json"),
    rdsCa: at("rds-ca.pem"),
    rdsCert: at("rds.pem"),
    rdsKey: at("rds.key"),
    unsealKeys: at("unseal.keys"),
    rootToken: at("root.token"),
  };
}

/** A key pair for this run; the private half in a file as age-keygen writes it. Returns the public one. */
export async function writeOfflineKey(folder: Folder): Promise<string> {
  const { identity, recipient } = await generateIdentity();
  writeFileSync(folder.offlineKey, `# made for one run of the demo\n# public key: ${recipient}\n${identity}\n`, { mode: 0o600 });
  return recipient;
}

/** The synth sees nothing of our environment, so what is known only now stands in a plan file of this run. */
export function writePlan(folder: Folder, values: DemoPlan): void {
  const from = JSON.stringify(path.relative(path.dirname(folder.plan), path.join(import.meta.dirname, "plan.ts")));
  writeFileSync(folder.plan, `import { demoPlan } from ${from};\nexport default demoPlan(${JSON.stringify(values)});\n`);
}

/** For psql, so that no password has to be typed or shown. `port`: that of one server, or `*` for those that restores make too. */
export function writePgpass(folder: Folder, { host, port, user, password }: Omit<Server, "port"> & { port: number | "*" }): void {
  writeFileSync(folder.pgpass, `${host}:${port}:*:${user}:${password}\n`, { mode: 0o600, flag: "a" });
}

/** What people would have in their safes. */
export function writeVaultKeys(folder: Folder, { keys, rootToken }: Pick<Openbao, "keys" | "rootToken">): void {
  writeFileSync(folder.unsealKeys, `${keys.join("\n")}\n`, { mode: 0o600 });
  writeFileSync(folder.rootToken, `${rootToken}\n`, { mode: 0o600 });
}

export function writeKeys(folder: Folder, trusted: TrustedKeys): void {
  mkdirSync(folder.keys, { mode: 0o700 });
  for (const [id, pem] of Object.entries(trusted)) writeFileSync(path.join(folder.keys, `${id}.pem`), pem);
}

/** By it `holdfast … --local` finds what runs here. */
export function writeLocal(folder: Folder, { client, ministack }: Pick<Cloud, "client" | "ministack">): void {
  const { endpoint, region, credentials } = client;
  const { accessKeyId, secretAccessKey } = credentials;
  const { account } = ministack;
  const found: LocalCloud = {
    endpoint,
    region,
    account,
    accessKeyId,
    secretAccessKey,
    stage: localStage,
    plan: shown(folder, folder.plan),
  };
  writeFileSync(localFile(folder.root), `${JSON.stringify(found, undefined, 2)}\n`, { mode: 0o600 });
}
export const removeLocal = ({ root }: Folder): void => rmSync(localFile(root), { force: true });
