import { randomUUID } from "node:crypto";
import type { Opened, Proven } from "@holdfast/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { aContext } from "../../../test/kit/taken.ts";
import { addRole, apply, aSeal } from "./kit/fakecluster.ts";
import { type FakeVault, fail } from "./kit/fakeport.ts";
import { snapshotOf } from "./kit/fakesnapshot.ts";
import { aSource, aTarget, MARKER, READER, restoring, targetOf } from "./kit/restoring.ts";
import { aSnapshot, type Shape } from "./kit/snapshot.ts";
import { openWorld, type World } from "./kit/world.ts";
import type { Native } from "./native.ts";

let world: World;
let target: FakeVault;
let source: FakeVault;
let opened: Opened<Native>;
/** What the restored target's own snapshot holds, beside what it is. */
let inside: Shape;

beforeEach(async () => {
  world = await openWorld();
  const from = await aSource(world);
  source = from.fake;
  opened = from.opened;
  target = await aTarget(world, source.cluster.image.seal);
  target.cluster.image = structuredClone(source.cluster.image);
  inside = {};
  target.snapshot = (fake) => aSnapshot({ ...snapshotOf(fake), ...inside });
});
afterEach(async () => {
  await Promise.all([source.end(), target.end()]);
  await world.end();
});
const prove = (some = {}): Promise<Proven> =>
  restoring(world, targetOf(target, { drill: true, ...some })).prove(opened, {}, [], aContext());
const told = ({ findings }: Proven) => findings.map(({ severity, name }) => `${severity} ${name}`);
/** A secret id that was made after the backup. */
const rotated = () => ({ role_id: [...source.cluster.image.roles.keys()][0], secret_id: randomUUID() });
/** As core decides it. */
const fails = ({ expected, found, findings }: Proven) => expected !== found || findings.some(({ severity }) => severity === "refuse");

test("counts every entry of every mount again", async () => {
  const { data } = opened.backup.native.entries;
  expect(await prove()).toEqual({ unit: "entries", thing: "mount", things: 1, expected: data, found: data, findings: [] });
});

test("logs in as the reader alone, who came with the backup", async () => {
  await prove();
  const roles = target.asked.flatMap(({ path, body }) => (path === "auth/approle/login" ? [body.role_id] : []));
  expect(roles).toEqual([JSON.parse(await world.surroundings.secrets("reader")).role_id]);
});

describe("fails, and never passes (F27)", () => {
  test.each<[string, () => void, { name: string; hint: RegExp }]>([
    ["the reader's login", () => target.cluster.image.roles.clear(), { name: "LoginRefused", hint: /role id is wrong/ }],
    ["the reader's secret id", () => world.secret("reader", rotated()), { name: "LoginRefused", hint: /secret_id/ }],
    ["the reader's secret", () => world.secret("reader", "not json"), { name: "SecretUnusable", hint: /secret_id/ }],
    [
      "the reader's right to the marker",
      () => world.secret("reader", addRole(target.cluster, { ...READER, [MARKER]: ["deny"] })),
      { name: "PolicyTooNarrow", hint: new RegExp(`path "${MARKER}"`) },
    ],
    [
      "the reader's right to snapshots",
      () => world.secret("reader", addRole(target.cluster, { [MARKER]: ["read"] })),
      { name: "PolicyTooNarrow", hint: /path "sys\/storage\/raft\/snapshot"/ },
    ],
    ["the cluster that was restored", () => (target.cluster.image.clusterId = "another"), { name: "TargetChanged", hint: /who else/ }],
  ])("without %s, and says nothing of the backup", async (_, remove, { name, hint }) => {
    remove();
    await expect(prove()).rejects.toMatchObject({ name, fault: "input", hint: expect.stringMatching(hint) });
  });

  const somebody = { severity: "refuse", hint: "Somebody wrote there since, or it is not this backup." };
  test("without what stood at the marker", async () => {
    target.cluster.image.kv.delete(MARKER);
    const proven = await prove();
    expect(proven.findings).toContainEqual(expect.objectContaining({ ...somebody, name: "marker-missing" }));
    expect(fails(proven)).toBe(true);
  });

  test("with another marker than the backup read", async () => {
    target.cluster.image.kv.set(MARKER, { data: { value: "another" }, metadata: { version: 2 } });
    const proven = await prove();
    expect(proven.findings).toContainEqual(expect.objectContaining({ ...somebody, name: "marker-differs" }));
    expect(fails(proven)).toBe(true);
  });

  test("with an entry less, and says how many and none of their names", async () => {
    target.cluster.image.kv.delete("secret/data/a");
    const proven = await prove();
    const { data } = opened.backup.native.entries;
    expect(proven).toMatchObject({ expected: data, found: data - 1 });
    expect(proven.findings).toEqual([
      expect.objectContaining({
        name: "entries-missing",
        message: `1 of ${data} entries are not there`,
        hint: expect.stringContaining("Look for who deleted them"),
      }),
    ]);
    expect(fails(proven)).toBe(true);
  });

  test("with a backup that holds other entries than its manifest tells", async () => {
    opened.backup.native.entries.data++;
    expect(told(await prove())).toEqual(["refuse entries-miscounted"]);
  });

  test("when the target's new snapshot is cut, without blaming the backup", async () => {
    const whole = target.snapshot;
    target.snapshot = (fake) => whole(fake).subarray(0, -2000);
    await expect(prove()).rejects.toMatchObject({
      name: "TargetProofBroken",
      fault: "world",
      hint: expect.stringContaining("It says nothing about the backup"),
    });
  });

  test("when the backup cannot be read to its end", async () => {
    const open = opened.open;
    opened.open = async function* (name) {
      yield* open(name);
      throw new Error("digests differ");
    };
    await expect(prove()).rejects.toThrow("digests differ");
  });

  test("when a read fails for a reason that may pass", async () => {
    target.overrides.push(({ path }, response) => path === MARKER && fail(response, 500, "internal error"));
    await expect(prove()).rejects.toMatchObject({
      name: "VaultRefused",
      fault: "world",
      hint: "The node's log says more.",
    });
  });

  test("when the target is gone", async () => {
    await target.end();
    await expect(prove()).rejects.toMatchObject({
      name: "NodesUnreachable",
      hint: expect.stringContaining("security groups"),
    });
  });
});

test("notes what was written again", async () => {
  const { data } = opened.backup.native.entries;
  target.cluster.image.kv.set("secret/data/b", { changed: true });
  const proven = await prove();
  expect(proven).toMatchObject({ expected: data, found: data });
  expect(proven.findings).toEqual([
    expect.objectContaining({ name: "entries-written", message: "1 entries were written again since it came up" }),
  ]);
});

test("leaves out what goes with its token, of a cubbyhole that everybody may see", async () => {
  const uuid = "7ec90c60-b503-59ea-41ee-3580364dbf0a";
  const gone = { key: `logical/${uuid}/2LNZumhj4RFnp0lagHVlOR1F/x`, value: Buffer.from("x") };
  const whole = aSnapshot({
    ...snapshotOf(target),
    items: [...(snapshotOf(target).items ?? []), gone].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  });
  opened.open = async function* () {
    yield whole;
  };
  opened.backup.native.entries.data++;
  const mounts = { data: { secret: { "cubbyhole/": { type: "cubbyhole", uuid } } } };
  const lost = await prove();
  expect(fails(lost)).toBe(true);
  target.overrides.push(({ path }, response) => {
    if (path !== "sys/internal/ui/mounts") return false;
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(mounts));
    return true;
  });
  const proven = await prove();
  expect(fails(proven)).toBe(false);
  expect(told(proven)).toEqual(["note entries-expired"]);
  mounts.data.secret["cubbyhole/"].type = "identity";
  expect(fails(await prove())).toBe(true);
});

test("tells people what reverted, which keys count now and what to rotate", async () => {
  opened.backup.slot = "20261118T020000Z";
  const context = { ...aContext(), now: () => new Date("2026-11-21T14:00:00Z") };
  const { findings } = await restoring(world, targetOf(target)).prove(opened, {}, [], context);
  expect(findings.map(({ message, hint }) => `${message}. ${hint}`)).toEqual([
    "everything there is again as it was 4 days ago. Tokens and secret ids that were issued since are gone, and those that were revoked since are valid again: revoke them again.",
    "leases that ended since are being revoked at the databases and clouds that they belong to. Look at what the original has handed out under the same names, before you let both run.",
    "it has the keys of the original cluster now: 2 of the 3 unseal keys of the original cluster. The keys and the root token that the target had before are worthless. `bao operator generate-root` makes a new one.",
    "the reader's secret id is as old as the backup. Make a new one, write it into reader, and destroy the old one.",
  ]);
});

test("names the key of a seal that opens by itself", async () => {
  const seal = { type: "static", shares: 3, threshold: 2, key: "k1" };
  opened.backup.native.seal = seal;
  apply(target.cluster, { ...target.cluster.image, seal: aSeal({ type: "static", keys: ["k1"] }) });
  target.cluster.sealed = false;
  const { findings } = await restoring(world, targetOf(target)).prove(opened, {}, [], aContext());
  expect(findings.find(({ name }) => name === "keys-of-the-original")?.message).toBe(
    "it has the keys of the original cluster now, which the static seal's key k1 opens: 2 of the 3 recovery keys of the original cluster",
  );
});
