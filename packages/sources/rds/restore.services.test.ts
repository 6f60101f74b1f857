import { CreateDBParameterGroupCommand } from "@aws-sdk/client-rds";
import type { Opened } from "@holdfast/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scaled } from "../../localcloud/src/rds/index.ts";
import { captureAt } from "./capture.ts";
import { config, target as targetSchema } from "./config.ts";
import { rdsKind } from "./kind.ts";
import { allowed, loaded } from "./kit/restoring.ts";
import { aContext, anInstance, captured, describeInstance, openedOf, openWorld, slotAt, type World } from "./kit/world.ts";
import type { Native } from "./native.ts";
import { restore } from "./restore.ts";

let world: World;
let opened: Opened<Native>;
beforeAll(async () => {
  world = await openWorld(scaled(0.0003));
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
  await world.act(rdsKind.needs("capture", config.parse({ instance: "shop" })));
  const capture = captureAt({ seconds: 0.01 })(config.parse({ instance: "shop" }), world.surroundings);
  opened = openedOf(await (await captured(capture, slotAt("2026-11-21T02:00:00Z"))).native());
});
afterAll(async () => {
  await world?.end();
  expect(world.rds.failures).toEqual([]);
});

const restores = (plan: object = {}) => restore(targetSchema.parse(plan), world.surroundings, { protected: false });

test("a backup comes up beside the original with its settings and data, is handed over, and undo leaves it alone then", async () => {
  const secret = world.secret("shop-owner", { username: "holdfast", password: "correct-horse", dbname: "shop" });
  await world.act(rdsKind.needs("restore", targetSchema.parse({})));
  const of = restores({ connection: secret });
  const plan = await allowed(of, opened);
  expect(plan.creates).toEqual([{ what: "instance", id: "restored-shop-20261121t020000z" }]);
  const { made } = await loaded(of, opened, plan, "one");
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
