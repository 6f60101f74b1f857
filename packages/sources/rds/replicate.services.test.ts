import { readFileSync } from "node:fs";
import path from "node:path";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CopyDBSnapshotCommand,
  CreateDBClusterCommand,
  DeleteDBSnapshotCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBSnapshotAttributesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { Backup, Replicate, Replicated } from "@holdfast/core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { scaled } from "../../localcloud/src/rds/index.ts";
import { captureAt as captureClusterAt } from "../aurora/capture.ts";
import { config as clusterConfig } from "../aurora/config.ts";
import { aurora } from "../aurora/kind.ts";
import type { Native as ClusterNative } from "../aurora/native.ts";
import { replicate as replicateClusters } from "../aurora/replicate.ts";
import { captureAt } from "./capture.ts";
import { config } from "./config.ts";
import { rdsKind } from "./kind.ts";
import { aContext, anInstance, become, captured, login, openedOf, openWorld, region, slotAt, type World } from "./kit/world.ts";
import type { Native } from "./native.ts";
import { prune } from "./prune.ts";
import { destination, type Replica } from "./replicas.ts";
import { replicate } from "./replicate.ts";

/** Databases of MySQL are records without a server, so all of this takes no time. */
const mysql = { Engine: "mysql", DBInstanceClass: "db.m7g.large" };
const account = "000000000000";
const stranger = "222222222222";
const context = aContext();
let world: World;
let key: string;
let near: Replica;
let far: Replica;
const backups: Record<string, Backup<Native>> = {};
const clusters: Record<string, Backup<ClusterNative>> = {};

beforeAll(async () => {
  world = await openWorld(scaled(0.0002));
  key = await world.key();
  near = { region: "eu-west-1", key: await keyIn("eu-west-1") };
  far = {
    region: "eu-north-1",
    key: await keyIn("eu-north-1", stranger),
    account: stranger,
    role: `arn:aws:iam::${stranger}:role/holdfast-copies`,
  };
  const under = { StorageEncrypted: true, KmsKeyId: key };
  await Promise.all([
    anInstance(world, "shop", { ...mysql, ...under }).then(() => taken("shop")),
    anInstance(world, "other", { ...mysql, ...under }).then(() => taken("other")),
    anInstance(world, "plain", mysql).then(() => taken("plain")),
    anInstance(world, "default-key", { ...mysql, StorageEncrypted: true }).then(() => taken("default-key")),
    aCluster("orders", under),
    aCluster("open", {}),
    aCluster("three", { ...under, Engine: "mysql", DBClusterInstanceClass: "db.m7g.large" }),
  ]);
});
afterAll(async () => {
  await world?.end();
  expect(world.rds.failures).toEqual([]);
});
beforeEach(() => {
  Object.assign(world.rds.quotas, { snapshotCopies: 20, clusterSnapshotCopies: 5 });
});

const rootOf = (of: string) => (of === account ? world.aws.credentials : { accessKeyId: of, secretAccessKey: "test" });
const kmsIn = (where: string, of = account) => new KMSClient({ ...world.aws, region: where, credentials: rootOf(of) });
const keyIn = async (where: string, of = account) => (await kmsIn(where, of).send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? "";
const rdsIn = ({ region, account: of = account }: Pick<Replica, "region" | "account">) =>
  new RDSClient({ endpoint: world.rds.endpoint, region, credentials: rootOf(of) });

async function taken(instance: string): Promise<void> {
  const capture = captureAt({ seconds: 0.01 })(config.parse({ instance }), world.surroundings);
  backups[instance] = openedOf(await (await captured(capture, slotAt("2026-11-21T02:00:00Z"))).native()).backup;
}
async function aCluster(cluster: string, more: object): Promise<void> {
  const describing = new DescribeDBClustersCommand({ DBClusterIdentifier: cluster });
  await world.api.send(new CreateDBClusterCommand({ DBClusterIdentifier: cluster, Engine: "aurora-mysql", ...login, ...more }));
  await become(async () => (await world.api.send(describing)).DBClusters?.[0]?.Status === "available");
  const capture = captureClusterAt({ seconds: 0.01 })(clusterConfig.parse({ cluster }), world.surroundings);
  clusters[cluster] = openedOf(await (await captured(capture, slotAt("2026-11-21T02:00:00Z"))).native()).backup;
}
function backupOf(instance: string): Backup<Native> {
  const found = backups[instance];
  if (!found) throw new Error(`no backup of ${instance}`);
  return found;
}
function clusterBackupOf(cluster: string): Backup<ClusterNative> {
  const found = clusters[cluster];
  if (!found) throw new Error(`no backup of ${cluster}`);
  return found;
}

/** With the rights of that source and no others. */
async function of(instance: string, ...replicas: Replica[]): Promise<Replicate<Native>> {
  const parsed = config.parse({ instance, replicas, ...(["shop", "other"].includes(instance) ? { key } : {}) });
  await world.act(rdsKind.needs("replicate", parsed));
  return replicate(parsed, world.surroundings);
}
async function ofCluster(cluster: string, ...replicas: Replica[]): Promise<Replicate<ClusterNative>> {
  const parsed = clusterConfig.parse({ cluster, replicas, ...(cluster === "orders" ? { key } : {}) });
  await world.act(aurora.needs("replicate", parsed));
  return replicateClusters(parsed, world.surroundings);
}
/** Looks until it is there for good, or is not. */
async function ended<N>(own: Replicate<N>, backup: Backup<N>, to: string): Promise<Replicated | undefined> {
  let found: Replicated | undefined;
  await become(async () => {
    found = await own.look(backup, to, context);
    return found?.state !== "pending";
  });
  return found;
}
async function whole(instance: string, replica: Replica): Promise<Replicate<Native>> {
  const own = await of(instance, replica);
  const to = destination(replica);
  if (!(await own.look(backupOf(instance), to, context))) await own.replicate(backupOf(instance), to, context);
  expect(await ended(own, backupOf(instance), to)).toMatchObject({ state: "whole" });
  return own;
}
const standing = async (replica: Pick<Replica, "region" | "account">) =>
  (await rdsIn(replica).send(new DescribeDBSnapshotsCommand({ SnapshotType: "manual" }))).DBSnapshots ?? [];
const idsAt = async (replica: Replica) => (await standing(replica)).map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier);
const id = (instance: string) => `holdfast-${instance}-20261121t020000z`;
const removed = (replica: Replica, DBSnapshotIdentifier: string) =>
  rdsIn(replica).send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier }));

/** The role that acts now. */
async function acting(): Promise<string> {
  const { Arn = "" } = await new STSClient({ region }).send(new GetCallerIdentityCommand({}));
  return `arn:aws:iam::${account}:role/${Arn.split("/")[1]}`;
}
/** Makes the role of the other account, with the policies of docs/deploy.md. */
async function allowThere(
  { role = "", key: theirs }: Replica,
  by: { replicate: string; prune?: string },
  project = world.surroundings.project,
) {
  const docs = readFileSync(path.join(import.meta.dirname, "../../../docs/deploy.md"), "utf8");
  const placed = (name: string) =>
    (new RegExp(`\`\`\`json ${name}\n(.*?)\`\`\``, "s").exec(docs)?.[1] ?? "")
      .replace("arn:aws:iam::111122223333:role/acme-prod-replicate-shop", by.replicate)
      .replace("arn:aws:iam::111122223333:role/acme-prod-prune-shop", by.prune ?? by.replicate)
      .replaceAll("acme-prod", project)
      .replaceAll("arn:aws:kms:eu-central-1:111122223333:key/SOURCE", key)
      .replaceAll("arn:aws:kms:eu-north-1:444455556666:key/COPIES", theirs)
      .replaceAll("111122223333", account)
      .replaceAll("444455556666", stranger);
  const iam = new IAMClient({ ...world.aws, credentials: rootOf(stranger) });
  const RoleName = role.split("/")[1];
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: placed("trust") }));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument: placed("rights") }));
}
const withRole = (name: string): Replica => ({ ...far, role: `arn:aws:iam::${stranger}:role/${name}` });

describe("a copy in another region", () => {
  const to = "eu-west-1";
  const shop = () => backupOf("shop");

  test("is made once, however often and at once it is asked for, and is whole when it is available under the key there", async () => {
    const own = await of("shop", near);
    expect(await own.look(shop(), to, context)).toBeUndefined();
    const both = await Promise.all([own.replicate(shop(), to, context), own.replicate(shop(), to, context)]);
    expect(both.map(({ state }) => state)).toEqual(["pending", "pending"]);
    const found = await ended(own, shop(), to);
    expect(found).toEqual({
      state: "whole",
      details: { snapshot: `arn:aws:rds:eu-west-1:${account}:snapshot:${id("shop")}`, key: near.key, gigabytes: expect.any(Number) },
    });
    const [copy, ...more] = await standing(near);
    expect(more).toEqual([]);
    expect(copy).toMatchObject({ DBSnapshotIdentifier: id("shop"), Encrypted: true, KmsKeyId: near.key, Engine: "mysql" });
    const tags = Object.fromEntries((copy?.TagList ?? []).map(({ Key = "", Value }) => [Key, Value]));
    expect(tags).toMatchObject({
      "holdfast:project": "acme-test",
      "holdfast:source": "shop",
      "holdfast:slot": "20261121T020000Z",
      "holdfast:copy-of": shop().native.snapshot.arn,
      "holdfast:settings-1": expect.any(String),
    });
    await own.replicate(shop(), to, context);
    expect(await idsAt(near)).toEqual([id("shop")]);
  });

  test("is not one while its key cannot be used, whether it stands already or is asked for", async () => {
    const own = await whole("shop", near);
    await kmsIn(to).send(new DisableKeyCommand({ KeyId: near.key }));
    await expect(own.look(shop(), to, context)).rejects.toMatchObject({ name: "KeyNotUsable", message: expect.stringContaining(near.key) });
    await removed(near, id("shop"));
    expect(await own.look(shop(), to, context)).toBeUndefined();
    await expect(own.replicate(shop(), to, context)).rejects.toMatchObject({ name: "KeyNotUsable" });
    await kmsIn(to).send(new EnableKeyCommand({ KeyId: near.key }));
    await whole("shop", near);
  });

  test("that somebody deleted is made again when it is asked for", async () => {
    const own = await whole("shop", near);
    await removed(near, id("shop"));
    expect(await own.look(shop(), to, context)).toBeUndefined();
    await whole("shop", near);
  });

  test("that failed is lost for good, and is not another one's", async () => {
    const own = await whole("shop", near);
    const { native } = shop();
    world.rds.setSnapshot(to, id("shop"), "failed");
    expect(await own.look(shop(), to, context)).toMatchObject({ state: "lost", finding: { name: "copy-failed", severity: "refuse" } });
    world.rds.setSnapshot(to, id("shop"), "available");
    expect(await own.look({ ...shop(), source: "another" }, to, context)).toBeUndefined();
    expect(
      await own.look({ ...shop(), native: { ...native, snapshot: { ...native.snapshot, arn: "another" } } }, to, context),
    ).toBeUndefined();
    expect(await own.look({ ...shop(), slot: "20261122T020000Z" }, to, context)).toBeUndefined();
  });

  test("under another key than the plan's is none", async () => {
    await whole("shop", near);
    const moved = { ...near, key: await keyIn(to) };
    expect(await (await of("shop", moved)).look(shop(), to, context)).toMatchObject({
      state: "lost",
      finding: { name: "copy-differs", message: expect.stringContaining(`key ${near.key}`) },
    });
  });

  test("has another name where somebody else's has that", async () => {
    const other = backupOf("other").native.snapshot.arn;
    const input = { SourceDBSnapshotIdentifier: other, TargetDBSnapshotIdentifier: id("plain"), KmsKeyId: near.key };
    await rdsIn(near).send(new CopyDBSnapshotCommand(input));
    await whole("plain", near);
    expect(await idsAt(near)).toEqual(expect.arrayContaining([id("plain"), `${id("plain")}-2`]));
  });

  test("waits in line while RDS copies as many as it does at once, and goes on", async () => {
    world.rds.quotas.snapshotCopies = 0;
    const own = await of("default-key", near);
    const asked = () => own.replicate(backupOf("default-key"), to, context);
    expect(await asked()).toMatchObject({ state: "waiting", note: expect.stringContaining("in line") });
    expect(await own.look(backupOf("default-key"), to, context)).toBeUndefined();
    world.rds.quotas.snapshotCopies = 20;
    expect(await asked()).toMatchObject({ state: "pending" });
    expect(await ended(own, backupOf("default-key"), to)).toMatchObject({ state: "whole", details: { key: near.key } });
  });

  test("is refused by name where there is no room, or where the plan lacks the key of what is copied", async () => {
    world.rds.quotas.manualSnapshots = 1;
    const own = await of("other", near);
    await expect(own.replicate(backupOf("other"), to, context)).rejects.toMatchObject({ name: "SnapshotQuotaFull" });
    world.rds.quotas.manualSnapshots = 100;
    const parsed = config.parse({ instance: "other", replicas: [near] });
    await world.act(rdsKind.needs("replicate", parsed));
    const keyless = replicate(parsed, world.surroundings);
    await expect(keyless.replicate(backupOf("other"), to, context)).rejects.toMatchObject({ name: "KeyNotUsable" });
  });

  test("cannot be made by the role of another source", async () => {
    await of("other", near);
    const own = replicate(config.parse({ instance: "shop", replicas: [near], key }), world.surroundings);
    await expect(own.replicate(shop(), to, context)).rejects.toMatchObject({ name: "RdsDenied" });
  });

  test("of a snapshot that is gone, or that RDS refuses to copy, is lost", async () => {
    const own = await of("shop", near);
    const { native } = shop();
    const gone = { ...shop(), native: { ...native, snapshot: { ...native.snapshot, resource: "db-ANOTHER" } } };
    expect(await own.replicate(gone, to, context)).toMatchObject({ state: "lost", finding: { name: "snapshot-gone" } });
    world.rds.refuse("CopyDBSnapshot", "InvalidParameterCombination", 1, "a persistent option");
    expect(await own.replicate(shop(), to, context)).toMatchObject({
      state: "lost",
      finding: { name: "copy-refused", message: expect.stringContaining("a persistent option") },
    });
  });
});

describe("a copy in another account", () => {
  const to = `eu-north-1-${stranger}`;

  test("is made by its role there, with the policies that the docs have, and pruned there", async () => {
    const there = withRole("copies");
    const parsed = config.parse({ instance: "shop", key, replicas: [there] });
    await world.act(rdsKind.needs("prune", parsed));
    const pruner = await acting();
    const own = await of("shop", there);
    await allowThere(there, { replicate: await acting(), prune: pruner });
    expect(await own.look(backupOf("shop"), to, context)).toBeUndefined();
    expect(await own.replicate(backupOf("shop"), to, context)).toMatchObject({ state: "pending" });
    expect(await ended(own, backupOf("shop"), to)).toMatchObject({
      state: "whole",
      details: { snapshot: `arn:aws:rds:eu-north-1:${stranger}:snapshot:${id("shop")}`, key: far.key },
    });
    expect(await sharedWith(id("shop"))).toEqual([stranger]);

    await world.act(rdsKind.needs("prune", parsed));
    const pruning = prune(parsed, world.surroundings);
    const held = (await pruning.held("shop", context)).find(({ place }) => place === to);
    expect(held).toMatchObject({ id: id("shop"), slot: "20261121T020000Z", state: "whole" });
    if (held) await pruning.remove("shop", held, context);
    expect(await idsAt(there)).toEqual([]);
  });

  test("is not made where the role there does not trust this deployment, which says so", async () => {
    const there = withRole("distrusting");
    const own = await of("shop", there);
    await allowThere(there, { replicate: await acting() }, "acme-other");
    await expect(own.look(backupOf("shop"), to, context)).rejects.toMatchObject({
      name: "ReplicaRoleRefused",
      message: expect.stringContaining("role/distrusting"),
      hint: expect.stringContaining("acme-test"),
    });
  });

  test("cannot be of what is under AWS's own key, and is not shared then", async () => {
    const own = await of("default-key", withRole("copies"));
    expect(await own.replicate(backupOf("default-key"), to, context)).toMatchObject({
      state: "lost",
      finding: { name: "default-key-not-shared", hint: expect.stringContaining("Name a key of your own") },
    });
    expect(await sharedWith(id("default-key"))).toEqual([]);
  });

  async function sharedWith(DBSnapshotIdentifier: string): Promise<string[] | undefined> {
    const { DBSnapshotAttributesResult } = await world.api.send(new DescribeDBSnapshotAttributesCommand({ DBSnapshotIdentifier }));
    return DBSnapshotAttributesResult?.DBSnapshotAttributes?.[0]?.AttributeValues;
  }
});

test("copies that stand in another region are pruned there with exactly those rights", async () => {
  await whole("shop", near);
  const parsed = config.parse({ instance: "shop", key, replicas: [near] });
  await world.act(rdsKind.needs("prune", parsed));
  const pruning = prune(parsed, world.surroundings);
  const held = await pruning.held("shop", context);
  expect(held.map(({ place, id }) => `${place} ${id}`).sort()).toEqual([` ${id("shop")}`, `eu-west-1 ${id("shop")}`]);
  const [copy] = held.filter(({ place }) => place === "eu-west-1");
  if (copy) await pruning.remove("shop", copy, context);
  expect(await idsAt(near)).not.toContain(id("shop"));
});

describe("a cluster's snapshot", () => {
  const to = "eu-west-1";

  test("is copied, and waits in a line of its own", async () => {
    const own = await ofCluster("orders", near);
    const orders = clusterBackupOf("orders");
    world.rds.quotas.clusterSnapshotCopies = 0;
    expect(await own.replicate(orders, to, context)).toMatchObject({ state: "waiting" });
    world.rds.quotas.clusterSnapshotCopies = 5;
    await Promise.all([own.replicate(orders, to, context), own.replicate(orders, to, context)]);
    expect(await ended(own, orders, to)).toMatchObject({ state: "whole", details: { key: near.key } });
    const { DBClusterSnapshots = [] } = await rdsIn(near).send(new DescribeDBClusterSnapshotsCommand({ SnapshotType: "manual" }));
    expect(DBClusterSnapshots.map(({ DBClusterSnapshotIdentifier }) => DBClusterSnapshotIdentifier)).toEqual([id("orders")]);
  });

  test.each([
    ["three", "copy-impossible", "Multi-AZ DB clusters cannot be copied"],
    ["open", "copy-unencrypted", "is not encrypted"],
  ])("that cannot be copied is lost, and says why (%s)", async (cluster, name, message) => {
    const own = await ofCluster(cluster, near);
    expect(await own.replicate(clusterBackupOf(cluster), to, context)).toMatchObject({
      state: "lost",
      finding: { name, message: expect.stringContaining(message), hint: expect.stringMatching(/\.$/) },
    });
  });
});
