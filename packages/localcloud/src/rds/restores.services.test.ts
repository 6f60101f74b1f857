import {
  CopyDBClusterSnapshotCommand,
  CreateDBClusterCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  DeleteDBClusterCommand,
  DeleteDBInstanceCommand,
  DeleteDBSubnetGroupCommand,
  DescribeDBClusterSnapshotsCommand,
  RestoreDBClusterFromSnapshotCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
} from "@aws-sdk/client-rds";
import { afterAll, describe, expect, test } from "vitest";
import { MINUTE, account, key, login, mysql, other, openRecords } from "./kit/records.ts";

const { api, client, clock, copy, fresh, rds, shot } = await openRecords();
afterAll(async () => {
  await rds.stop();
  expect(rds.failures).toEqual([]);
});

describe("restores are refused", () => {
  const restore = (more: object) => api.send(new RestoreDBInstanceFromDBSnapshotCommand({ DBInstanceIdentifier: "new", ...more } as never));

  test("into an identifier that is taken", async () => {
    await expect(restore({ DBSnapshotIdentifier: await shot(), DBInstanceIdentifier: "shop" })).rejects.toMatchObject({
      name: "DBInstanceAlreadyExistsFault",
    });
  });

  test("when a group that is named is gone", async () => {
    const DBSnapshotIdentifier = await shot();
    await api.send(new DeleteDBSubnetGroupCommand({ DBSubnetGroupName: "default" }));
    await expect(restore({ DBSnapshotIdentifier })).rejects.toMatchObject({ name: "DBSubnetGroupNotFoundFault" });
    await expect(restore({ DBSnapshotIdentifier, DBParameterGroupName: "gone" })).rejects.toMatchObject({
      name: "DBSubnetGroupNotFoundFault",
    });
  });

  test("when its engine's version is no longer offered", async () => {
    const DBSnapshotIdentifier = await shot();
    const offered = rds.versions.mysql ?? [];
    rds.versions.mysql = ["9.1.0"];
    await expect(restore({ DBSnapshotIdentifier })).rejects.toMatchObject({
      name: "InvalidParameterCombination",
      message: "Cannot find version 8.4.6 for mysql",
    });
    rds.versions.mysql = offered;
  });

  test("when its key cannot be used", async () => {
    const DBSnapshotIdentifier = fresh();
    await copy(await shot("safe"), DBSnapshotIdentifier, { KmsKeyId: key });
    await clock.advance(5 * MINUTE);
    rds.refusedKeys.add(key);
    await expect(restore({ DBSnapshotIdentifier })).rejects.toMatchObject({ name: "KMSKeyNotAccessibleFault" });
    rds.refusedKeys.clear();
  });

  test("to a time without automated backups, and without saying to which", async () => {
    const back = (more: object) =>
      api.send(
        new RestoreDBInstanceToPointInTimeCommand({ SourceDBInstanceIdentifier: "shop", TargetDBInstanceIdentifier: "new", ...more }),
      );
    await expect(back({})).rejects.toMatchObject({ name: "InvalidParameterCombination" });
    await expect(back({ UseLatestRestorableTime: true })).rejects.toMatchObject({ name: "PointInTimeRestoreNotEnabledFault" });
  });
});

test("a restore takes all the settings that an instance can be described with, and shows them again", async () => {
  const there = client(account, other);
  const settings = {
    DBInstanceClass: "db.r7g.large",
    AvailabilityZone: `${other}b`,
    MultiAZ: true,
    PubliclyAccessible: true,
    AutoMinorVersionUpgrade: false,
    LicenseModel: "general-public-license",
    Iops: 3000,
    StorageThroughput: 125,
    StorageType: "io2",
    CopyTagsToSnapshot: true,
    DeletionProtection: true,
    NetworkType: "DUAL",
    BackupTarget: "region",
    BackupRetentionPeriod: 9,
    PreferredBackupWindow: "01:00-01:30",
    DedicatedLogVolume: true,
    CACertificateIdentifier: "rds-ca-rsa4096-g1",
    EngineLifecycleSupport: "open-source-rds-extended-support-disabled",
  };
  const asked = {
    EnableIAMDatabaseAuthentication: true,
    EnableCloudwatchLogsExports: ["error"],
    EnableCustomerOwnedIp: false,
    VpcSecurityGroupIds: ["sg-1", "sg-2"],
  };
  const restored = { DBInstanceIdentifier: "same", DBSnapshotIdentifier: "rich", Tags: [{ Key: "a", Value: "b" }], ...settings, ...asked };
  await there.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: "rich", ...mysql }));
  await clock.advance(10 * MINUTE);
  await there.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: "rich", DBSnapshotIdentifier: "rich" }));
  await clock.advance(10 * MINUTE);
  const { DBInstance } = await there.send(new RestoreDBInstanceFromDBSnapshotCommand(restored));
  expect(DBInstance).toMatchObject({
    ...settings,
    IAMDatabaseAuthenticationEnabled: true,
    EnabledCloudwatchLogsExports: ["error"],
    TagList: [{ Key: "a", Value: "b" }],
  });
  expect(DBInstance?.VpcSecurityGroups?.map(({ VpcSecurityGroupId }) => VpcSecurityGroupId)).toEqual(["sg-1", "sg-2"]);
  await clock.advance(15 * MINUTE);
  const more = {
    MonitoringInterval: 60,
    MonitoringRoleArn: "arn:aws:iam::1:role/m",
    PreferredMaintenanceWindow: "sat:01:00-sat:01:30",
    MaxAllocatedStorage: 100,
  };
  await there.send(
    new ModifyDBInstanceCommand({
      DBInstanceIdentifier: "same",
      ...more,
      DatabaseInsightsMode: "standard",
      EnablePerformanceInsights: true,
    }),
  );
  await clock.advance(5 * MINUTE);
  const { DBInstances = [] } = await there.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: "same" }));
  expect(DBInstances[0]).toMatchObject({ ...settings, ...more, DBInstanceStatus: "available", PerformanceInsightsEnabled: true });
});

describe("clusters", () => {
  test("cannot be deleted with instances in them", async () => {
    const create = {
      DBInstanceIdentifier: "orders-1",
      DBClusterIdentifier: "orders",
      DBInstanceClass: "db.r7g.large",
      Engine: "aurora-mysql",
    };
    await expect(api.send(new CreateDBInstanceCommand(create))).rejects.toMatchObject({ name: "DBSubnetGroupNotFoundFault" });
    const there = client(account, other);
    const cluster = { DBClusterIdentifier: "orders", Engine: "aurora-mysql", ...login };
    await there.send(new CreateDBClusterCommand(cluster));
    await clock.advance(10 * MINUTE);
    await there.send(new CreateDBInstanceCommand(create));
    const taking = there.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: "orders-1", DBSnapshotIdentifier: "x" }));
    await expect(taking).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: expect.stringContaining("CreateDBClusterSnapshot"),
    });
    const remove = () => there.send(new DeleteDBClusterCommand({ DBClusterIdentifier: "orders", SkipFinalSnapshot: true }));
    await expect(remove()).rejects.toMatchObject({ name: "InvalidDBClusterStateFault" });
    await there.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "orders-1" }));
    await remove();
  });

  test("a Multi-AZ DB cluster makes its three instances itself, and its snapshots cannot be copied", async () => {
    const there = client(account, other);
    const cluster = { DBClusterIdentifier: "three", Engine: "mysql", DBClusterInstanceClass: "db.m7g.large", ...login };
    await there.send(new CreateDBClusterCommand(cluster));
    await clock.advance(15 * MINUTE);
    const { DBClusters = [] } = await there.send(new DescribeDBClustersCommand({ DBClusterIdentifier: "three" }));
    expect(DBClusters[0]).toMatchObject({ MultiAZ: true, Status: "available" });
    expect(DBClusters[0]?.DBClusterMembers?.map(({ IsClusterWriter }) => IsClusterWriter)).toEqual([true, false, false]);
    await there.send(new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: "three", DBClusterSnapshotIdentifier: "three" }));
    await clock.advance(5 * MINUTE);
    const copying = new CopyDBClusterSnapshotCommand({
      SourceDBClusterSnapshotIdentifier: "three",
      TargetDBClusterSnapshotIdentifier: "more",
    });
    await expect(there.send(copying)).rejects.toMatchObject({
      name: "InvalidParameterCombination",
      message: expect.stringContaining("Multi-AZ"),
    });
  });

  test("a serverless instance needs the cluster's scaling, and a restore does not bring it along", async () => {
    const there = client(account, other);
    const scaling = { ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 4 } };
    await there.send(new CreateDBClusterCommand({ DBClusterIdentifier: "light", Engine: "aurora-mysql", ...login, ...scaling }));
    await clock.advance(10 * MINUTE);
    await there.send(new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: "light", DBClusterSnapshotIdentifier: "light" }));
    await clock.advance(10 * MINUTE);
    await there.send(
      new RestoreDBClusterFromSnapshotCommand({ DBClusterIdentifier: "dark", SnapshotIdentifier: "light", Engine: "aurora-mysql" }),
    );
    await clock.advance(10 * MINUTE);
    const join = (id: string) =>
      there.send(
        new CreateDBInstanceCommand({
          DBInstanceIdentifier: `${id}-1`,
          DBClusterIdentifier: id,
          DBInstanceClass: "db.serverless",
          Engine: "aurora-mysql",
        }),
      );
    expect((await join("light")).DBInstance?.DBInstanceStatus).toBe("creating");
    await expect(join("dark")).rejects.toMatchObject({
      name: "InvalidParameterCombination",
      message: expect.stringContaining("Serverless v2"),
    });
    expect((await there.send(new DescribeDBClusterSnapshotsCommand({ DBClusterIdentifier: "light" }))).DBClusterSnapshots).toHaveLength(1);
  });
});
