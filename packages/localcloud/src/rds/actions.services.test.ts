import {
  AddTagsToResourceCommand,
  CopyDBClusterSnapshotCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBInstanceCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeAccountAttributesCommand,
  DescribeDBEngineVersionsCommand,
  DescribeDBSnapshotsCommand,
  DescribeOrderableDBInstanceOptionsCommand,
  paginateDescribeDBSnapshots,
} from "@aws-sdk/client-rds";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { MINUTE, mysql, other, region, stranger, openRecords } from "./kit/records.ts";

const { api, client, clock, copy, fresh, rds, shoot, shot, snapshot, status } = await openRecords();
afterAll(async () => {
  await rds.stop();
  expect(rds.failures).toEqual([]);
});

beforeEach(() =>
  Object.assign(rds.quotas, { manualSnapshots: 100, manualClusterSnapshots: 100, snapshotCopies: 20, clusterSnapshotCopies: 5 }),
);

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
    await shot("safe");
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

test("a parameter that the double does not know is told, not ignored", async () => {
  const command = new CreateDBInstanceCommand({ DBInstanceIdentifier: "odd", ...mysql, TdeCredentialArn: "x" });
  await expect(client(stranger, other).send(command)).rejects.toMatchObject({
    name: "InternalFailure",
    message: expect.stringContaining("TdeCredentialArn"),
  });
});
