import path from "node:path";
import { backupId } from "@holdfast/core";
import type { Cloud } from "../cloud.ts";
import { copyCommands } from "./copies/reach.ts";
import { type Folder, shown } from "./folder.ts";
import type { Cluster } from "./orders/open.ts";
import { clusterCommands, howToAskRds, howToQueryCluster } from "./orders/reach.ts";
import { orders, shop } from "./plan.ts";
import type { Made } from "./scheduled.ts";
import { howToOpenDump, howToQuery, shopCommands } from "./shop/reach.ts";
import type { Stage } from "./stage.ts";
import { howToOpenSnapshot, howToUnseal, vaultCommands } from "./vault/reach.ts";

/** Lines to copy: how what runs here is reached with Holdfast's command line, the AWS CLI, psql and bao. `restored`: the fresh Vault is used up. */
export function howToReach(
  { cloud, server, vaults, cluster }: Pick<Stage, "cloud" | "server" | "vaults" | "cluster">,
  folder: Folder,
  { restored }: { restored: boolean },
): string[] {
  return [
    "With Holdfast, in another terminal of this folder:",
    `  npm run holdfast -- status --local${restored ? doubtful : ""}`,
    ...shopCommands(folder),
    ...clusterCommands,
    ...vaultCommands(vaults, folder, restored),
    ...copyCommands(folder, restored),
    "",
    ...howToUseAws(cloud, cluster),
    "",
    ...howToQuery(server, folder),
    ...howToQueryCluster(cluster, folder),
    "",
    ...howToUnseal(vaults, folder, restored),
  ];
}

const doubtful = `                     # ${orders.dump.source} comes into doubt: the DELETE has taken most of its rows`;

function howToUseAws({ client, deployed, ministack }: Cloud, { rds }: Cluster): string[] {
  const { endpoint, region, credentials } = client;
  const { bucket, restore } = deployed.outputs;
  const machine = String(restore);
  return [
    "With the AWS CLI:",
    `  export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region} AWS_DEFAULT_REGION=${region}`,
    `  export AWS_ACCESS_KEY_ID=${credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${credentials.secretAccessKey}`,
    `  export AWS_ENDPOINT_URL_RDS=${rds.endpoint}`,
    "  unset AWS_PROFILE AWS_SESSION_TOKEN",
    `  aws s3 ls --recursive s3://${String(bucket)}/`,
    `  aws stepfunctions start-execution --state-machine-arn ${machine} \\`,
    `    --input '${JSON.stringify({ source: shop.source, target: shop.target, database: `${shop.database}_by_hand` })}'`,
    ...howToAskRds,
    `  aws stepfunctions list-executions --state-machine-arn ${machine}`,
    `  aws logs filter-log-events --log-group-name /aws/lambda/demo-local-verify-postgres --query 'events[].[message]' --output text`,
    `  (account ${ministack.account}; functions' roles are enforced, and the key above is the account's root)`,
  ];
}

/** What somebody may try who has nothing but the copied files and the offline key. */
export function howToOpen(made: readonly Made[], folder: Folder): string[] {
  const files = made.filter(({ loaded }) => loaded.manifest.artifacts.length > 0);
  return [
    `The files of these backups are kept in ${shown(folder, folder.store)}. They open without AWS and without Holdfast:`,
    `  cd ${shown(folder, path.dirname(folder.store))}`,
    ...files.flatMap((each) => (each.loaded.manifest.kind === "vault" ? howToOpenSnapshot(each, folder) : howToOpenDump(each))),
    "and with every digest and the signature checked:",
    ...files.map(fetchCommand),
    ...(files.length < made.length ? ["A snapshot has no file: it stays at RDS. Its dump is what leaves."] : []),
  ];
}

const fetchCommand = ({ entry, loaded }: Made): string =>
  `  npm run holdfast -- fetch ${backupId(entry)} --dir store --identity offline.key --trust store/keys/${loaded.manifest.signedBy}.pem --out opened-${entry.source}`;
