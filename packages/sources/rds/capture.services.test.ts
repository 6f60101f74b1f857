import { CreateDBParameterGroupCommand, DescribeDBSnapshotsCommand } from "@aws-sdk/client-rds";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { captureAt } from "./capture.ts";
import { config } from "./config.ts";
import { aContext, anInstance, captured, openWorld, slotAt, type World } from "./kit/world.ts";
import { native } from "./native.ts";

let world: World;
const mysql = { Engine: "mysql", DBInstanceClass: "db.m7g.large" };
beforeAll(async () => {
  world = await openWorld(inject("ministack"));
  await world.api.send(
    new CreateDBParameterGroupCommand({ DBParameterGroupName: "shop-tuned", DBParameterGroupFamily: "mysql8.4", Description: "tuned" }),
  );
  await Promise.all([
    anInstance(world, "shop", {
      ...mysql,
      DBParameterGroupName: "shop-tuned",
      VpcSecurityGroupIds: ["sg-2", "sg-1"],
      EnableIAMDatabaseAuthentication: true,
    }),
    anInstance(world, "sealed", { ...mysql, StorageEncrypted: true }),
  ]);
});
afterAll(async () => {
  await world?.end();
  expect(world.rds.failures).toEqual([]);
});
const of = (plan: object) => captureAt({ seconds: 0.01 })(config.parse(plan), world.surroundings);
const snapshots = async () => (await world.api.send(new DescribeDBSnapshotsCommand({ SnapshotType: "manual" }))).DBSnapshots ?? [];

test("a slot's snapshot is taken once, however often it is asked for, and is ready when it is available", async () => {
  const capture = of({ instance: "shop" });
  const slot = slotAt("2026-11-21T02:00:00Z");
  const both = await Promise.all([capture.capture(slot, aContext()), capture.capture(slot, aContext())]);
  expect(both.map(({ state }) => state)).toEqual(["pending", "pending"]);
  const ready = await captured(capture, slot);
  expect((await snapshots()).map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier)).toEqual(["holdfast-shop-20261121t020000z"]);
  expect(native.parse(await ready.native())).toMatchObject({
    snapshot: { id: "holdfast-shop-20261121t020000z", of: "shop", engine: "mysql", version: "8.4.6", how: "taken" },
    settings: {
      DBInstanceClass: "db.m7g.large",
      DBParameterGroupName: "shop-tuned",
      VpcSecurityGroupIds: ["sg-1", "sg-2"],
      EnableIAMDatabaseAuthentication: true,
    },
  });
  expect(await capture.begun?.(aContext())).toEqual([slot.at]);
});
