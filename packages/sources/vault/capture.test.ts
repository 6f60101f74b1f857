import { type BackupPorts, backup, type Context, type VerifyPorts, verify } from "@holdfast/core";
import { type MemoryStore, memoryStore } from "@holdfast/stores/memory/memory.ts";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { aContext, inPieces, take, whole } from "../../../test/kit/taken.ts";
import { testContext } from "../../../test/kit/context.ts";
import { plainSeal, plainUnseal } from "../../../test/kit/plainseal.ts";
import { signer } from "../../../test/kit/signer.ts";
import { proveArchive } from "./archive.ts";
import { capture, captureWithin } from "./capture.ts";
import { type Config, config } from "./config.ts";
import type { Limits } from "./client.ts";
import { vault } from "./kind.ts";
import { addRole, aToken, type Policy, write } from "./kit/fakecluster.ts";
import { onSnapshot, redirect, type SnapshotFault, send, snapshotFaults } from "./kit/fakefaults.ts";
import type { FakeVault } from "./kit/fakeport.ts";
import { type FakeOptions, openFakeVault } from "./kit/fakevault.ts";
import { snapshotOf } from "./kit/fakesnapshot.ts";
import { aSnapshot } from "./kit/snapshot.ts";
import { noise } from "./kit/snapshotentries.ts";
import { openWorld, type World } from "./kit/world.ts";
import { type Native, SNAPSHOT } from "./native.ts";
import { SNAPSHOT_PATH } from "./preflight.ts";
import { read } from "./read.ts";

const MARKER = "secret/data/holdfast";
const POLICY: Policy = { [SNAPSHOT_PATH]: ["read"], [MARKER]: ["read"] };
/** Where what is waited for never comes; elsewhere a machine that is busy would be taken for a silent server. */
const IMPATIENT: Partial<Record<SnapshotFault, Partial<Limits>>> = {
  "F19 a first byte that does not come": { firstByte: 0.3 },
  "F20 a stream that stops": { idle: 0.3 },
};

let world: World;
let fakes: FakeVault[] = [];
beforeEach(async () => {
  world = await openWorld();
});
afterEach(async () => {
  await Promise.all(fakes.map((fake) => fake.end()));
  fakes = [];
  await world.end();
});

/** A cluster with a marker in it, and a login that may take snapshots. */
async function open(options: FakeOptions = {}): Promise<FakeVault> {
  const fake = await openFakeVault(options);
  fakes.push(fake);
  write(fake.cluster, MARKER, { data: { value: "1" }, metadata: { version: 1 } });
  world.secret("acme/vault", addRole(fake.cluster, POLICY));
  return fake;
}
const planFor = (fake: FakeVault, plan: Partial<Config> = {}): Config =>
  config.parse({ nodes: fake.urls, auth: { method: "approle", secret: "acme/vault" }, ...plan });
const source = (fake: FakeVault, plan?: Partial<Config>, limits = {}) => captureWithin(limits)(planFor(fake, plan), world.surroundings);

const signing = signer();
async function backUp(
  fake: FakeVault,
  plan?: Partial<Config>,
  context: Context = aContext(),
  limits: Partial<Limits> = {},
  store = memoryStore(),
  day = 21,
) {
  const ports: BackupPorts<never> = {
    kind: vault as never,
    capture: source(fake, plan, limits) as never,
    seal: plainSeal,
    sign: signing,
    list: store.list,
    create: store.create,
  };
  const input = { source: "secrets", at: new Date(`2026-11-${day}T02:00:00Z`), attempt: "attempt00000001", trigger: "schedule" as const };
  const outcome = await backup(input, ports, context).catch((error: unknown) => ({ error }));
  return { store, outcome };
}

/** Nothing that could be taken for a backup, and nobody on the line. A store in memory cannot show what becomes of uploads; that is another test's. */
async function expectNothingLeft(store: MemoryStore, fake: FakeVault): Promise<void> {
  expect(store.inside.versions()).toEqual([]);
  await expect.poll(() => fake.connections(), { interval: 5 }).toBe(0);
}
const tokensAt = (fake: FakeVault) => fake.asked.flatMap(({ token }) => (token === undefined ? [] : [token]));

describe("a backup", () => {
  test("is the snapshot as it came, with what tells it from others", async () => {
    const fake = await open({ nodes: 3 });
    fake.cluster.leader = 1;
    const { files, opened, findings } = await take(source(fake, { marker: MARKER }));
    const archive = await proveArchive(inPieces(files.get(SNAPSHOT) ?? Buffer.alloc(0)));
    expect([...files.keys()]).toEqual([SNAPSHOT]);
    expect(findings).toEqual([]);
    expect(vault.native.parse(opened.backup.native)).toEqual({
      format: "holdfast-vault/1",
      product: "vault",
      version: "1.21.2",
      clusterId: fake.cluster.image.clusterId,
      raft: { index: fake.cluster.index, term: 3, servers: archive.servers },
      seal: { type: "shamir", shares: 3, threshold: 2 },
      archive: { stateBytes: archive.size, meta: archive.sums.meta, state: archive.sums.state },
      entries: archive.entries,
      marker: { path: MARKER, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  test("leaves a manifest that core takes, and nobody on the line", async () => {
    const fake = await open();
    const { store, outcome } = await backUp(fake, { marker: MARKER });
    expect(outcome).toMatchObject({ state: "made", artifacts: 1, findings: [] });
    expect(store.inside.versions().filter(({ key }) => key.endsWith("manifest.json"))).toHaveLength(1);
    expect(await fake.connections()).toBe(0);
  });

  test("asks every node who is active without a token, and only the active one with it", async () => {
    const fake = await open({ nodes: 3 });
    fake.cluster.leader = 2;
    await take(source(fake));
    expect(new Set(fake.asked.map(({ node }) => node))).toEqual(new Set([0, 1, 2]));
    expect(new Set(fake.asked.filter(({ token }) => token).map(({ node }) => node))).toEqual(new Set([2]));
  });

  test("revokes a service token when it is over, and leaves a batch token to expire", async () => {
    const fake = await open();
    world.secret("acme/vault", addRole(fake.cluster, POLICY, "service"));
    const before = [...fake.cluster.image.tokens.keys()];
    await take(source(fake));
    expect([...fake.cluster.image.tokens.keys()]).toEqual(before);
    expect(fake.asked.at(-1)?.path).toBe("auth/token/revoke-self");
    world.secret("acme/vault", addRole(fake.cluster, POLICY, "batch"));
    await take(source(fake));
    expect(fake.asked.at(-1)?.path).toBe(SNAPSHOT_PATH);
  });

  test("keeps its success when the token cannot be revoked", async () => {
    const fake = await open();
    world.secret("acme/vault", addRole(fake.cluster, POLICY, "service"));
    fake.overrides.push(({ path }, response) => path === "auth/token/revoke-self" && response.destroy() !== undefined);
    expect((await backUp(fake)).outcome).toMatchObject({ state: "made" });
  });

  test("does not say what stands at the marker where somebody wrote there meanwhile", async () => {
    const fake = await open();
    onSnapshot(fake, (_asked, response) => {
      response.end(aSnapshot({ index: fake.cluster.index }));
      write(fake.cluster, MARKER, { data: { value: "2" }, metadata: { version: 2 } });
    });
    const { opened, findings } = await take(source(fake, { marker: MARKER }));
    expect(opened.backup.native.marker).toBeUndefined();
    expect(findings).toMatchObject([{ name: "marker-changed", severity: "note" }]);
  });

  test("leaves no question open at a node that answers one and not the other", async () => {
    const fake = await open({ nodes: 2 });
    fake.overrides.push(({ node, path }, response) => node === 1 && (path !== "sys/health" || response.destroy() !== undefined));
    await take(source(fake));
    expect(await source(fake).preflight(aContext())).toEqual([]);
    await expect.poll(() => fake.connections(), { interval: 5 }).toBe(0);
  });

  test("is not tried where the data stand on something else than raft", async () => {
    const fake = await open();
    fake.cluster.storage = "file";
    await expect(take(source(fake))).rejects.toMatchObject({ name: "NotRaft", message: expect.stringContaining("but in file") });
    expect(fake.asked.some(({ path }) => path.endsWith("login"))).toBe(false);
  });

  test("takes OpenBao for what it is", async () => {
    const fake = await open({ cluster: { ...(await open()).cluster, product: "openbao", version: "2.7.2" } });
    expect((await take(source(fake))).opened.backup.native).toMatchObject({ product: "openbao", version: "2.7.2" });
  });
});

describe("a snapshot that cannot be had whole leaves no object and no connection:", () => {
  const expected: Record<SnapshotFault, { name: string; fault: string; hint: RegExp }> = {
    "F5 an empty body": { name: "SnapshotEmpty", fault: "backup", hint: /redirect or a proxy/ },
    "F6 cut in the middle of state.bin": {
      name: "SnapshotCut",
      fault: "backup",
      hint: /take another/,
    },
    "F6 cut in the middle, and the connection with it": { name: "ConnectionBroken", fault: "world", hint: /http_write_timeout/ },
    "F7 cut after SHA256SUMS, by a server that cannot reach its seal": {
      name: "SnapshotUnsealed",
      fault: "backup",
      hint: /seal/,
    },
    "F8 a bit of state.bin flipped": { name: "SnapshotBroken", fault: "backup", hint: /damaged/ },
    "F9 a wrong line in SHA256SUMS": { name: "SnapshotBroken", fault: "backup", hint: /damaged/ },
    "F10 a member too few": { name: "SnapshotBroken", fault: "backup", hint: /damaged/ },
    "F10 a member too many": { name: "SnapshotBroken", fault: "backup", hint: /damaged/ },
    "F11 something after the end": { name: "SnapshotBroken", fault: "backup", hint: /damaged/ },
    "F12 sealed sums that are empty": { name: "SnapshotUnsealed", fault: "backup", hint: /KMS key/ },
    "F13 a token that expired between login and use": { name: "TokenRefused", fault: "input", hint: /token_ttl/ },
    "F14 sealed between login and use": { name: "VaultSealed", fault: "world", hint: /Unseal/ },
    "F15 not on raft": { name: "NotRaft", fault: "input", hint: /kind postgres/ },
    "F16 asked in a namespace": { name: "NamespaceRefused", fault: "input", hint: /root namespace/ },
    "F17 no leader": { name: "NoActiveNode", fault: "world", hint: /elects/ },
    "F17 no leader, in a standby's words": { name: "NoActiveNode", fault: "world", hint: /elects/ },
    "F18 a node that lags behind": { name: "SnapshotStale", fault: "world", hint: /lags behind/ },
    "F19 a first byte that does not come": { name: "SnapshotSlow", fault: "world", hint: /disk/ },
    "F20 a stream that stops": { name: "SnapshotStalled", fault: "world", hint: /again/ },
  };

  test.each(Object.keys(expected) as SnapshotFault[])("%s", async (fault) => {
    const fake = await open();
    snapshotFaults[fault](fake);
    const { store, outcome } = await backUp(fake, {}, aContext(), IMPATIENT[fault]);
    const { name, fault: whose, hint } = expected[fault];
    expect(outcome).toMatchObject({ error: { name, fault: whose, hint: expect.stringMatching(hint) } });
    await expectNothingLeft(store, fake);
  });

  test("the deadline", async () => {
    const fake = await open();
    const context = testContext();
    onSnapshot(fake, (_asked, response) => {
      response.writeHead(200).write(aSnapshot().subarray(0, 1000));
      context.abort(new Error("time is up"));
    });
    const { store, outcome } = await backUp(fake, {}, context);
    expect(outcome).toEqual({ error: new Error("time is up") });
    await expectNothingLeft(store, fake);
  });
});

describe("a backup that is whole and looks wrong beside the ones before is made, and the read of it is in doubt:", () => {
  /** As core's verify reads it back, beside all that it finds verified in the store. */
  async function takenAndRead(fake: FakeVault, store: MemoryStore, day: number) {
    expect((await backUp(fake, {}, aContext(), {}, store, day)).outcome).toMatchObject({ state: "made" });
    const ports: VerifyPorts<Native> = {
      kind: vault,
      read: read(world.surroundings),
      store: store.read,
      list: store.list,
      create: store.create,
      unseal: plainUnseal,
      trusted: signing.trusted,
      sign: signing,
      fits: 1e9,
    };
    const { verdict, findings } = await verify({ source: "secrets", slot: `202611${day}T020000Z` }, ports, aContext());
    return { verdict, findings: findings.map(({ name }) => name), hints: findings.map(({ hint }) => hint) };
  }
  async function full(): Promise<FakeVault> {
    const fake = await open();
    for (let i = 0; i < 100; i++) write(fake.cluster, `secret/data/${i}`, { data: { value: i } });
    fake.snapshot = (it) => {
      const shape = snapshotOf(it);
      return aSnapshot({ ...shape, items: (shape.items ?? []).map((item) => ({ ...item, value: noise(item.key, 20_000) })) });
    };
    return fake;
  }
  function keep(fake: FakeVault, entries: number): void {
    const { kv } = fake.cluster.image;
    for (const path of [...kv.keys()].slice(entries)) kv.delete(path);
    fake.cluster.index++;
  }
  const clears = expect.stringContaining("`holdfast accept` clears the doubt");

  test("F25 an index that went back", async () => {
    const [fake, store] = [await full(), memoryStore()];
    expect(await takenAndRead(fake, store, 21)).toMatchObject({ verdict: "ok", findings: [] });
    fake.cluster.index -= 50;
    expect(await takenAndRead(fake, store, 22)).toEqual({ verdict: "doubt", findings: ["raft-index-went-back"], hints: [clears] });
  });

  test("F26 one hundredth of the entries and of the bytes", async () => {
    const [fake, store] = [await full(), memoryStore()];
    expect(await takenAndRead(fake, store, 21)).toMatchObject({ verdict: "ok" });
    keep(fake, 1);
    expect(await takenAndRead(fake, store, 22)).toEqual({
      verdict: "doubt",
      findings: ["fewer-entries", "fewer-bytes"],
      hints: [clears, clears],
    });
  });

  test("a third of them gone each time, after some", async () => {
    const [fake, store] = [await full(), memoryStore()];
    const verdicts: string[] = [];
    for (const [i, left] of [100, 67, 45].entries()) {
      keep(fake, left);
      verdicts.push((await takenAndRead(fake, store, 21 + i)).verdict);
    }
    expect(verdicts).toEqual(["ok", "ok", "doubt"]);
  });
});

describe("a node that does not say which cluster it is", () => {
  /** As servers answer while they come up. */
  const anonymous = (fake: FakeVault, when: () => boolean) =>
    fake.overrides.push(({ path, node }, response) => {
      if (path !== "sys/health" || !when()) return false;
      response.writeHead(node === fake.cluster.leader ? 200 : 429, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ initialized: true, sealed: false, standby: node !== fake.cluster.leader, version: "1.21.2" }));
      return true;
    });
  const unknown = { error: { name: "ClusterUnknown", fault: "world", hint: expect.stringContaining("trying again usually helps") } };

  test("is not asked for a snapshot", async () => {
    const fake = await open();
    anonymous(fake, () => true);
    const { store, outcome } = await backUp(fake);
    expect(outcome).toMatchObject(unknown);
    expect(fake.asked.some(({ path }) => path === SNAPSHOT_PATH)).toBe(false);
    await expectNothingLeft(store, fake);
  });

  test("gives no backup where it took over while it was asked", async () => {
    const fake = await open({ nodes: 2 });
    fake.overrides.push(({ method, path, node }) => {
      if (method === "GET" && path === SNAPSHOT_PATH && node === 0) fake.cluster.leader = 1;
      return false;
    });
    anonymous(fake, () => fake.cluster.leader === 1);
    const { store, outcome } = await backUp(fake);
    expect(outcome).toMatchObject(unknown);
    expect(fake.asked.some(({ path, node }) => path === SNAPSHOT_PATH && node === 1)).toBe(true);
    await expectNothingLeft(store, fake);
  });
});

describe("redirects:", () => {
  test("F1 a standby's 307 to another of the nodes is followed", async () => {
    const fake = await open({ nodes: 2 });
    // The leader changes between sys/leader and the snapshot (F18): the token is good at both.
    fake.overrides.push(({ method, path, node }) => {
      if (method === "GET" && path === SNAPSHOT_PATH && node === 0) fake.cluster.leader = 1;
      return false;
    });
    const { outcome } = await backUp(fake);
    expect(outcome).toMatchObject({ state: "made" });
    expect(fake.asked.filter(({ path, token }) => path === SNAPSHOT_PATH && token).map(({ node }) => node)).toEqual([0, 1]);
  });

  test("F2 to a host that is not ours: no token reaches it", async () => {
    const [fake, stranger] = [await open(), await openFakeVault()];
    fakes.push(stranger);
    redirect(fake, `${stranger.urls[0]}/v1/${SNAPSHOT_PATH}`);
    const { store, outcome } = await backUp(fake);
    expect(outcome).toMatchObject({
      error: {
        name: "RedirectRefused",
        message: `${fake.urls[0]} redirects to ${stranger.urls[0]}, which is not one of the plan's nodes`,
        hint: expect.stringContaining("No token was sent there"),
      },
    });
    expect(stranger.asked).toEqual([]);
    expect(tokensAt(stranger)).toEqual([]);
    await expectNothingLeft(store, fake);
  });

  test.each([
    ["F4 to itself", (fake: FakeVault) => redirect(fake, `/v1/${SNAPSHOT_PATH}`), "round in a circle"],
    [
      "F4 from one to the other and back",
      (fake: FakeVault) => {
        redirect(fake, `${fake.urls[1]}/v1/x`, { node: 0, status: 302 });
        redirect(fake, `${fake.urls[0]}/v1/x`, { node: 1, status: 308 });
      },
      "round in a circle",
    ],
    ["to nowhere", (fake: FakeVault) => redirect(fake, "http://["), "which is no address"],
    ["to another scheme", (fake: FakeVault) => redirect(fake, "ftp://127.0.0.1/"), "which is not one of the plan's nodes"],
  ])("%s are refused", async (_what, break_, why) => {
    const fake = await open({ nodes: 2 });
    break_(fake);
    const { store, outcome } = await backUp(fake);
    expect(outcome).toMatchObject({
      error: { name: "RedirectRefused", message: expect.stringContaining(why), hint: expect.stringContaining("(api_addr)") },
    });
    expect(fake.asked.filter(({ path }) => path === SNAPSHOT_PATH).length).toBeLessThanOrEqual(2);
    await expectNothingLeft(store, fake);
  });
});

describe("whoever stops", () => {
  async function begin(fake: FakeVault) {
    const captured = await capture(planFor(fake), world.surroundings).capture({ source: "s", at: new Date(), attempt: "a" }, aContext());
    if (captured.state !== "ready") throw new Error("not ready");
    const artifacts = captured.artifacts[Symbol.asyncIterator]();
    return { captured, artifacts, first: (await artifacts.next()).value };
  }
  const nobodyIsThere = (fake: FakeVault) => expect.poll(() => fake.connections(), { interval: 5 }).toBe(0);

  test("before the first byte leaves no connection", async () => {
    const fake = await open();
    send(fake, aSnapshot().subarray(0, 5000), "stalls");
    const { artifacts, first } = await begin(fake);
    expect(await fake.connections()).toBe(1);
    await artifacts.return?.();
    await nobodyIsThere(fake);
    await expect(first.done).rejects.toMatchObject({ name: "ProofAbandoned" });
  });

  test("in the middle leaves no connection, and done says so", async () => {
    const fake = await open();
    send(fake, aSnapshot().subarray(0, 5000), "stalls");
    const { artifacts, first } = await begin(fake);
    for await (const _ of first.bytes) break;
    await nobodyIsThere(fake);
    await expect(first.done).rejects.toMatchObject({ name: "ProofAbandoned" });
    await artifacts.return?.();
  });

  test("before the end has no native part of a manifest", async () => {
    const { captured } = await begin(await open());
    await expect(captured.native()).rejects.toThrow("not read to its end");
  });

  test("never begins has asked nobody anything", async () => {
    const fake = await open();
    await capture(planFor(fake), world.surroundings).capture({ source: "s", at: new Date(), attempt: "a" }, aContext());
    expect(fake.asked).toEqual([]);
  });

  test("reads slowly loses nothing: only the server's silence counts", async () => {
    const fake = await open();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const captured = await source(fake).capture({ source: "s", at: new Date(), attempt: "a" }, aContext());
    if (captured.state !== "ready") throw new Error("not ready");
    for await (const { bytes, done } of captured.artifacts) {
      await vi.advanceTimersByTimeAsync(1000 * 60 * 60);
      await whole(bytes);
      await done;
    }
    expect(await captured.native()).toMatchObject({ product: "vault" });
  });
});

test("no error of a backup repeats a token", async () => {
  const fake = await open();
  onSnapshot(fake, ({ token = "" }, response) => response.writeHead(500).end(JSON.stringify({ errors: [`oh: ${token} and more\nlines`] })));
  const { outcome } = await backUp(fake);
  const [token = aToken("vault", "batch")] = tokensAt(fake);
  expect(outcome).toMatchObject({ error: { name: "VaultRefused", message: expect.stringContaining("oh: … and more lines (HTTP 500)") } });
  expect(JSON.stringify(outcome)).not.toContain(token);
});
