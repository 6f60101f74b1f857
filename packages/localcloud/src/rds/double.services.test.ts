import {
  CreateDBClusterCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  type RDSClient,
  ModifyDBClusterCommand,
  ModifyDBInstanceCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBClusterAutomatedBackupsCommand,
  RestoreDBClusterFromSnapshotCommand,
  RestoreDBClusterToPointInTimeCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
} from "@aws-sdk/client-rds";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Rds, rdsDouble } from "./double.ts";
import { wrongWith } from "./kit/model.ts";
import { parse } from "./kit/parse.ts";
import { type Recorded, recording } from "./kit/recording.ts";
import { until } from "./until.ts";

const region = "eu-central-1";
let rds: Rds;
let api: RDSClient;
let recorded: Recorded[];
beforeAll(async () => {
  rds = await rdsDouble();
  ({ api, recorded } = recording(rds.endpoint, region));
});
afterAll(async () => {
  await rds?.stop();
  expect(rds.failures).toEqual([]);
});

async function query<T>(id: string, text: string): Promise<T[]> {
  const client = new pg.Client(rds.connection(region, id));
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
const instance = async (DBInstanceIdentifier: string) =>
  (await api.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }))).DBInstances?.[0];
const cluster = async (DBClusterIdentifier: string) =>
  (await api.send(new DescribeDBClustersCommand({ DBClusterIdentifier }))).DBClusters?.[0];
const snapshot = async (id: string) => (await api.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }))).DBSnapshots?.[0];
const clusterSnapshot = async (id: string) =>
  (await api.send(new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: id }))).DBClusterSnapshots?.[0];

const login = { MasterUsername: "holdfast", MasterUserPassword: "correct-horse" };

describe("an instance", () => {
  beforeAll(async () => {
    const { DBInstance } = await api.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: "Shop",
        DBInstanceClass: "db.t4g.micro",
        Engine: "postgres",
        DBName: "shop",
        ...login,
      }),
    );
    expect(DBInstance).toMatchObject({ DBInstanceIdentifier: "shop", DBInstanceStatus: "creating" });
    expect(DBInstance?.Endpoint).toBeUndefined();
    await until(async () => (await instance("shop"))?.DBInstanceStatus === "available");
    await query("shop", "create table orders (id int primary key); insert into orders values (1)");
  });

  test("is a PostgreSQL server at its endpoint, whose master user is no superuser", async () => {
    const { port } = rds.connection(region, "shop");
    expect((await instance("shop"))?.Endpoint).toMatchObject({ Address: "127.0.0.1", Port: port });
    expect(await query("shop", "select current_user, rolsuper from pg_roles where rolname = current_user")).toEqual([
      { current_user: "holdfast", rolsuper: false },
    ]);
  });

  test("is snapshotted as it is now, and restored as another instance", async () => {
    await api.send(
      new CreateDBSnapshotCommand({ DBInstanceIdentifier: "shop", DBSnapshotIdentifier: "one", Tags: [{ Key: "slot", Value: "1" }] }),
    );
    expect((await instance("shop"))?.DBInstanceStatus).toBe("backing-up");
    expect(await snapshot("one")).toMatchObject({ Status: "creating", PercentProgress: 0, TagList: [{ Key: "slot", Value: "1" }] });
    await until(async () => (await snapshot("one"))?.Status === "available");
    await query("shop", "insert into orders values (2)");
    await api.send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: "shop-restored",
        DBSnapshotIdentifier: "one",
        BackupRetentionPeriod: 0,
      }),
    );
    await until(async () => (await instance("shop-restored"))?.DBInstanceStatus === "available");
    expect(await query("shop-restored", "select id from orders")).toEqual([{ id: 1 }]);
    expect(await query("shop", "select id from orders order by id")).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test("is taken back to a time between two writes", async () => {
    await query("shop", "insert into orders values (10)");
    const [now] = await query<{ now: Date }>("shop", "select clock_timestamp() as now");
    await query("shop", "insert into orders values (11)");
    const RestoreTime = now?.now ?? new Date(0);
    await until(async () => ((await instance("shop"))?.LatestRestorableTime ?? new Date(0)) >= RestoreTime);
    await api.send(
      new RestoreDBInstanceToPointInTimeCommand({
        SourceDBInstanceIdentifier: "shop",
        TargetDBInstanceIdentifier: "shop-then",
        RestoreTime,
      }),
    );
    await until(async () => (await instance("shop-then"))?.DBInstanceStatus === "available");
    expect(await query("shop-then", "select id from orders where id >= 10")).toEqual([{ id: 10 }]);
  });

  test("is taken back to the latest time when it was itself taken back before", async () => {
    await query("shop-then", "insert into orders values (12)");
    await api.send(
      new RestoreDBInstanceToPointInTimeCommand({
        SourceDBInstanceIdentifier: "shop-then",
        TargetDBInstanceIdentifier: "shop-again",
        UseLatestRestorableTime: true,
        BackupRetentionPeriod: 0,
      }),
    );
    await until(async () => (await instance("shop-again"))?.DBInstanceStatus === "available");
    expect(await query("shop-again", "select id from orders where id >= 10 order by id")).toEqual([{ id: 10 }, { id: 12 }]);
    expect(await query("shop-again", "select pg_is_in_recovery() as standby")).toEqual([{ standby: false }]);
  });

  test("has another password when that was modified, and says how far it can be taken back", async () => {
    await api.send(
      new ModifyDBInstanceCommand({ DBInstanceIdentifier: "shop", MasterUserPassword: "battery-staple", DeletionProtection: true }),
    );
    expect(await instance("shop")).toMatchObject({ DBInstanceStatus: "modifying", DeletionProtection: true });
    await until(async () => (await instance("shop"))?.DBInstanceStatus === "available");
    expect(rds.connection(region, "shop").password).toBe("battery-staple");
    expect(await query("shop", "select 1 as one")).toEqual([{ one: 1 }]);
    const { DBInstanceAutomatedBackups = [] } = await api.send(
      new DescribeDBInstanceAutomatedBackupsCommand({ DBInstanceIdentifier: "shop" }),
    );
    const { EarliestTime = new Date(0), LatestTime = new Date(0) } = DBInstanceAutomatedBackups[0]?.RestoreWindow ?? {};
    expect(LatestTime.getTime()).toBeGreaterThan(EarliestTime.getTime());
    const early = {
      SourceDBInstanceIdentifier: "shop",
      TargetDBInstanceIdentifier: "early",
      RestoreTime: new Date(EarliestTime.getTime() - 1000),
    };
    await expect(api.send(new RestoreDBInstanceToPointInTimeCommand(early))).rejects.toMatchObject({ name: "InvalidParameterValue" });
    await expect(api.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "shop", SkipFinalSnapshot: true }))).rejects.toThrow(
      "deletion protection",
    );
  });

  test("is gone when it was deleted, and its last snapshot stays", async () => {
    await api.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "shop-restored", FinalDBSnapshotIdentifier: "last" }));
    await until(() =>
      instance("shop-restored").then(
        () => false,
        (error: Error) => error.name === "DBInstanceNotFoundFault",
      ),
    );
    await until(async () => (await snapshot("last"))?.Status === "available");
  });
});

describe("an Aurora cluster", () => {
  test("answers when it has an instance, is snapshotted, restored without instances, and taken back in time", async () => {
    await api.send(
      new CreateDBClusterCommand({ DBClusterIdentifier: "orders", Engine: "aurora-postgresql", DatabaseName: "orders", ...login }),
    );
    await until(async () => (await cluster("orders"))?.Status === "available");
    expect(() => rds.connection(region, "orders")).toThrow("no server");
    await member("orders", "orders-1");
    await query("orders", "create table orders (id int primary key); insert into orders values (1)");
    const { Endpoint: host, Port: port } = (await cluster("orders")) ?? {};
    expect(rds.connection(region, "orders")).toMatchObject({ host, port });

    await api.send(new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: "orders", DBClusterSnapshotIdentifier: "one" }));
    await until(async () => (await clusterSnapshot("one"))?.Status === "available");
    const [now] = await query<{ now: Date }>("orders", "select clock_timestamp() as now");
    await query("orders", "insert into orders values (2)");
    const RestoreToTime = now?.now ?? new Date(0);

    await api.send(
      new RestoreDBClusterFromSnapshotCommand({
        DBClusterIdentifier: "orders-one",
        SnapshotIdentifier: "one",
        Engine: "aurora-postgresql",
        Port: port,
      }),
    );
    await until(async () => ((await cluster("orders"))?.LatestRestorableTime ?? new Date(0)) >= RestoreToTime);
    await api.send(
      new RestoreDBClusterToPointInTimeCommand({ DBClusterIdentifier: "orders-then", SourceDBClusterIdentifier: "orders", RestoreToTime }),
    );
    const { DBClusterAutomatedBackups = [] } = await api.send(
      new DescribeDBClusterAutomatedBackupsCommand({ DBClusterIdentifier: "orders" }),
    );
    expect(DBClusterAutomatedBackups[0]?.RestoreWindow?.EarliestTime).toEqual((await cluster("orders"))?.EarliestRestorableTime);
    for (const id of ["orders-one", "orders-then"]) {
      await until(async () => (await cluster(id))?.Status === "available");
      const told = await cluster(id);
      expect(told?.DBClusterMembers).toEqual([]);
      expect(told?.Port).not.toBe(port);
      await member(id, `${id}-1`);
      expect((await cluster(id))?.Port).toBe(told?.Port);
      expect(await query(id, "select id from orders")).toEqual([{ id: 1 }]);
    }
  });
});

test("a cluster's serverless scaling can be modified", async () => {
  const ServerlessV2ScalingConfiguration = { MinCapacity: 0.5, MaxCapacity: 2 };
  await api.send(new ModifyDBClusterCommand({ DBClusterIdentifier: "orders", ServerlessV2ScalingConfiguration, ApplyImmediately: true }));
  await until(async () => (await cluster("orders"))?.Status === "available");
  expect((await cluster("orders"))?.ServerlessV2ScalingConfiguration).toEqual(ServerlessV2ScalingConfiguration);
});

test("all that was answered here is what the API's model has", () => {
  expect(new Set(recorded.map(({ action }) => action)).size).toBeGreaterThan(12);
  for (const { action, body } of recorded) expect(wrongWith(action, parse(body))).toEqual([]);
});

async function member(DBClusterIdentifier: string, DBInstanceIdentifier: string): Promise<void> {
  await api.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier,
      DBClusterIdentifier,
      DBInstanceClass: "db.r7g.large",
      Engine: "aurora-postgresql",
    }),
  );
  await until(async () => (await instance(DBInstanceIdentifier))?.DBInstanceStatus === "available");
}
