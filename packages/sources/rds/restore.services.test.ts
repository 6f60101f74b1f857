import { setTimeout as pause } from "node:timers/promises";
import { CreateDBParameterGroupCommand, DescribeDBInstancesCommand } from "@aws-sdk/client-rds";
import type { Backup, Opened, Restore, RestorePlan, Step, Want } from "@holdfast/core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { captureAt } from "./capture.ts";
import { config, target as targetSchema } from "./config.ts";
import { aContext, anInstance, captured, describeInstance, executionOf, openedOf, openWorld, slotAt, type World } from "./kit/world.ts";
import type { Native } from "./native.ts";
import { restore } from "./restore.ts";
import type { Facts } from "./survey.ts";

let world: World;
let opened: Opened<Native>;
beforeAll(async () => {
  world = await openWorld(inject("ministack"));
  await world.api.send(
    new CreateDBParameterGroupCommand({ DBParameterGroupName: "shop-tuned", DBParameterGroupFamily: "postgres17", Description: "tuned" }),
  );
  await anInstance(world, "shop", {
    DBParameterGroupName: "shop-tuned",
    VpcSecurityGroupIds: ["sg-2", "sg-1"],
    EnableIAMDatabaseAuthentication: true,
    DeletionProtection: true,
    MaxAllocatedStorage: 100,
    PreferredMaintenanceWindow: "mon:01:00-mon:01:30",
  });
  await world.query("shop", "create table orders (id int primary key); insert into orders values (1), (2)");
  const capture = captureAt({ seconds: 0.01 })(config.parse({ instance: "shop" }), world.surroundings);
  opened = openedOf(await (await captured(capture, slotAt("2026-11-21T02:00:00Z"))).native());
});
afterAll(async () => {
  await world?.end();
  expect(world.rds.failures).toEqual([]);
});

type Surveying = Restore<Native, Facts> & { survey(want: Want, context: unknown, backup: Backup<Native>): Promise<Facts> };
const restores = (plan: object = {}) => restore(targetSchema.parse(plan), world.surroundings, { protected: false }) as Surveying;

async function planned(of: Surveying, want: Want, id: string): Promise<RestorePlan> {
  const plan = of.plan(opened.backup, want, await of.survey(want, aContext(), opened.backup), { id });
  if ("refused" in plan) throw new Error(plan.refused.message);
  return plan;
}
async function loaded(of: Surveying, plan: RestorePlan, id: string): Promise<Extract<Step, { state: "loaded" }>> {
  for (;;) {
    const step = await of.advance(plan, opened, {}, [], executionOf(id), aContext());
    if (step.state === "loaded") return step;
    await pause(10);
  }
}

test("a backup comes up beside the original with its settings and data, is handed over, and undo leaves it alone then", async () => {
  const secret = world.secret("shop-owner", { username: "holdfast", password: "correct-horse", dbname: "shop" });
  const of = restores({ connection: secret });
  const plan = await planned(of, {}, "one");
  expect(plan.creates).toEqual([{ what: "instance", id: "restored-shop-20261121t020000z" }]);
  const { made } = await loaded(of, plan, "one");
  const { host, port } = world.rds.connection("eu-central-1", "restored-shop-20261121t020000z");
  expect(made).toEqual([...plan.creates, { what: "endpoint", id: `${host}:${port}` }]);
  expect(await world.query("restored-shop-20261121t020000z", "select id from orders order by id")).toEqual([{ id: 1 }, { id: 2 }]);
  const proven = await of.prove(opened, {}, made, aContext());
  expect(proven).toMatchObject({ unit: "settings", found: proven.expected });
  expect(proven.findings.map(({ name }) => name)).toEqual(["answers", "endpoint"]);
  expect(await of.finish(made, { id: "one" }, aContext())).toEqual(made);
  expect(await of.undo({ id: "one" }, aContext())).toEqual([]);
  expect(await describeInstance(world, "restored-shop-20261121t020000z")).toMatchObject({
    DeletionProtection: true,
    MaxAllocatedStorage: 100,
    PreferredMaintenanceWindow: "mon:01:00-mon:01:30",
    DBParameterGroups: [{ DBParameterGroupName: "shop-tuned" }],
  });
});

test("undo removes what its execution made, found by its tag, and nothing else", async () => {
  const of = restores();
  const plan = await planned(of, { as: "restored-twice" }, "two");
  await loaded(of, plan, "two");
  expect(await of.undo({ id: "another" }, aContext())).toEqual([]);
  expect(await of.undo({ id: "two" }, aContext())).toEqual([{ what: "instance", id: "restored-twice" }]);
  expect(await of.undo({ id: "two" }, aContext())).toEqual([]);
  const { DBInstances = [] } = await world.api.send(new DescribeDBInstancesCommand({}));
  expect(DBInstances.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === "shop")?.DBInstanceStatus).toBe("available");
});
