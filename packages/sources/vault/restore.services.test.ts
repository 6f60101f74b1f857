import { randomBytes } from "node:crypto";
import type { Execution, Opened, Restore, RestorePlan, Want } from "@holdfast/core";
import { granted, type Openbao, openbao } from "@holdfast/localcloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aContext, type Taken, take } from "../../../test/kit/taken.ts";
import {
  type AppRole,
  admit,
  fillVault,
  MARKER,
  prepareVault,
  takeVaultCensus,
  type VaultCensus,
} from "../../localcloud/src/services/openbaosetup.ts";
import { capture } from "./capture.ts";
import { config, target as targetOf } from "./config.ts";
import { openWorld, type World } from "./kit/world.ts";
import type { Native } from "./native.ts";
import { restore } from "./restore.ts";
import type { Facts } from "./survey.ts";

/** As the README has it. */
const RESTORER = `path "sys/storage/raft/snapshot" { capabilities = ["update"] }
path "sys/storage/raft/snapshot-force" { capabilities = ["update"] }
path "sys/storage/raft/configuration" { capabilities = ["read"] }
path "sys/mounts" { capabilities = ["read"] }`;

const SECRETS = 300;
let world: World;
const started: Openbao[] = [];
/** Servers spend most of a restore in pauses of their own, so this one goes on beside the others. */
let drill: ReturnType<typeof drilled>;
beforeAll(async () => {
  world = await openWorld();
  drill = drilled();
  drill.catch(() => {});
});
afterAll(async () => {
  await drill.catch(() => {});
  await Promise.all(started.map((it) => it.stop()));
  await world.end();
});

async function start(options: Parameters<typeof openbao>[0]): Promise<Openbao> {
  const bao = await openbao(options);
  started.push(bao);
  return bao;
}

type Source = { bao: Openbao; taken: Taken<Native>; app: AppRole; census: VaultCensus };

/** A cluster with secrets, and its backup; the login that takes it also reads what was restored. */
async function backedUp(name: string, options: Parameters<typeof openbao>[0]): Promise<Source> {
  const bao = await start(options);
  const { backup, reader } = await prepareVault(bao);
  await fillVault(bao, SECRETS);
  world.secret(name, backup);
  const plan = config.parse({ nodes: [bao.url], auth: { method: "approle", secret: name }, marker: MARKER });
  return {
    bao,
    taken: await take(capture(plan, world.surroundings)),
    app: reader,
    census: await takeVaultCensus(bao, reader),
  };
}

const execution = (): Execution => ({ id: randomBytes(6).toString("hex"), started: new Date(), running: async () => true });

async function planned(it: Restore<Native, Facts>, { backup }: Opened<Native>, want: Want): Promise<RestorePlan> {
  const plan = it.plan(backup, want, await it.survey(backup, want, aContext()), { id: "x" });
  if ("refused" in plan) throw new Error(plan.refused.message);
  return plan;
}

describe("with unseal keys that people hold", () => {
  let source: Source;
  let target: Openbao;
  let it: Restore<Native, Facts>;
  const want: Want = { force: true };
  beforeAll(async () => {
    [source, target] = await Promise.all([
      backedUp("shamir", { seal: { type: "shamir", shares: 3, threshold: 2 } }),
      start({ seal: { type: "shamir", shares: 5, threshold: 3 } }),
    ]);
    const auth = { method: "token", secret: world.secret("root", { token: target.rootToken }) };
    const at = targetOf.parse({ nodes: [target.url], auth, reader: { method: "approle", secret: "shamir" } });
    it = restore(at, world.surroundings, { protected: false });
  });

  test("a target with other keys refuses the snapshot without force, and stays as it was", async () => {
    const { opened } = source.taken;
    const trying = it.advance(await planned(it, opened, {}), opened, {}, [], execution(), aContext());
    await expect(trying).rejects.toMatchObject({ name: "KeysDiffer", hint: expect.stringContaining('"force": true') });
    expect((await target.call("GET", "sys/mounts", undefined, target.rootToken)).status).toBe(200);
  });

  test("asks for the original keys, goes on once they were given, and finds every entry", async () => {
    const { opened } = source.taken;
    const plan = await planned(it, opened, want);
    const running = execution();
    const asked = await it.advance(plan, opened, want, [], running, aContext());
    expect(asked).toMatchObject({ state: "wait", ask: expect.stringContaining("with 2 of the 3 unseal keys of the original cluster") });
    expect(asked).toMatchObject({ ask: expect.stringContaining("It asks for 3 keys, as it did before the restore") });
    await target.nodes[0]?.start();
    const again = await it.advance(plan, opened, want, asked.made, running, aContext());
    expect(again).toMatchObject({ state: "wait", ask: expect.not.stringContaining("It asks for") });

    await target.unseal(source.bao.keys);
    const loaded = await it.advance(plan, opened, want, again.made, running, aContext());
    expect(loaded.state).toBe("loaded");
    const proven = await it.prove(opened, want, loaded.made, aContext());
    const { data } = opened.backup.native.entries;
    expect(proven).toMatchObject({ unit: "entries", expected: data, found: data });
    expect(proven.findings.map(({ name, severity }) => `${severity} ${name}`)).toEqual([
      "note went-back",
      "note leases-expire",
      "note keys-of-the-original",
      "note reader-is-old",
    ]);
    expect(await it.finish(loaded.made, running, aContext())).toEqual([{ what: "cluster", id: target.url }]);
    expect(await takeVaultCensus(target, source.app)).toEqual(source.census);
    expect((await target.call("GET", "sys/mounts", undefined, target.rootToken)).status).toBe(403);
  });
});

/** A source and a target of the same static seal, the one restored into the other. */
async function drilled() {
  const seal = { type: "static", id: "k1", key: randomBytes(32) } as const;
  const [source, target] = await Promise.all([backedUp("static", { seal }), start({ seal })]);
  await granted(target.call("POST", "sys/auth/approle", { type: "approle" }, target.rootToken), "enable approle");
  const restorer = await admit(target.call, target.rootToken, "holdfast-restore", RESTORER);
  const auth = { method: "approle", secret: world.secret("restorer", restorer) };
  const at = targetOf.parse({ nodes: [target.url], auth, reader: { method: "approle", secret: "static" }, drill: true });
  const it = restore(at, world.surroundings, { protected: false });
  const { opened } = source.taken;
  const before = await serversOf(target, target.rootToken);
  const plan = await planned(it, opened, {});
  const step = await it.advance(plan, opened, {}, [], execution(), aContext());
  return { source, target, before, plan, step, proven: await it.prove(opened, {}, step.made, aContext()) };
}
type Members = { data: { config: { servers: { node_id: string; address: string }[] } } };
async function serversOf(bao: Openbao, token: string) {
  const { data } = await granted(bao.call<Members>("GET", "sys/storage/raft/configuration", undefined, token), "tell its servers");
  return data.config.servers.map(({ node_id, address }) => ({ node_id, address }));
}

test("a target with the same seal key opens by itself: nobody is asked for anything", async () => {
  const { source, target, plan, step, proven } = await drill;
  expect(plan.steps).toContain("wait until it opens by itself with the static seal's key k1");
  expect(step.state).toBe("loaded");
  const { data } = source.taken.opened.backup.native.entries;
  expect(proven).toMatchObject({ expected: data, found: data, findings: [] });
  expect(await takeVaultCensus(target, source.app)).toEqual(source.census);
});

test("its servers keep their own names and addresses, which tell it from the source from then on", async () => {
  const { source, target, before } = await drill;
  expect(await serversOf(target, source.bao.rootToken)).toEqual(before);
  const [own, its] = [before, await serversOf(source.bao, source.bao.rootToken)];
  expect(own.map(({ address }) => address)).not.toEqual(its.map(({ address }) => address));
});
