import path from "node:path";
import { backupId } from "@holdfast/core";
import type { Cloud } from "../cloud.ts";
import { type Folder, shown } from "./folder.ts";
import { database, source, target } from "./plan.ts";
import type { Made } from "./scheduled.ts";
import type { Server } from "./shop/shop.ts";

/** Lines to copy: how what runs here is reached with Holdfast's command line, the AWS CLI and psql. */
export function howToReach({ client, deployed, ministack }: Cloud, server: Server, folder: Folder): string[] {
  const { endpoint, region, credentials } = client;
  const { bucket, restore } = deployed.outputs;
  const machine = String(restore);
  return [
    "With Holdfast, in another terminal of this folder:",
    "  npm run holdfast -- status --local",
    `  npm run holdfast -- backup ${source} --local              # one more, now`,
    `  npm run holdfast -- list ${source} --local`,
    `  npm run holdfast -- restore ${source} --target ${target} --database ${database}_beside --local`,
    `  npm run holdfast -- fetch ${source}/latest --local --identity ${shown(folder, folder.offlineKey)}`,
    "",
    "With the AWS CLI:",
    `  export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region} AWS_DEFAULT_REGION=${region}`,
    `  export AWS_ACCESS_KEY_ID=${credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${credentials.secretAccessKey}`,
    "  unset AWS_PROFILE AWS_SESSION_TOKEN",
    `  aws s3 ls --recursive s3://${String(bucket)}/`,
    `  aws stepfunctions start-execution --state-machine-arn ${machine} \\`,
    `    --input '${JSON.stringify({ source, target, database: `${database}_by_hand` })}'`,
    `  aws stepfunctions list-executions --state-machine-arn ${machine}`,
    `  aws logs filter-log-events --log-group-name /aws/lambda/demo-local-verify-postgres --query 'events[].[message]' --output text`,
    `  (account ${ministack.account}; functions' roles are enforced, and the key above is the account's root)`,
    "",
    "The database:",
    `  PGPASSFILE=${shown(folder, folder.pgpass)} psql -h ${server.host} -p ${server.port} -U ${server.user} ${database}`,
  ];
}

/** What somebody may try who has nothing but the copied files and the offline key. */
export function howToOpen({ entry, loaded }: Made, folder: Folder): string[] {
  const { attempt, signedBy } = loaded.manifest;
  const dump = `store/backups/${backupId(entry)}/${attempt}/${database}.dump.zst.age`;
  return [
    `The files of that backup are kept in ${shown(folder, folder.store)}. They open without AWS and without Holdfast:`,
    `  cd ${shown(folder, path.dirname(folder.store))}`,
    `  age -d -i offline.key ${dump} | zstd -d -o ${database}.dump`,
    `  pg_restore --list ${database}.dump`,
    "and with every digest and the signature checked:",
    `  npm run holdfast -- fetch ${backupId(entry)} --dir store --identity offline.key --trust store/keys/${signedBy}.pem --out opened`,
  ];
}
