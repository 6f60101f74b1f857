import {
  CopyDBSnapshotCommand,
  CreateDBClusterCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  type DBSnapshot,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { byHand } from "../clock.ts";
import { rdsDouble } from "../double.ts";

export const MINUTE = 60_000;
export const region = "eu-central-1";
export const other = "eu-west-1";
export const account = "123456789012";
export const stranger = "210987654321";
export const login = { MasterUsername: "admin", MasterUserPassword: "correct-horse" };
export const mysql = { DBInstanceClass: "db.m7g.large", Engine: "mysql", ...login };
export const key = `arn:aws:kms:${region}:${account}:key/own`;

/**
 * A double on a clock by hand with two instances, `shop` and the encrypted `safe`, and a cluster, `orders`. They are of MySQL, so they
 * are records without a server, and nothing takes any time.
 */
export async function openRecords() {
  const clock = byHand();
  const rds = await rdsDouble({ account, clock });
  const client = (accessKeyId = account, where = region) =>
    new RDSClient({ endpoint: rds.endpoint, region: where, credentials: { accessKeyId, secretAccessKey: "test" }, maxAttempts: 1 });
  const api = client();
  await api.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: "shop", ...mysql }));
  await api.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: "safe", ...mysql, StorageEncrypted: true }));
  await api.send(new CreateDBClusterCommand({ DBClusterIdentifier: "orders", Engine: "aurora-mysql", ...login }));
  await clock.advance(30 * MINUTE);
  let count = 0;
  const fresh = () => `s-${++count}`;
  const shoot = (id: string, of = "shop", more = {}) =>
    api.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: of, DBSnapshotIdentifier: id, ...more }));
  /** A new snapshot that is available. */
  const shot = async (of = "shop", more = {}): Promise<string> => {
    const id = fresh();
    await shoot(id, of, more);
    await clock.advance(5 * MINUTE);
    return id;
  };
  const snapshot = async (id: string): Promise<DBSnapshot | undefined> =>
    (await api.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }))).DBSnapshots?.[0];
  const status = async (id: string) =>
    (await api.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }))).DBInstances?.[0]?.DBInstanceStatus;
  const copy = (from: string, to: string, more = {}) =>
    api.send(new CopyDBSnapshotCommand({ SourceDBSnapshotIdentifier: from, TargetDBSnapshotIdentifier: to, ...more }));
  return { clock, rds, client, api, fresh, shoot, shot, snapshot, status, copy };
}
