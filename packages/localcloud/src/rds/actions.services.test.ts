import {
  AddTagsToResourceCommand,
  CopyDBClusterSnapshotCommand,
  CopyDBSnapshotCommand,
  CreateDBClusterCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  type DBSnapshot,
  DeleteDBClusterCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DeleteDBSubnetGroupCommand,
  DescribeAccountAttributesCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBEngineVersionsCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  DescribeOrderableDBInstanceOptionsCommand,
  ModifyDBSnapshotAttributeCommand,
  paginateDescribeDBSnapshots,
  RDSClient,
  RestoreDBClusterFromSnapshotCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
} from "@aws-sdk/client-rds";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { byHand } from "./clock.ts";
import { type Rds, rdsDouble } from "./double.ts";

/** Instances of MySQL are records without a server, so all of this takes no time. */
const MINUTE = 60_000;
const region = "eu-central-1";
const other = "eu-west-1";
const account = "123456789012";
const stranger = "210987654321";
const clock = byHand();
let rds: Rds;
const client = (accessKeyId = account, where = region) =>
  new RDSClient({ endpoint: rds.endpoint, region: where, credentials: { accessKeyId, secretAccessKey: "test" }, maxAttempts: 1 });
let api: RDSClient;
const login = { MasterUsername: "admin", MasterUserPassword: "correct-horse" };
const mysql = { DBInstanceClass: "db.m7g.large", Engine: "mysql", ...login };
const key = `arn:aws:kms:${region}:${account}:key/own`;

beforeAll(async () => {
  rds = await rdsDouble({ account, clock });
  api = client();
  await api.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: "shop", ...mysql }));
  await api.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: "safe", ...mysql, StorageEncrypted: true }));
  await api.send(new CreateDBClusterCommand({ DBClusterIdentifier: "orders", Engine: "aurora-mysql", ...login }));
  await clock.advance(30 * MINUTE);
});
afterAll(async () => {
  await rds?.stop();
  expect(rds.failures).toEqual([]);
});
beforeEach(() =>
  Object.assign(rds.quotas, { manualSnapshots: 100, manualClusterSnapshots: 100, snapshotCopies: 20, clusterSnapshotCopies: 5 }),
);

let count = 0;
const fresh = () => `s-${++count}`;
const shoot = (id: string, of = "shop", more = {}) =>
  api.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: of, DBSnapshotIdentifier: id, ...more }));
async function shot(of = "shop", more = {}): Promise<string> {
  const id = fresh();
  await shoot(id, of, more);
  await clock.advance(5 * MINUTE);
  return id;
}
const snapshot = async (id: string): Promise<DBSnapshot | undefined> =>
  (await api.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }))).DBSnapshots?.[0];
const status = async (id: string) =>
  (await api.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }))).DBInstances?.[0]?.DBInstanceStatus;
const copy = (from: string, to: string, more = {}) =>
  api.send(new CopyDBSnapshotCommand({ SourceDBSnapshotIdentifier: from, TargetDBSnapshotIdentifier: to, ...more }));

describe("states", () => {
  test("a snapshot takes its time, and its instance is backing-up meanwhile and takes no other", async () => {
    const id = fresh();
    await shoot(id);
    expect([(await snapshot(id))?.Status, await status("shop")]).toEqual(["creating", "backing-up"]);
    await expect(shoot(fresh())).rejects.toMatchObject({
      name: "InvalidDBInstanceStateFault",
      message: expect.stringContaining("not currently in the available state"),
    });
    await clock.advance(MINUTE);
    expect((await snapshot(id))?.Status).toBe("creating");
    await clock.advance(MINUTE);
    expect([(await snapshot(id))?.Status, await status("shop")]).toEqual(["available", "available"]);
  });

  test.each(["modifying", "storage-full", "incompatible-parameters", "stopped"])(
    "an instance that is %s cannot be snapshotted",
    async (state) => {
      rds.setInstance(region, "shop", state);
      await expect(shoot(fresh())).rejects.toMatchObject({ name: "InvalidDBInstanceStateFault" });
      rds.setInstance(region, "shop", "available");
    },
  );

  test("a cluster that is modifying cannot be snapshotted", async () => {
    rds.setCluster(region, "orders", "modifying");
    const taking = api.send(new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: "orders", DBClusterSnapshotIdentifier: fresh() }));
    await expect(taking).rejects.toMatchObject({ name: "InvalidDBClusterStateFault" });
    rds.setCluster(region, "orders", "available");
  });

  test("a snapshot can fail, and then stays failed", async () => {
    const id = fresh();
    await shoot(id);
    rds.setSnapshot(region, id, "failed");
    await clock.advance(10 * MINUTE);
    expect((await snapshot(id))?.Status).toBe("failed");
    await expect(copy(id, fresh())).rejects.toMatchObject({ name: "InvalidDBSnapshotStateFault" });
  });

  test("an instance that is being deleted takes its time, and cannot be deleted again", async () => {
    await api.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: "brief", ...mysql }));
    await clock.advance(10 * MINUTE);
    const remove = () => api.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "brief", SkipFinalSnapshot: true }));
    await remove();
    expect(await status("brief")).toBe("deleting");
    await expect(remove()).rejects.toMatchObject({ name: "InvalidDBInstanceStateFault" });
    await clock.advance(5 * MINUTE);
    await expect(status("brief")).rejects.toMatchObject({ name: "DBInstanceNotFoundFault", message: "DBInstance brief not found." });
  });
});

describe("names", () => {
  test.each(["1one", "one-", "o--ne", "o_ne", "öne"])("%s is no name of a snapshot", async (id) => {
    await expect(shoot(id)).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: expect.stringContaining("DBSnapshotIdentifier is not a valid identifier"),
    });
  });

  test("a cluster's snapshot has 63 characters at most, an instance's 255", async () => {
    const taking = api.send(
      new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: "orders", DBClusterSnapshotIdentifier: "a".repeat(64) }),
    );
    await expect(taking).rejects.toMatchObject({ name: "InvalidParameterValue" });
    expect((await shoot("A".repeat(255))).DBSnapshot?.DBSnapshotIdentifier).toBe("a".repeat(255));
    await clock.advance(5 * MINUTE);
  });

  test("a name that is taken is refused, in whatever case", async () => {
    const id = await shot();
    await expect(shoot(id.toUpperCase())).rejects.toMatchObject({ name: "DBSnapshotAlreadyExistsFault" });
    await expect(copy(id, id)).rejects.toMatchObject({ name: "DBSnapshotAlreadyExistsFault" });
    await expect(api.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: "SHOP", ...mysql }))).rejects.toMatchObject({
      name: "DBInstanceAlreadyExistsFault",
    });
  });
});

describe("quotas", () => {
  const used = async () => {
    const { AccountQuotas = [] } = await api.send(new DescribeAccountAttributesCommand());
    const find = (name: string) => AccountQuotas.find(({ AccountQuotaName }) => AccountQuotaName === name);
    return { manual: find("ManualSnapshots"), clusters: find("ManualClusterSnapshots") };
  };

  test("manual snapshots have one, which automated ones do not use", async () => {
    await rds.automate(region, "shop");
    await clock.advance(5 * MINUTE);
    const { manual } = await used();
    expect(manual).toMatchObject({ Max: 100 });
    rds.quotas.manualSnapshots = manual?.Used ?? 0;
    const refused = { name: "SnapshotQuotaExceededFault", message: `Cannot create more than ${manual?.Used} manual snapshots` };
    await expect(shoot(fresh())).rejects.toMatchObject(refused);
    await expect(copy("a".repeat(255), fresh())).rejects.toMatchObject(refused);
    await api.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: "a".repeat(255) }));
    await shot();
  });

  test("copies under way have another of the same code, and it frees itself", async () => {
    const id = await shot();
    rds.quotas.snapshotCopies = 2;
    await copy(id, fresh());
    await copy(id, fresh());
    await expect(copy(id, fresh())).rejects.toMatchObject({
      name: "SnapshotQuotaExceededFault",
      message: "Cannot copy more than 2 snapshots across regions",
    });
    await clock.advance(5 * MINUTE);
    await copy(id, fresh());
    await clock.advance(5 * MINUTE);
  });

  test("five copies of cluster snapshots at a time", async () => {
    await api.send(new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: "orders", DBClusterSnapshotIdentifier: "many" }));
    await clock.advance(5 * MINUTE);
    const one = () =>
      api.send(new CopyDBClusterSnapshotCommand({ SourceDBClusterSnapshotIdentifier: "many", TargetDBClusterSnapshotIdentifier: fresh() }));
    for (const _ of [1, 2, 3, 4, 5]) await one();
    await expect(one()).rejects.toMatchObject({ name: "SnapshotQuotaExceededFault" });
    await clock.advance(5 * MINUTE);
    expect((await used()).clusters).toMatchObject({ Used: 6, Max: 100 });
  });

  test("throttling, and any other refusal, comes when it is asked for", async () => {
    rds.refuse("DescribeDBSnapshots", "Throttling", 2);
    for (const _ of [1, 2]) await expect(snapshot("x")).rejects.toMatchObject({ name: "Throttling", message: "Rate exceeded" });
    await expect(snapshot("x")).rejects.toMatchObject({ name: "DBSnapshotNotFoundFault" });
  });
});

describe("copies", () => {
  test("an encrypted snapshot goes to another region under a key of that region", async () => {
    const id = await shot("safe", { Tags: [{ Key: "slot", Value: "7" }] });
    const source = (await snapshot(id))?.DBSnapshotArn ?? "";
    const there = client(account, other);
    const send = (more = {}) =>
      there.send(new CopyDBSnapshotCommand({ SourceDBSnapshotIdentifier: source, TargetDBSnapshotIdentifier: "there", ...more }));
    await expect(send()).rejects.toMatchObject({ name: "InvalidParameterCombination", message: expect.stringContaining("KmsKeyId") });
    const { DBSnapshot } = await send({ KmsKeyId: key.replace(region, other), CopyTags: true });
    expect(DBSnapshot).toMatchObject({
      Encrypted: true,
      KmsKeyId: key.replace(region, other),
      SourceRegion: region,
      SourceDBSnapshotIdentifier: source,
      TagList: [{ Key: "slot", Value: "7" }],
    });
    await expect(snapshot("there")).rejects.toMatchObject({ name: "DBSnapshotNotFoundFault" });
    await clock.advance(5 * MINUTE);
  });

  test("a key that RDS cannot use is refused", async () => {
    const id = await shot("safe");
    rds.refusedKeys.add(key);
    await expect(copy(id, fresh(), { KmsKeyId: key })).rejects.toMatchObject({
      name: "KMSKeyNotAccessibleFault",
      message: expect.stringContaining(key),
    });
    rds.refusedKeys.clear();
  });

  test("copying does not encrypt a cluster's snapshot", async () => {
    const copying = new CopyDBClusterSnapshotCommand({
      SourceDBClusterSnapshotIdentifier: "many",
      TargetDBClusterSnapshotIdentifier: fresh(),
      KmsKeyId: key,
    });
    await expect(api.send(copying)).rejects.toMatchObject({ name: "InvalidParameterCombination" });
  });

  test("an automated snapshot cannot be deleted or shared, but copied", async () => {
    const id = await rds.automate(region, "shop");
    await clock.advance(5 * MINUTE);
    expect(id).toMatch(/^rds:shop-\d{4}-\d\d-\d\d-\d\d-\d\d/);
    await expect(api.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id }))).rejects.toMatchObject({
      name: "InvalidDBSnapshotStateFault",
    });
    const sharing = new ModifyDBSnapshotAttributeCommand({ DBSnapshotIdentifier: id, AttributeName: "restore", ValuesToAdd: [stranger] });
    await expect(api.send(sharing)).rejects.toMatchObject({ name: "InvalidDBSnapshotStateFault" });
    expect((await copy(id, fresh())).DBSnapshot?.SnapshotType).toBe("manual");
    await clock.advance(5 * MINUTE);
  });
});

describe("sharing", () => {
  const share = (id: string, more: object) =>
    api.send(new ModifyDBSnapshotAttributeCommand({ DBSnapshotIdentifier: id, AttributeName: "restore", ...more }));

  test("another account sees and copies what is shared with it, by ARN, until it is not", async () => {
    const id = await shot();
    const source = (await snapshot(id))?.DBSnapshotArn ?? "";
    const them = client(stranger);
    const take = () => them.send(new CopyDBSnapshotCommand({ SourceDBSnapshotIdentifier: source, TargetDBSnapshotIdentifier: "taken" }));
    const seen = async (more = {}) =>
      (await them.send(new DescribeDBSnapshotsCommand(more))).DBSnapshots?.map(({ DBSnapshotArn }) => DBSnapshotArn);
    await expect(take()).rejects.toMatchObject({ name: "DBSnapshotNotFoundFault" });
    await share(id, { ValuesToAdd: [stranger] });
    expect([await seen(), await seen({ SnapshotType: "shared" }), await seen({ IncludeShared: true })]).toEqual([[], [source], [source]]);
    await take();
    await clock.advance(5 * MINUTE);
    await share(id, { ValuesToRemove: [stranger] });
    expect(await seen({ SnapshotType: "shared" })).toEqual([]);
    expect(await seen()).toEqual([`arn:aws:rds:${region}:${stranger}:snapshot:taken`]);
  });

  test("what is encrypted with AWS's own key cannot be shared", async () => {
    await expect(share(await shot("safe"), { ValuesToAdd: [stranger] })).rejects.toMatchObject({ name: "InvalidDBSnapshotStateFault" });
  });

  test("with 20 accounts at most", async () => {
    const accounts = Array.from({ length: 21 }, (_, at) => String(100_000_000_000 + at));
    await expect(share(await shot(), { ValuesToAdd: accounts })).rejects.toMatchObject({ name: "SharedSnapshotQuotaExceededFault" });
  });

  test("an encrypted one must be copied before it is restored", async () => {
    const id = fresh();
    await copy(await shot("safe"), id, { KmsKeyId: key });
    await clock.advance(5 * MINUTE);
    await share(id, { ValuesToAdd: [stranger] });
    const DBSnapshotIdentifier = (await snapshot(id))?.DBSnapshotArn;
    const restoring = client(stranger).send(
      new RestoreDBInstanceFromDBSnapshotCommand({ DBInstanceIdentifier: "theirs", DBSnapshotIdentifier }),
    );
    await expect(restoring).rejects.toMatchObject({ name: "InvalidDBSnapshotStateFault" });
  });
});

describe("describing", () => {
  test("goes page by page, each once", async () => {
    const everything: string[] = [];
    let pages = 0;
    for (let left = 25; left > 0; left -= 1) await shot();
    for await (const { DBSnapshots = [] } of paginateDescribeDBSnapshots({ client: api, pageSize: 20 }, {})) {
      pages += 1;
      everything.push(...DBSnapshots.map(({ DBSnapshotIdentifier = "" }) => DBSnapshotIdentifier));
    }
    expect(pages).toBeGreaterThan(1);
    expect(new Set(everything).size).toBe(everything.length);
    expect(everything.length).toBe((await api.send(new DescribeDBSnapshotsCommand())).DBSnapshots?.length);
    await expect(api.send(new DescribeDBSnapshotsCommand({ MaxRecords: 19 }))).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });

  test("narrows by type, instance and filter, and refuses a filter that there is not", async () => {
    const list = async (more: object) => (await api.send(new DescribeDBSnapshotsCommand(more))).DBSnapshots ?? [];
    expect((await list({ SnapshotType: "automated" })).every(({ SnapshotType }) => SnapshotType === "automated")).toBe(true);
    expect((await list({ SnapshotType: "automated" })).length).toBeGreaterThan(0);
    expect(await list({ DBInstanceIdentifier: "nobody" })).toEqual([]);
    const safe = await list({ Filters: [{ Name: "db-instance-id", Values: ["safe", "nobody"] }] });
    expect(new Set(safe.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier))).toEqual(new Set(["safe"]));
    await expect(list({ Filters: [{ Name: "colour", Values: ["red"] }] })).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: "Unrecognized filter name: colour",
    });
  });

  test("tags are of the moment", async () => {
    const id = await shot("shop", { Tags: [{ Key: "a", Value: "1" }] });
    const ResourceName = (await snapshot(id))?.DBSnapshotArn;
    await api.send(
      new AddTagsToResourceCommand({
        ResourceName,
        Tags: [
          { Key: "a", Value: "2" },
          { Key: "b", Value: "3" },
        ],
      }),
    );
    expect((await snapshot(id))?.TagList).toEqual([
      { Key: "a", Value: "2" },
      { Key: "b", Value: "3" },
    ]);
    await expect(shoot(fresh(), "shop", { Tags: [{ Key: "aws:x", Value: "1" }] })).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });

  test("what is on offer", async () => {
    const { DBEngineVersions = [] } = await api.send(
      new DescribeDBEngineVersionsCommand({ Engine: "aurora-postgresql", DefaultOnly: true }),
    );
    expect(DBEngineVersions).toMatchObject([{ EngineVersion: "17.10", DBParameterGroupFamily: "aurora-postgresql17" }]);
    const { OrderableDBInstanceOptions = [] } = await api.send(
      new DescribeOrderableDBInstanceOptionsCommand({ Engine: "aurora-postgresql" }),
    );
    expect(OrderableDBInstanceOptions.map(({ DBInstanceClass }) => DBInstanceClass)).toContain("db.serverless");
  });
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

describe("clusters", () => {
  test("cannot be deleted with instances in them, nor copied when they are Multi-AZ DB clusters", async () => {
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

test("a parameter that the double does not know is told, not ignored", async () => {
  const command = new CreateDBInstanceCommand({ DBInstanceIdentifier: "odd", ...mysql, TdeCredentialArn: "x" });
  await expect(client(stranger, other).send(command)).rejects.toMatchObject({
    name: "InternalFailure",
    message: expect.stringContaining("TdeCredentialArn"),
  });
});
