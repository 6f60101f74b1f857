import {
  CreateDBClusterCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import type { Held, Needs, Prune } from "@holdfast/core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { scaled } from "../../localcloud/src/rds/index.ts";
import { clusterRestores } from "../aurora/clusterrestores.ts";
import { clusters } from "../aurora/clusters.ts";
import { config as clusterConfig, target as clusterTarget } from "../aurora/config.ts";
import { aurora } from "../aurora/kind.ts";
import { prune as pruneClusters } from "../aurora/prune.ts";
import { openApi } from "./api.ts";
import { config, target } from "./config.ts";
import { instanceRestores } from "./instancerestores.ts";
import { instances } from "./instances.ts";
import { rdsKind } from "./kind.ts";
import { aContext, anInstance, become, describeInstance, login, openWorld, region, type World } from "./kit/world.ts";
import { prune } from "./prune.ts";
import { listOf, type Tags } from "./tags.ts";

/** Instances of MySQL are records without a server, so all of this takes no time. */
const mysql = { Engine: "mysql", DBInstanceClass: "db.m7g.large" };
const at = "20261121t020000z";
const slot = "20261121T020000Z";
let world: World;
beforeAll(async () => {
  world = await openWorld(scaled(0.0002));
  await Promise.all([anInstance(world, "shop", mysql), anInstance(world, "shop-eu", mysql)]);
});
afterAll(async () => {
  await world?.end();
  expect(world.rds.failures).toEqual([]);
});

const tagged = (more: Tags = {}): Tags => ({ "holdfast:project": "acme-test", "holdfast:source": "shop", "holdfast:slot": slot, ...more });
const withTags = (tags: Tags) => (Object.keys(tags).length > 0 ? { Tags: listOf(tags) } : {});
/** Takes one as somebody may who can do everything, and waits for it. */
async function taken(id: string, tags: Tags, of = "shop"): Promise<string> {
  await world.act();
  await become(async () => (await describeInstance(world, of))?.DBInstanceStatus === "available");
  await world.api.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: of, DBSnapshotIdentifier: id, ...withTags(tags) }));
  await become(async () => (await described(id)) === "available");
  return id;
}
async function described(DBSnapshotIdentifier: string): Promise<string | undefined> {
  const { DBSnapshots = [] } = await world.api.send(new DescribeDBSnapshotsCommand({ SnapshotType: "manual" }));
  return DBSnapshots.find((one) => one.DBSnapshotIdentifier === DBSnapshotIdentifier)?.Status;
}
/** With the rights of the source shop, and no others. */
async function ofShop(): Promise<Prune> {
  const parsed = config.parse({ instance: "shop" });
  await world.act(rdsKind.needs("prune", parsed));
  return prune(parsed, world.surroundings);
}
const held = (id: string, more: Partial<Held> = {}): Held => ({ id, place: "", slot, state: "whole", at: new Date(0), ...more });
const idsOf = (list: readonly Held[]) => list.map(({ id, state }) => `${state} ${id}`).sort();
beforeEach(async () => {
  await world.act();
  const { DBSnapshots = [] } = await world.api.send(new DescribeDBSnapshotsCommand({ SnapshotType: "manual" }));
  for (const { DBSnapshotIdentifier } of DBSnapshots) {
    world.rds.setSnapshot(region, DBSnapshotIdentifier ?? "", "available");
    await world.api.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier }));
  }
});

describe("what is listed of a source", () => {
  test("carries its tags: nothing of another deployment, another source, another instance, or made by hand", async () => {
    await taken(`holdfast-shop-${at}`, tagged());
    await taken(`holdfast-shop-${at}-2`, tagged({ "holdfast:project": "acme-other" }));
    await taken(`holdfast-shop-${at}-3`, tagged({ "holdfast:source": "books" }));
    await taken("holdfast-shop-20261120t020000z", {});
    await taken("holdfast-shop-20261119t020000z", tagged({ "holdfast:slot": "yesterday" }));
    await taken(`holdfast-shop-eu-${at}`, tagged(), "shop-eu");
    await taken("before-the-upgrade", {});
    expect(await (await ofShop()).held("shop", aContext())).toEqual([
      { id: `holdfast-shop-${at}`, place: "", slot, state: "whole", at: expect.any(Date) },
    ]);
  });

  test("is told with what became of it", async () => {
    for (const id of ["whole", "failed", "copying"]) await taken(`holdfast-shop-${id}`, tagged());
    for (const id of ["whole", "failed", "copying"]) await taken(`holdfastraw-shop-${id}`, tagged());
    for (const prefix of ["holdfast", "holdfastraw"]) {
      world.rds.setSnapshot(region, `${prefix}-shop-failed`, "failed");
      world.rds.setSnapshot(region, `${prefix}-shop-copying`, "creating");
    }
    expect(idsOf(await (await ofShop()).held("shop", aContext()))).toEqual([
      "begun holdfast-shop-copying",
      "begun holdfastraw-shop-copying",
      "failed holdfast-shop-failed",
      "failed holdfastraw-shop-failed",
      "passing holdfastraw-shop-whole",
      "whole holdfast-shop-whole",
    ]);
  });

  test("is there also when the instance is gone, and can be deleted", async () => {
    await anInstance(world, "doomed", mysql);
    const id = await taken(`holdfast-doomed-${at}`, tagged({ "holdfast:source": "doomed" }), "doomed");
    await become(async () => (await describeInstance(world, "doomed"))?.DBInstanceStatus === "available");
    await world.api.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "doomed", SkipFinalSnapshot: true }));
    await become(() =>
      describeInstance(world, "doomed").then(
        () => false,
        () => true,
      ),
    );
    const parsed = config.parse({ instance: "doomed" });
    await world.act(rdsKind.needs("prune", parsed), "doomed");
    const doomed = prune(parsed, world.surroundings);
    expect(idsOf(await doomed.held("doomed", aContext()))).toEqual([`whole ${id}`]);
    await doomed.remove("doomed", held(id), aContext());
    expect(await described(id)).toBeUndefined();
  });

  test("is refused whole where RDS does not answer", async () => {
    const shop = await ofShop();
    world.rds.refuse("DescribeDBSnapshots", "AccessDenied");
    await expect(shop.held("shop", aContext())).rejects.toMatchObject({ name: "RdsDenied" });
  });
});

describe("a snapshot", () => {
  test("and the way to it are deleted, and once more is no error", async () => {
    const [id, raw] = [await taken(`holdfast-shop-${at}`, tagged()), await taken(`holdfastraw-shop-${at}`, tagged())];
    const shop = await ofShop();
    for (const one of [id, id, raw]) await shop.remove("shop", held(one), aContext());
    expect([await described(id), await described(raw)]).toEqual([undefined, undefined]);
  });

  test.each<[string, Tags]>([
    ["carries no tags of ours", {}],
    ["is another deployment's", tagged({ "holdfast:project": "acme-other" })],
    ["is another source's of the same instance", tagged({ "holdfast:source": "books" })],
    ["is of another slot", tagged({ "holdfast:slot": "20261122T020000Z" })],
  ])("that has the name by now and %s stays", async (_what, tags) => {
    const id = await taken(`holdfast-shop-${at}`, tags);
    await expect((await ofShop()).remove("shop", held(id), aContext())).rejects.toMatchObject({ name: "SnapshotNotOurs", fault: "input" });
    expect(await described(id)).toBe("available");
  });

  test("of another instance whose names begin alike stays, whatever its tags say", async () => {
    const id = await taken(`holdfast-shop-eu-${at}`, tagged(), "shop-eu");
    await expect((await ofShop()).remove("shop", held(id), aContext())).rejects.toMatchObject({ name: "SnapshotNotOurs" });
    expect(await described(id)).toBe("available");
  });

  test("elsewhere than the plan says is not looked for", async () => {
    const id = await taken(`holdfast-shop-${at}`, tagged());
    const far = held(id, { place: "eu-west-9" });
    await expect((await ofShop()).remove("shop", far, aContext())).rejects.toMatchObject({ name: "SnapshotNotOurs" });
    expect(await described(id)).toBe("available");
  });

  test("that RDS does not let go of now is named", async () => {
    const id = await taken(`holdfast-shop-${at}`, tagged());
    world.rds.setSnapshot(region, id, "copying");
    await expect((await ofShop()).remove("shop", held(id), aContext())).rejects.toMatchObject({ name: "RdsBusy", fault: "world" });
  });

  test.each<[string, Tags]>([
    ["no tags of ours", {}],
    ["another deployment's tags", tagged({ "holdfast:project": "acme-other" })],
    ["another source's tags", tagged({ "holdfast:source": "books" })],
  ])("that has %s is not in the role's rights, whoever asks in its name", async (_what, tags) => {
    const id = await taken(`holdfast-shop-${at}`, tags);
    await ofShop();
    const asking = new RDSClient({ endpoint: world.rds.endpoint, region });
    await expect(asking.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id }))).rejects.toMatchObject({ name: "AccessDenied" });
    expect(await described(id)).toBe("available");
  });

  test("of no name that a backup gives is not even in the role's rights", async () => {
    const id = await taken("before-the-upgrade", tagged());
    await expect((await ofShop()).remove("shop", held(id), aContext())).rejects.toMatchObject({ name: "RdsDenied" });
    expect(await described(id)).toBe("available");
  });
});

test("snapshots of a cluster are listed and deleted likewise", async () => {
  const cluster = "orders";
  await world.api.send(new CreateDBClusterCommand({ DBClusterIdentifier: cluster, Engine: "aurora-mysql", ...login }));
  const statusOf = async () =>
    (await world.api.send(new DescribeDBClustersCommand({ DBClusterIdentifier: cluster }))).DBClusters?.[0]?.Status;
  const snapshots = async () => (await world.api.send(new DescribeDBClusterSnapshotsCommand({}))).DBClusterSnapshots ?? [];
  for (const [id, tags] of [
    [`holdfast-orders-${at}`, tagged({ "holdfast:source": "orders" })],
    ["holdfast-orders-20261120t020000z", {}],
  ] as const) {
    await become(async () => (await statusOf()) === "available");
    const shot = { DBClusterIdentifier: cluster, DBClusterSnapshotIdentifier: id, ...withTags(tags) };
    await world.api.send(new CreateDBClusterSnapshotCommand(shot));
  }
  await become(async () => (await snapshots()).every(({ Status }) => Status === "available"));
  const parsed = clusterConfig.parse({ cluster });
  await world.act(aurora.needs("prune", parsed), "orders");
  const orders = pruneClusters(parsed, world.surroundings);
  const [own] = await orders.held("orders", aContext());
  expect(own).toMatchObject({ id: `holdfast-orders-${at}`, slot, state: "whole" });
  if (own) await orders.remove("orders", own, aContext());
  const forged = held("holdfast-orders-20261120t020000z");
  await expect(orders.remove("orders", forged, aContext())).rejects.toMatchObject({ name: "SnapshotNotOurs" });
  expect((await snapshots()).map(({ DBClusterSnapshotIdentifier }) => DBClusterSnapshotIdentifier)).toEqual([forged.id]);
});

describe("what went meanwhile has no tags, and the right to delete asks for them:", () => {
  const api = () => openApi(world.surroundings)(aContext());
  const gone = { id: "restored-shop", arn: "arn:aws:rds:x", status: "available" };
  const id = `holdfast-shop-${at}`;
  test.each<[string, Needs, () => Promise<void>]>([
    ["a snapshot of an instance", rdsKind.needs("prune", config.parse({ instance: "shop" })), () => instances.remove(api(), id)],
    ["a snapshot of a cluster", aurora.needs("prune", clusterConfig.parse({ cluster: "shop" })), () => clusters.remove(api(), id)],
    ["an instance", rdsKind.needs("restore", target.parse({})), () => instanceRestores.remove(api(), { what: "instance", ...gone })],
    ["a cluster", aurora.needs("restore", clusterTarget.parse({})), () => clusterRestores.remove(api(), { what: "cluster", ...gone })],
  ])("%s", async (_what, needs, remove) => {
    await world.act(needs);
    await expect(remove()).resolves.toBeUndefined();
  });
});
