import { afterEach, expect, test } from "vitest";
import { aContext } from "../../../test/kit/taken.ts";
import { testContext } from "../../../test/kit/context.ts";
import { makeCertificate } from "../../localcloud/src/services/certificate.ts";
import { openClient } from "./client.ts";
import { type FakeVault, fail, reply } from "./kit/fakeport.ts";
import { type FakeOptions, openFakeVault } from "./kit/fakevault.ts";
import { findActive, productOf } from "./leader.ts";

let fakes: FakeVault[] = [];
afterEach(async () => {
  await Promise.all(fakes.map((fake) => fake.end()));
  fakes = [];
});
async function open(options: FakeOptions = {}): Promise<FakeVault> {
  const fake = await openFakeVault(options);
  fakes.push(fake);
  return fake;
}
const find = (nodes: readonly string[], ca?: string) => findActive(openClient({ nodes, ca }, aContext()));
/** What one node says to one question, whatever the others say. */
const says = (fake: FakeVault, node: number, path: string, status: number, json?: unknown) =>
  fake.overrides.push((asked, response) => asked.node === node && asked.path === path && reply(response, status, json));

test("the active node is found wherever it stands in the list, without a token", async () => {
  const fake = await open({ nodes: 3 });
  for (const leader of [0, 1, 2]) {
    fake.cluster.leader = leader;
    expect(await find(fake.urls)).toMatchObject({
      node: fake.urls[leader],
      health: { cluster_id: fake.cluster.image.clusterId, version: "1.21.2" },
      seal: { type: "shamir", t: 2, n: 3, sealed: false },
      leader: { is_self: true, raft_committed_index: 100, active_time: "2026-11-01T00:00:00.123Z" },
    });
  }
  expect(fake.asked.filter(({ token }) => token !== undefined)).toEqual([]);
});

test("a node that is dead, and one that cannot be trusted, do not matter among living ones", async () => {
  const fake = await open({ nodes: 2 });
  const masked = await open({ tls: makeCertificate("vault", makeCertificate("an authority"), ["127.0.0.1"]) });
  fake.cluster.leader = 1;
  await fake.stopNode(0);
  expect((await find([...fake.urls, ...masked.urls])).node).toBe(fake.urls[1]);
});

test("a single node without high availability is active", async () => {
  const fake = await open();
  says(fake, 0, "sys/leader", 200, { ha_enabled: false, is_self: false, leader_address: "", leader_cluster_address: "" });
  expect((await find(fake.urls)).node).toBe(fake.urls[0]);
});

test("of two that say they lead, the one with more to show does", async () => {
  const fake = await open({ nodes: 2 });
  says(fake, 1, "sys/leader", 200, { ha_enabled: true, is_self: true, leader_address: fake.urls[1], raft_committed_index: 101 });
  says(fake, 1, "sys/health", 200, { ...(await healthOf(fake)) });
  expect((await find(fake.urls)).node).toBe(fake.urls[1]);
});

test("two that lead different clusters are refused, since nobody could say which is meant", async () => {
  const [one, other] = [await open(), await open()];
  await expect(find([...one.urls, ...other.urls])).rejects.toMatchObject({
    name: "NodesOfTwoClusters",
    fault: "input",
    message: expect.stringContaining(other.cluster.image.clusterId),
    hint: expect.stringContaining("source of its own"),
  });
});

test("nodes that do not answer are named together", async () => {
  const fake = await open({ nodes: 2 });
  await fake.end();
  await expect(find(fake.urls)).rejects.toMatchObject({
    name: "NodesUnreachable",
    message: `none of the nodes answers: ${fake.urls.join(", ")}`,
  });
});

test("where nobody answers, a certificate that does not hold is told before a node that is dead", async () => {
  const [dead, masked] = [await open(), await open({ tls: makeCertificate("vault", makeCertificate("an authority"), ["127.0.0.1"]) })];
  await dead.end();
  await expect(find([...dead.urls, ...masked.urls])).rejects.toMatchObject({
    name: "NodeNotTrusted",
    message: expect.stringContaining(masked.urls[0] ?? "nothing"),
  });
});

test("a cluster that is sealed or not initialised says so", async () => {
  const fake = await open({ nodes: 2 });
  fake.cluster.sealed = true;
  await expect(find(fake.urls)).rejects.toMatchObject({
    name: "VaultSealed",
    node: fake.urls[0],
    hint: expect.stringContaining("Unseal it at the Vault itself"),
  });
  fake.cluster.initialised = false;
  await expect(find(fake.urls)).rejects.toMatchObject({ name: "NotInitialised", hint: expect.stringContaining("Initialise") });
});

test("where none is active each node's state is told", async () => {
  const fake = await open({ nodes: 8 });
  fake.cluster.leader = undefined;
  const states = [429, 472, 473, 530, 503, 200];
  for (const [node, status] of states.entries()) says(fake, node, "sys/health", status, { ...(await healthOf(fake)), standby: true });
  says(fake, 6, "sys/health", 503, { ...(await healthOf(fake)), sealed: true });
  await fake.stopNode(7);
  await expect(find(fake.urls)).rejects.toMatchObject({
    name: "NoActiveNode",
    fault: "world",
    message: [
      "no node is active: $0 is a standby",
      "$1 is a disaster recovery secondary",
      "$2 is a performance standby",
      "$3 was removed from its cluster",
      "$4 answers HTTP 503",
      "$5 says that nobody leads",
      "$6 is sealed",
      "$7 does not answer",
    ]
      .join(", ")
      .replaceAll(/\$(\d)/g, (_all, node) => fake.urls[node] ?? ""),
    hint: expect.stringContaining("200 only"),
  });
});

test("something that is no Vault is not active", async () => {
  const fake = await open();
  says(fake, 0, "sys/health", 200, { hello: "world" });
  await expect(find(fake.urls)).rejects.toMatchObject({
    name: "NoActiveNode",
    message: expect.stringContaining("does not answer as a Vault"),
  });
});

test("a node that seals itself between two questions is told as sealed", async () => {
  const fake = await open();
  fake.overrides.push(({ path }, response) => path === "sys/seal-status" && fail(response, 503, "Vault is sealed"));
  await expect(find(fake.urls)).rejects.toMatchObject({ name: "VaultSealed" });
});

test("the deadline is no dead node", async () => {
  const fake = await open();
  const context = testContext();
  fake.overrides.push(() => {
    context.abort(Object.assign(new Error("time is up"), { name: "DeadlineNear" }));
    return true;
  });
  await expect(findActive(openClient({ nodes: fake.urls }, context))).rejects.toMatchObject({ name: "DeadlineNear" });
});

test.each([
  [{ version: "1.21.2", enterprise: false }, "vault"],
  [{ version: "1.14.1" }, "vault"],
  [{ version: "2.7.2" }, "openbao"],
] as const)("%j is a %s", (health, product) => {
  expect(productOf(health)).toBe(product);
});

const healthOf = async (fake: FakeVault) =>
  (await openClient({ nodes: fake.urls }, aContext()).ask(fake.urls[0] ?? "", "GET", "sys/health")).json as object;
