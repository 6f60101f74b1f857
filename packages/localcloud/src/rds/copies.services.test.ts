import {
  CopyDBClusterSnapshotCommand,
  CopyDBSnapshotCommand,
  CreateDBClusterSnapshotCommand,
  DeleteDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBSnapshotAttributeCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
} from "@aws-sdk/client-rds";
import { afterAll, describe, expect, test } from "vitest";
import { MINUTE, account, key, other, region, stranger, openRecords } from "./kit/records.ts";

const { api, client, clock, copy, fresh, rds, shot, snapshot } = await openRecords();
afterAll(async () => {
  await rds.stop();
  expect(rds.failures).toEqual([]);
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
    await api.send(new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: "orders", DBClusterSnapshotIdentifier: "plain" }));
    await clock.advance(5 * MINUTE);
    const copying = new CopyDBClusterSnapshotCommand({
      SourceDBClusterSnapshotIdentifier: "plain",
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
