import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { certificate } from "./kit/certificate.ts";
import { markOf } from "./kit/start.ts";
import { type Openbao, openbao } from "./openbao.ts";
import { caller } from "./openbaocall.ts";
import type { OpenbaoNode } from "./openbaonode.ts";
import { fillVault, MARKER, prepareVault, takeVaultCensus } from "./openbaosetup.ts";
import { marked } from "./runs.ts";

const scratch = mkdtempSync(path.join(os.tmpdir(), "holdfast-test-"));
const seal = { type: "static", id: "k1", key: randomBytes(32) } as const;

/** All at once: nearly all of a start is waiting for elections. */
let one: Openbao;
let auto: Openbao;
let three: Openbao;
beforeAll(async () => {
  const tls = await certificate(scratch, "127.0.0.1");
  const started = await Promise.allSettled([
    openbao({ readTimeout: "1s" }),
    openbao({ seal, tls }),
    openbao({ nodes: 3, seal: { type: "shamir", shares: 3, threshold: 2 } }),
  ]);
  const [a, b, c] = started.map((each) => (each.status === "fulfilled" ? each.value : undefined));
  if (!a || !b || !c) throw new AggregateError(started.flatMap((each) => (each.status === "rejected" ? [each.reason] : [])));
  [one, auto, three] = [a, b, c];
});
afterAll(async () => {
  await Promise.all([one, auto, three].map((bao) => bao?.stop()));
  rmSync(scratch, { recursive: true });
});

const health = async (node: OpenbaoNode) => (await node.call("GET", "sys/health")).status;
const sealed = async (node: OpenbaoNode) => (await node.call<{ sealed: boolean }>("GET", "sys/seal-status")).body.sealed;

/** Another share of the same number: the number stands in its last byte. */
function spoiled(share: string): string {
  const bytes = Buffer.from(share, "base64");
  return Buffer.concat([randomBytes(bytes.length - 1), bytes.subarray(-1)]).toString("base64");
}

test("a node is ready to be used, by its root token only", async () => {
  expect(await one.call("GET", "sys/leader")).toMatchObject({ status: 200, body: { ha_enabled: true, is_self: true } });
  expect((await one.call("GET", "sys/mounts", undefined, one.rootToken)).status).toBe(200);
  expect(await one.call("GET", "sys/mounts", undefined, "s.wrong")).toMatchObject({ status: 403, body: { errors: ["permission denied"] } });
});

test("secrets are read back by a login that lives in the cluster, and a lost or changed one shows", async () => {
  const { backup, reader } = await prepareVault(one);
  const written = await fillVault(one, 250);
  const [lost = "", changed = "", ...others] = written.keys();
  await one.call("DELETE", `secret/metadata/${lost}`, undefined, one.rootToken);
  await one.call("POST", `secret/data/${changed}`, { data: { other: "value" } }, one.rootToken);
  const found = await takeVaultCensus(one, reader);
  expect(found.has(lost)).toBe(false);
  expect(found.get(changed)).not.toBe(written.get(changed));
  expect(others.filter((path) => found.get(path) !== written.get(path))).toEqual([]);
  expect(new Set(found.values()).size).toBe(250);
  await expect(takeVaultCensus(one, backup)).rejects.toMatchObject({
    name: "ServiceNotReady",
    lastLines: expect.stringContaining("denied"),
  });
});

test("the backup's login takes snapshots and reads the marker, and no more", async () => {
  const { backup } = await prepareVault(three);
  const { body } = await three.call<{ auth: { client_token: string } }>("POST", "auth/approle/login", backup);
  const asking = async (path: string) => await three.call("GET", path, undefined, body.auth.client_token);
  const snapshot = await asking("sys/storage/raft/snapshot");
  expect(snapshot.bytes.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
  expect((await asking(MARKER)).status).toBe(200);
  expect((await asking("sys/mounts")).status).toBe(403);
});

test("a node that its seal opens is open again by itself after its process was killed", async () => {
  const [node] = auto.nodes as [OpenbaoNode];
  const killed = node.pid;
  process.kill(killed, "SIGKILL");
  await node.start();
  expect(node.pid).not.toBe(killed);
  expect(await auto.active()).toBe(node);
  expect((await node.call("GET", "sys/mounts", undefined, auto.rootToken)).status).toBe(200);
  expect(statSync(path.join(auto.folder, node.id, "seal.key")).mode & 0o077).toBe(0);
});

test("with TLS it answers those who verify its certificate, and nobody with another authority", async () => {
  const other = await certificate(scratch, "localhost");
  expect(auto.url).toMatch(/^https:/);
  await expect(caller(auto.url, other.cert)("GET", "sys/health")).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
});

test("when the active one of three stops another leads, and the stopped one comes back sealed until it gets two keys", async () => {
  const leader = await three.active();
  await leader.stop();
  expect(existsSync(three.folder)).toBe(true);
  const next = await three.active();
  expect(next).not.toBe(leader);
  expect((await next.call("GET", "sys/mounts", undefined, three.rootToken)).status).toBe(200);
  await leader.start();
  expect(await sealed(leader)).toBe(true);
  await expect(three.unseal(three.keys.map(spoiled))).rejects.toMatchObject({ message: "OpenBao would not take an unseal key: HTTP 400" });
  await three.unseal(three.keys.slice(1));
  expect(await sealed(leader)).toBe(false);
  expect((await Promise.all(three.nodes.map(health))).toSorted()).toEqual([200, 429, 429]);
});

test("a request that takes longer than the read timeout to arrive is cut off", async () => {
  const headers = { "X-Vault-Token": one.rootToken, "content-length": 1000 };
  const begun = performance.now();
  const upload = http.request(`${one.url}/v1/sys/mounts/slow`, { method: "POST", headers, agent: new http.Agent() });
  upload.write('{"type":');
  await new Promise((resolve) => upload.once("error", resolve).once("response", resolve));
  upload.destroy();
  // The server's own timeout is 30 s.
  expect(performance.now() - begun).toBeLessThan(29_000);
  expect(performance.now() - begun).toBeGreaterThan(900);
});

test("one that nobody has initialised says so", async () => {
  const bare = await openbao({ init: false });
  try {
    expect(await bare.nodes[0]?.call("GET", "sys/health")).toMatchObject({ status: 501 });
    expect(bare).toMatchObject({ rootToken: "", keys: [] });
  } finally {
    await bare.stop();
  }
});

test("a setting that the server refuses is told with the server's own words, and nothing is left", async () => {
  const log = path.join(scratch, "refused.log");
  await expect(openbao({ readTimeout: "soon", log })).rejects.toMatchObject({
    name: "ServiceNotReady",
    message: "OpenBao ended with exit code 1 while it started",
    hint: expect.stringContaining('invalid duration "soon"'),
  });
  expect(existsSync(log)).toBe(true);
});

test("shares that cannot be are refused by the server, and nothing of it stays", async () => {
  await expect(openbao({ seal: { type: "shamir", shares: 1, threshold: 2 } })).rejects.toMatchObject({
    message: "OpenBao would not be initialised: HTTP 400",
    lastLines: expect.stringContaining("threshold"),
  });
});

test("after stop no process or folder of a cluster is left, also where a node had been stopped before", async () => {
  const bao = await openbao({ nodes: 3, init: false });
  const mark = markOf(bao.pid);
  expect(marked(mark).length).toBeGreaterThanOrEqual(3);
  await bao.nodes[1]?.stop();
  await bao.stop();
  await bao.stop();
  expect(marked(mark)).toEqual([]);
  expect(existsSync(bao.folder)).toBe(false);
});
