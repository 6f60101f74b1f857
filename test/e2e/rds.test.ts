import { readFileSync } from "node:fs";
import {
  CreateDBSnapshotCommand,
  DeleteDBClusterCommand,
  DeleteDBClusterSnapshotCommand,
  DeleteDBInstanceCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { GetExecutionHistoryCommand } from "@aws-sdk/client-sfn";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { catalogue, manifestKey, slotId } from "@holdfast/core";
import { doubled, type Graph, lost, onTime } from "@holdfast/localcloud";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { cloud, until } from "../kit/cloud.ts";
import { counted, farRegion, region } from "../kit/databases.ts";
import { policies } from "../kit/graph.ts";
import { sessionWith } from "../kit/session.ts";

const c = cloud();
const { rds, api, query } = c.local.databases;
const hour = 3_600_000;
const today = Math.floor(Date.now() / (24 * hour)) * 24 * hour;
/** Slots are of today and yesterday, for the status tells their age. Each test has its own. */
const slot = (hoursAgo: number) => new Date(today - hoursAgo * hour);

/** A backup that RDS's own events finish, verified: the test asks once and looks. */
async function made(source: string, hoursAgo: number): Promise<string> {
  await rds.settled();
  const answer = await c.backup(source, slot(hoursAgo));
  expect(answer, JSON.stringify(answer)).toHaveProperty("result.state", "pending");
  const at = slotId(slot(hoursAgo));
  expect(await c.verdict(source, at, "present")).toBe("ok");
  return at;
}
const manifest = async (source: string, at: string) => (await c.entry(source, at))?.manifest;
const snapshotsOf = async (at: string) =>
  ((await api.send(new DescribeDBClusterSnapshotsCommand({ SnapshotType: "manual" }))).DBClusterSnapshots ?? []).filter(
    ({ TagList = [] }) => TagList.some(({ Key, Value }) => Key === "holdfast:slot" && Value === at),
  );

let known = 0;
afterEach(() => {
  rds.events.fate = onTime;
  const failures = rds.failures.slice(known);
  known = rds.failures.length;
  expect(failures).toEqual([]);
});

test.each(["orders", "till"])("a snapshot of %s is pending until RDS's own event lets its function write the manifest", async (source) => {
  await made(source, 10);
});

test("a backup whose event was lost is committed by the next watch", async () => {
  rds.events.fate = lost;
  const at = slotId(slot(9));
  await c.backup("orders", slot(9));
  await rds.settled();
  expect(await manifest("orders", at)).toBeUndefined();
  await c.invoke("watch");
  expect(await c.verdict("orders", at, "present")).toBe("ok");
});

test("two runs for one slot and an event that comes twice make one snapshot and one piece of evidence", async () => {
  rds.events.fate = doubled;
  const at = slotId(slot(8));
  const both = await Promise.all([c.backup("orders", slot(8)), c.backup("orders", slot(8))]);
  expect(both.map(({ error }) => error)).toEqual([undefined, undefined]);
  expect(await c.verdict("orders", at, "present")).toBe("ok");
  await rds.settled();
  expect(await snapshotsOf(at)).toHaveLength(1);
  expect((await c.entry("orders", at))?.evidence.present).toHaveLength(1);
});

/** What a restore ended with. Removed when the test is over. */
async function restored(input: object): Promise<{ made: { what: string; id: string }[]; [field: string]: unknown }> {
  const execution = await c.start(input);
  const ended = await c.ended(execution);
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  const outcome = JSON.parse(ended.output ?? "{}");
  onTestFinished(() => remove(outcome.made));
  return { ...outcome, execution };
}
const idOf = (outcome: { made: { what: string; id: string }[] }, what: string) => outcome.made.find((one) => one.what === what)?.id ?? "";

async function remove(things: { what: string; id: string }[]): Promise<void> {
  for (const { id } of things.filter(({ what }) => what === "instance"))
    await api.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: id, SkipFinalSnapshot: true }));
  for (const { id } of things.filter(({ what }) => what === "cluster"))
    await api.send(new DeleteDBClusterCommand({ DBClusterIdentifier: id, SkipFinalSnapshot: true }));
}
const standing = async (): Promise<string[]> => [
  ...((await api.send(new DescribeDBClustersCommand({}))).DBClusters ?? []).flatMap(({ DBClusterIdentifier: id = [] }) => id),
  ...((await api.send(new DescribeDBInstancesCommand({}))).DBInstances ?? []).flatMap(({ DBInstanceIdentifier: id = [] }) => id),
];
const entered = async (execution: string): Promise<(string | undefined)[]> => {
  const { events = [] } = await c.machines.send(new GetExecutionHistoryCommand({ executionArn: execution, maxResults: 1000 }));
  return events.map(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name);
};

test("of a source that keeps one snapshot the older one goes once the newer is verified, and the status counts it no more", async () => {
  const [older, newer] = [slotId(slot(10)), await made("till", 9)];
  await until("the record that it was deleted", async () => (await c.entry("till", older))?.evidence.pruned?.[0]);
  const standing = async () =>
    ((await api.send(new DescribeDBSnapshotsCommand({ SnapshotType: "manual" }))).DBSnapshots ?? []).map(
      ({ DBSnapshotIdentifier: id }) => id,
    );
  await until("its snapshot is gone", async () => ((await standing()).length === 1 ? true : undefined));
  expect(await standing()).toEqual([`holdfast-till-prod-${newer.toLowerCase()}`]);
  expect(await statusOf("till")).toMatchObject({ verdict: "ok", backups: 1, newestVerified: `till/${newer}` });
  const gone = await c.ended(await c.start({ source: "till", target: "instances", at: older }));
  expect(gone).toMatchObject({ status: "FAILED", error: "BackupNotFound", cause: expect.stringContaining("retention deleted") });
});

test("the dump that a cluster brings along logs in by a token of its role, and is read to its end", async () => {
  expect(await c.backup("orders-dump", slot(8))).toHaveProperty("result.state", "made");
  expect(await c.verdict("orders-dump", slotId(slot(8)))).toBe("ok");
});

/** Copies in another region take their time: the function is asked as its schedule does. */
async function replicated(hoursAgo: number): Promise<void> {
  const at = slotId(slot(hoursAgo));
  await until(`the copy of ${at}`, async () => {
    expect(await c.invoke("replicate-orders")).not.toHaveProperty("error");
    return (await c.entry("orders", at))?.evidence.replicated?.[0];
  });
}
const far = new RDSClient({ ...c.local.client, region: farRegion, endpoint: rds.endpoint });
const farCopies = async () => (await far.send(new DescribeDBClusterSnapshotsCommand({}))).DBClusterSnapshots ?? [];

test("verified snapshots are copied to another region, under the key there", async () => {
  for (const hoursAgo of [10, 9, 8]) await replicated(hoursAgo);
  const copies = await farCopies();
  expect(copies).toHaveLength(3);
  for (const { Status, KmsKeyId } of copies)
    expect({ Status, KmsKeyId }).toEqual({ Status: "available", KmsKeyId: expect.stringContaining(`arn:aws:kms:${farRegion}:`) });
});

const kinds = [
  { source: "orders", of: "orders-prod", target: "clusters", what: "cluster", hoursAgo: 8 },
  { source: "till", of: "till-prod", target: "instances", what: "instance", hoursAgo: 9 },
];
test.each(kinds)("a snapshot of $source comes up beside it under a new name, with its rows", async (kind) => {
  const { source, of, target, what } = kind;
  const at = slotId(slot(kind.hoursAgo));
  const outcome = await restored({ source, target, at });
  const id = idOf(outcome, what);
  expect(id).toBe(`restored-${of}-${at.toLowerCase()}`);
  const { host, port } = rds.connection(region, id);
  expect(idOf(outcome, "endpoint")).toBe(`${host}:${port}`);
  expect(await query(id, counted)).toEqual([{ rows: 200 }]);
  expect(await entered(String(outcome.execution))).toContain("WaitForStep");
  expect((await c.entry(source, at))?.evidence.restored).toMatchObject([{ verdict: "ok" }]);

  const again = await c.ended(await c.start({ source, target, at, database: id }));
  expect(again).toMatchObject({ status: "FAILED", error: "RestoreRefused", cause: expect.stringContaining("target-taken") });
  expect(await query(id, counted)).toEqual([{ rows: 200 }]);
});

test("a cluster as it was between two writes has the first and not the second, and that proves no backup", async () => {
  const before = await restoresProven("orders");
  await query("orders-prod", "insert into goods values (1001, 'first')");
  const between = await restorableNow("orders-prod");
  await query("orders-prod", "insert into goods values (1002, 'second')");
  const outcome = await restored({ source: "orders", target: "clusters", at: between });
  const late = "select id from goods where id > 1000 order by id";
  expect(await query(idOf(outcome, "cluster"), late)).toEqual([{ id: 1001 }]);
  expect(await query("orders-prod", late)).toEqual([{ id: 1001 }, { id: 1002 }]);
  expect(await restoresProven("orders")).toEqual(before);
});
const restoresProven = async (source: string) =>
  (await catalogue(c.store.list, source)).flatMap(({ evidence }) => (evidence.restored ?? []).map(({ key }) => key));

/** A moment of this database's clock, once it can be taken back to it. */
async function restorableNow(id: string): Promise<string> {
  // A commit is timed to the microsecond, so a clock that is read at once can be behind it; this one is read in another session.
  const [found] = await query<{ now: Date }>(id, "select clock_timestamp() as now");
  const now = found?.now ?? new Date(0);
  await until(`${id} can be taken back`, async () => ((await latest(id)) > now ? true : undefined));
  return now.toISOString();
}

async function latest(id: string): Promise<Date> {
  const { DBClusters = [] } = await api.send(new DescribeDBClustersCommand({}));
  const { DBInstances = [] } = await api.send(new DescribeDBInstancesCommand({}));
  const cluster = DBClusters.find(({ DBClusterIdentifier }) => DBClusterIdentifier === id);
  const instance = DBInstances.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === id);
  return (cluster ?? instance)?.LatestRestorableTime ?? new Date(0);
}

test.each([
  { source: "orders", target: "clusters", to: "a backup", at: async () => slotId(slot(8)), modify: "ModifyDBCluster" },
  { source: "till", target: "instances", to: "a moment", at: () => restorableNow("till-prod"), modify: "ModifyDBInstance" },
])("a restore of $source to $to that is stopped by hand leaves nothing of its own", async ({ source, target, at, modify }) => {
  // So that it is still under way when it is stopped.
  onTestFinished(rds.refuse(modify, "Throttling", Number.POSITIVE_INFINITY));
  await rds.settled();
  const stood = await standing();
  const execution = await c.start({ source, target, at: await at(), database: "restored-stopped" });
  await until("an instance that it makes", async () => (await standing()).find((id) => id.startsWith("restored-stopped")));
  await c.stop(execution);
  expect(await c.ended(execution)).toMatchObject({ status: "ABORTED" });
  await until("what it made is gone", async () => ((await standing()).some((id) => id.startsWith("restored-stopped")) ? undefined : true));
  await until("undo came to rest", async () => ((await c.resting(`restore-${target}`)) ? true : undefined));
  expect(await standing()).toEqual(stood);
});

test("a drill brings the newest backup up, looks, and leaves its evidence and nothing else", async () => {
  await rds.settled();
  const stood = await standing();
  const ended = await c.ended(await c.drill({ source: "orders" }));
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  const at = slotId(slot(8));
  expect(JSON.parse(ended.output ?? "{}")).toMatchObject({ source: "orders", slot: at });
  await until("the evidence of the drill", async () => ((await c.entry("orders", at))?.evidence.restored?.length === 2 ? true : undefined));
  await rds.settled();
  expect(await standing()).toEqual(stood);
});

test("a snapshot that RDS calls failed is told as a lost slot, once, and the status shows it", async () => {
  rds.events.fate = lost;
  await rds.settled();
  const at = slotId(slot(2));
  await c.backup("orders", slot(2));
  rds.setSnapshot(region, `holdfast-orders-prod-${at.toLowerCase()}`, "failed");
  const looks = [await c.invoke("backup-orders", { finish: true }), await c.invoke("backup-orders", { finish: true })];
  expect(looks.map(({ error }) => error)).toEqual([undefined, undefined]);
  const entry = await c.entry("orders", at);
  expect(entry?.manifest).toBeUndefined();
  expect(entry?.evidence.lost).toHaveLength(1);
  expect(await c.told(entry?.evidence.lost?.[0]?.key ?? "none")).toContain("a proof failed");
  expect(await statusOf("orders")).toMatchObject({ verdict: "breach", reasons: [`orders/${at} is lost`] });
});

async function statusOf(source: string) {
  const { result } = await c.invoke("watch");
  return (result as { statuses: { source: string }[] }).statuses.find((status) => status.source === source);
}

test("a cluster that is stopped is backed up by a copy of its automated snapshot, which no event tells, so the next watch commits it", async () => {
  await rds.settled();
  rds.setCluster(region, "orders-prod", "stopped");
  onTestFinished(() => rds.setCluster(region, "orders-prod", "available"));
  const at = slotId(slot(1));
  expect(await c.backup("orders", slot(1))).toHaveProperty("result.state", "pending");
  await rds.settled();
  await c.invoke("watch");
  expect(await c.verdict("orders", at, "present")).toBe("ok");
  expect((await snapshotsOf(at))[0]?.TagList).toContainEqual({ Key: "holdfast:how", Value: "copied" });
});

test("a newer snapshot makes up for it, and more than the plan keeps go at both places", async () => {
  const newer = await made("orders", 0);
  for (const hoursAgo of [10, 9])
    await until("the record of a deletion", async () => (await c.entry("orders", slotId(slot(hoursAgo))))?.evidence.pruned?.[0]);
  for (const hoursAgo of [1, 0]) await replicated(hoursAgo);
  expect(await c.invoke("prune-orders")).not.toHaveProperty("error");
  await until("their copies are gone", async () => ((await farCopies()).length === 3 ? true : undefined));
  for (const hoursAgo of [10, 9]) expect(await snapshotsOf(slotId(slot(hoursAgo)))).toEqual([]);
  expect(await statusOf("orders")).toMatchObject({ verdict: "ok", newestVerified: `orders/${newer}`, backups: 3 });
});

test("a snapshot that somebody deleted after it was verified is found by the daily look and told", async () => {
  const at = slotId(slot(0));
  const id = `holdfast-orders-prod-${at.toLowerCase()}`;
  await api.send(new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: id }));
  await recheck("aurora", manifestKey({ source: "orders", slot: at }));
  const failed = await until("the failed verdict", async () =>
    (await c.entry("orders", at))?.evidence.present?.find(({ verdict }) => verdict === "failed"),
  );
  expect(await c.told(failed.key)).toContain("a proof failed");
  expect(await statusOf("orders")).toMatchObject({ verdict: "breach", reasons: expect.arrayContaining([`orders/${at} is broken`]) });
  const refused = await c.ended(await c.start({ source: "orders", target: "clusters", at }));
  expect(refused).toMatchObject({ status: "FAILED", error: "BackupUnverified" });
});

/** As `watch` asks for it once a day. */
async function recheck(kind: string, key: string): Promise<void> {
  const QueueUrl = `${c.local.client.endpoint}/${c.local.account}/${c.local.prefix}-verify-${kind}`;
  const detail = { bucket: { name: c.local.bucket }, object: { key }, run: "tomorrow" };
  const queues = new SQSClient(c.local.client);
  await queues.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ detail }) }));
  queues.destroy();
}

test("the role that backs up the cluster takes no snapshot of the instance", async () => {
  const policy = policies(JSON.parse(readFileSync(c.local.graph, "utf8")) as Graph).get(`${c.local.prefix}-backup-orders`);
  const own = new RDSClient({ region, endpoint: rds.endpoint, credentials: await sessionWith(c.local, policy) });
  onTestFinished(() => own.destroy());
  expect((await own.send(new DescribeDBClustersCommand({ DBClusterIdentifier: "orders-prod" }))).DBClusters).toHaveLength(1);
  const stranger = new CreateDBSnapshotCommand({ DBInstanceIdentifier: "till-prod", DBSnapshotIdentifier: "holdfast-orders-prod-x" });
  await expect(own.send(stranger)).rejects.toMatchObject({ name: "AccessDenied", message: expect.stringContaining("db:till-prod") });
});
