import { DeadlineNear } from "@holdfast/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { aContext } from "../../../test/kit/taken.ts";
import { testContext } from "../../../test/kit/context.ts";
import { capture } from "./capture.ts";
import { type Config, config } from "./config.ts";
import { addRole, type Policy, type Token, write } from "./kit/fakecluster.ts";
import type { FakeVault } from "./kit/fakeport.ts";
import { openFakeVault } from "./kit/fakevault.ts";
import { openWorld, type World } from "./kit/world.ts";
import { SNAPSHOT_PATH } from "./preflight.ts";

const MARKER = "secret/data/holdfast";

let fake: FakeVault;
let world: World;
beforeEach(async () => {
  fake = await openFakeVault();
  world = await openWorld();
  write(fake.cluster, MARKER, { data: { value: "1" } });
});
afterEach(async () => {
  await fake.end();
  await world.end();
});
function preflight(policy: Policy, plan: Partial<Config> | object = {}, type: Token["type"] = "batch") {
  world.secret("acme/vault", addRole(fake.cluster, policy, type));
  const whole = config.parse({ nodes: fake.urls, auth: { method: "approle", secret: "acme/vault" }, ...plan });
  return capture(whole, world.surroundings).preflight(aContext());
}
const ENOUGH: Policy = { [SNAPSHOT_PATH]: ["read"], [MARKER]: ["read"] };

test("finds nothing where the policy is just enough, takes no snapshot, and leaves no token and no connection", async () => {
  const tokens = [...fake.cluster.image.tokens.keys()];
  expect(await preflight(ENOUGH, { marker: MARKER }, "service")).toEqual([]);
  expect(fake.asked.some(({ path }) => path === SNAPSHOT_PATH)).toBe(false);
  expect([...fake.cluster.image.tokens.keys()]).toEqual(tokens);
  expect(await fake.connections()).toBe(0);
});

test("names the path that a narrow policy lacks, with the line to add", async () => {
  expect(await preflight({})).toEqual([
    {
      name: "policy-too-narrow",
      severity: "refuse",
      message: `the login's policy does not allow "read" on ${SNAPSHOT_PATH}`,
      hint: `Add to its policy: path "${SNAPSHOT_PATH}" { capabilities = ["read"] }`,
    },
  ]);
});

test("names both paths where the marker's is missing too", async () => {
  expect(await preflight({}, { marker: MARKER })).toMatchObject([
    { name: "policy-too-narrow", message: expect.stringContaining(SNAPSHOT_PATH) },
    { name: "policy-too-narrow", message: expect.stringContaining(MARKER) },
  ]);
});

test("refuses a marker that does not stand there", async () => {
  fake.cluster.image.kv.clear();
  expect(await preflight(ENOUGH, { marker: MARKER })).toMatchObject([
    { name: "marker-missing", severity: "refuse", message: `nothing stands at the marker ${MARKER}` },
  ]);
});

test("notes a login that may do more than it should", async () => {
  expect(await preflight({ [SNAPSHOT_PATH]: ["read", "update", "sudo"] })).toMatchObject([
    { name: "policy-too-wide", severity: "note", message: expect.stringContaining("update, sudo") },
  ]);
  expect(await preflight({ "*": ["root"] })).toMatchObject([{ name: "policy-too-wide", severity: "note" }]);
});

test("says that a login in a namespace cannot take snapshots", async () => {
  const auth = { method: "approle", secret: "acme/vault", namespace: "team" };
  expect(await preflight(ENOUGH, { auth })).toMatchObject([
    { name: "namespace-refused", severity: "refuse", hint: expect.stringContaining("into the root namespace") },
  ]);
});

test("says on what else the data stand, before it logs in", async () => {
  fake.cluster.storage = "file";
  expect(await preflight(ENOUGH)).toMatchObject([{ name: "not-raft", message: expect.stringContaining("but in file") }]);
  expect(fake.asked.some(({ path }) => path.endsWith("login"))).toBe(false);
});

test.each<[string, () => void, string]>([
  [
    "sealed",
    () => {
      fake.cluster.sealed = true;
    },
    "vault-sealed",
  ],
  [
    "not initialised",
    () => {
      fake.cluster.initialised = false;
    },
    "not-initialised",
  ],
  [
    "without a leader",
    () => {
      fake.cluster.leader = undefined;
    },
    "no-active-node",
  ],
  [
    "changing its mind about a login",
    () => {
      fake.overrides.push(({ token = "" }) => fake.cluster.image.tokens.delete(token) && false);
    },
    "token-refused",
  ],
])("names a cluster that is %s", async (_what, change, name) => {
  change();
  expect(await preflight(ENOUGH, { marker: MARKER })).toMatchObject([{ name, severity: "refuse", hint: expect.stringMatching(/\w\.$/) }]);
});

test("names a dead cluster, a login that is refused and a secret that cannot be used", async () => {
  const auth = (secret: string) => ({ auth: { method: "approle", secret } });
  world.secret("acme/wrong", { role_id: "a", secret_id: "b" });
  expect(await preflight(ENOUGH, auth("acme/wrong"))).toMatchObject([{ name: "login-refused" }]);
  world.secret("acme/odd", {});
  expect(await preflight(ENOUGH, auth("acme/odd"))).toMatchObject([{ name: "secret-unusable" }]);
  await fake.end();
  expect(await preflight(ENOUGH)).toMatchObject([{ name: "nodes-unreachable" }]);
});

test("throws the deadline's reason: it is no finding about the cluster", async () => {
  const context = testContext();
  fake.overrides.push(() => {
    context.abort(new DeadlineNear("backing up"));
    return true;
  });
  const whole = config.parse({ nodes: fake.urls, auth: { method: "approle", secret: "acme/vault" } });
  await expect(capture(whole, world.surroundings).preflight(context)).rejects.toMatchObject({ name: "DeadlineNear" });
});
