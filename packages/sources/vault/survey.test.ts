import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { aContext } from "../../../test/kit/taken.ts";
import { aBackup } from "./kit/abackup.ts";
import { addRole, aSeal } from "./kit/fakecluster.ts";
import type { FakeVault } from "./kit/fakeport.ts";
import { aTarget, RESTORER, restoring, targetOf } from "./kit/restoring.ts";
import { openWorld, type World } from "./kit/world.ts";
import { fingerprint } from "./meta.ts";

let world: World;
let target: FakeVault;
beforeEach(async () => {
  world = await openWorld();
  target = await aTarget(world, aSeal({ type: "static", n: 5, t: 3, keys: ["k1"] }));
});
afterEach(async () => {
  await target.end();
  await world.end();
});
const survey = (want = {}) => restoring(world, targetOf(target)).survey(aBackup(), want, aContext());

test("tells what the target is, and changes nothing", async () => {
  target.cluster.image.mounts.push("secret/", "pki/");
  expect(await survey()).toEqual({
    product: "openbao",
    version: "2.7.2",
    clusterId: target.cluster.image.clusterId,
    servers: [fingerprint({ ID: "t", Address: target.urls[0] ?? "" })],
    forDrills: false,
    seal: { type: "static", shares: 5, threshold: 3 },
    engines: 2,
  });
  expect(target.asked.filter(({ method }) => method !== "GET").map(({ path }) => path)).toEqual([
    "auth/approle/login",
    "sys/capabilities-self",
  ]);
});

test("counts nothing that every cluster has", async () => {
  expect(await survey()).toMatchObject({ engines: 0 });
});

test.each([
  [["drill"], true],
  [["drill-0", "drill-1"], true],
  [["drill-0", "vault-1"], false],
  [["vault-drill"], false],
])("of nodes called %j it is there for drills: %j", async (ids, forDrills) => {
  const servers = ids.map((node_id) => ({ node_id, address: `${node_id}:8201` }));
  target.overrides.push(({ path }, response) => {
    if (path !== "sys/storage/raft/configuration") return false;
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ data: { config: { servers } } }));
    return true;
  });
  expect(await survey()).toMatchObject({ forDrills });
});

describe("names the right that is missing", () => {
  test.each([
    ["sys/storage/raft/snapshot", "update", {}],
    ["sys/storage/raft/snapshot-force", "update", { force: true }],
    ["sys/storage/raft/configuration", "read", {}],
    ["sys/mounts", "read", {}],
  ])("%s", async (path, capability, want) => {
    world.secret("restorer", addRole(target.cluster, { ...RESTORER, [path]: ["list"] }));
    await expect(survey(want)).rejects.toMatchObject({
      name: "PolicyTooNarrow",
      path,
      hint: `Add to its policy: path "${path}" { capabilities = ["${capability}"] }`,
    });
  });

  test("and asks only for the one that it will need", async () => {
    world.secret("restorer", addRole(target.cluster, { ...RESTORER, "sys/storage/raft/snapshot-force": ["deny"] }));
    expect(await survey()).toMatchObject({ engines: 0 });
  });
});

test("says so when nobody initialised the target", async () => {
  target.cluster.initialised = false;
  await expect(survey()).rejects.toMatchObject({ name: "NotInitialised", hint: expect.stringContaining("Initialise and unseal it first") });
});

test("says so when the target is sealed", async () => {
  target.cluster.sealed = true;
  await expect(survey()).rejects.toMatchObject({ name: "VaultSealed" });
});

test("says so when the target keeps its data elsewhere than in raft", async () => {
  target.cluster.storage = "file";
  await expect(survey()).rejects.toMatchObject({ name: "NotRaft", message: expect.stringContaining("but in file") });
});

test("says so when a token of the plan is not the target's", async () => {
  world.secret("old", { token: "s.another" });
  const it = restoring(world, targetOf(target, { auth: { method: "token", secret: "old" } }));
  await expect(it.survey(aBackup(), {}, aContext())).rejects.toMatchObject({
    name: "LoginRefused",
    message: expect.stringContaining("the token in old"),
    hint: expect.stringContaining("Initialise a fresh target"),
  });
});
