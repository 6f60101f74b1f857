import { slotId } from "@holdfast/core";
import { takeVaultCensus } from "@holdfast/localcloud";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { cloud } from "../kit/cloud.ts";
import { archive } from "../kit/tamper.ts";
import { freshAt, marker, sealOf } from "../kit/vaults.ts";

const c = cloud();
const { three, alone, spare, drill } = c.local.vaults;
const day = (number: number) => new Date(Date.UTC(2026, 4, number));
const at = slotId(day(1));

const made = async (source: string, slot: Date) => {
  const answer = await c.backup(source, slot);
  expect(answer, JSON.stringify(answer)).toHaveProperty("result.state", "made");
  expect(await c.verdict(source, slotId(slot))).toBe("ok");
};
beforeAll(() => Promise.all([made("vault", day(1)), made("box", day(1))]));

/** What an application reads: the secrets, and beside them the marker. */
const everything = ({ census }: { census: [string, string][] }) =>
  new Map([...census, [marker.replace("secret/data/", ""), expect.any(String)] as [string, string]]);

/** A fresh cluster where the plan's target is, with keys of its own. */
async function target(name: "spare" | "drill") {
  const bao =
    name === "spare" ? await freshAt(spare, { type: "shamir", shares: 1, threshold: 1 }) : await freshAt(drill, sealOf(alone.sealKey));
  onTestFinished(() => bao.stop());
  await c.setSecret(`test/${name}`, JSON.stringify({ token: bao.rootToken }));
  return bao;
}

test("a cluster of three comes back in a fresh server with other keys, once people unsealed it with the original ones", async () => {
  const bao = await target("spare");
  const input = { source: "vault", target: "spare", at };
  const refused = await c.ended(await c.start(input));
  expect(refused).toMatchObject({ status: "FAILED", error: "KeysDiffer", cause: expect.stringContaining('"force": true') });

  await archive(c, "vault", at);
  const execution = await c.start({ ...input, force: true });
  const notice = await c.asked(execution, "2 of the 3 unseal keys");
  expect(notice).toContain(`bao operator unseal`);
  expect(notice).toContain(execution);
  expect(notice).toContain("restart it first");
  for (const key of three.keys) expect(notice).not.toContain(key);
  const [node] = bao.nodes;
  await node?.start();
  await bao.unseal(three.keys);

  const ended = await c.ended(execution);
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  const outcome = JSON.parse(ended.output ?? "{}");
  expect(outcome).toMatchObject({ source: "vault", slot: at, target: "spare", unit: "entries", thing: "mount" });
  expect(outcome.made).toEqual([{ what: "cluster", id: bao.url }]);
  expect(outcome.expected).toBe(outcome.found);
  expect(outcome.found).toBeGreaterThan(three.census.length);
  expect(outcome.notes.join()).toContain("Tokens and secret ids that were issued since are gone");
  expect(await takeVaultCensus(bao, three.reader)).toEqual(everything(three));
  expect((await c.entry("vault", at))?.evidence.restored?.[0]?.verdict).toBe("ok");

  const again = await c.ended(await c.start({ ...input, force: true }));
  expect(again.status).toBe("FAILED");
});

test("a drill that shares the seal opens by itself, and every secret is there", async () => {
  const bao = await target("drill");
  await archive(c, "box", at);
  const ended = await c.ended(await c.start({ source: "box", target: "drill", at }));
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  expect(JSON.parse(ended.output ?? "{}")).toMatchObject({ source: "box", unit: "entries", notes: [] });
  expect(await takeVaultCensus(bao, alone.reader)).toEqual(everything(alone));
});

test("a drill is never of a cluster that people unseal", async () => {
  await target("drill");
  const ended = await c.ended(await c.start({ source: "vault", target: "drill", at }));
  expect(ended).toMatchObject({ status: "FAILED", error: "RestoreRefused", cause: expect.stringContaining("drill-needs-same-seal") });
});

test("an unseal key has no place in an execution, and is not repeated", async () => {
  const [key = ""] = three.keys;
  const ended = await c.ended(await c.start({ source: "vault", target: "spare", database: key }));
  expect(ended).toMatchObject({ status: "FAILED", error: "InputInvalid", cause: expect.stringContaining("looks like an unseal key") });
  expect(ended.cause).not.toContain(key);
});

function kill(node: string): void {
  const pid = three.pids[three.nodes.indexOf(node)];
  if (pid === undefined) throw new Error(`${node} is no node of the cluster`);
  process.kill(pid, "SIGKILL");
}

test("when the leader dies, the next backup comes from the one that was elected, and is no doubt", async () => {
  const { leader_address: leader } = (await (await fetch(`${three.nodes[0]}/v1/sys/leader`)).json()) as { leader_address: string };
  kill(leader);
  const others = three.nodes.filter((node) => node !== leader);
  const active = async () => (await Promise.all(others.map(async (node) => (await fetch(`${node}/v1/sys/health`)).status))).includes(200);
  await expect.poll(active, { interval: 100 }).toBe(true);
  await made("vault", day(2));
  // Nobody asks them any more, and nodes that agree all the time take a quarter of a processor.
  for (const node of others) kill(node);
});
