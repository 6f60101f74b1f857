import { publicKeyKey, type Replay, type StoreList, StoreUnavailable, type WatchedSource, type WatchPorts, watch } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { firstSlot, type Rig, rig } from "../../kit/rig.ts";
import { textOf } from "../../kit/rows.ts";
import { signer } from "../../kit/signer.ts";

const watched = (name: string): WatchedSource => ({
  name,
  kind: "rows",
  schedule: "cron(0 2 * * ? *)",
  alarmHours: 36,
  verified: ["readable"],
});
type Seen = { ports: WatchPorts; published: { source: string; seconds: number }[][]; replayed: Replay[] };
function portsOf(of: Rig, more: Partial<WatchPorts> = {}): Seen {
  const seen: Seen = {
    published: [],
    replayed: [],
    ports: {
      list: of.store.list,
      create: of.store.create,
      publish: async (ages) => void seen.published.push(ages),
      replay: async (replay) => void seen.replayed.push(replay),
      keys: {},
      ...more,
    },
  };
  return seen;
}
const unavailable = new StoreUnavailable("the store did not answer", "Try again.");
/** Answers for every source but one. */
const listing = (of: Rig, without: string): StoreList => ({
  async *list(prefix) {
    if (prefix.includes(`/${without}/`)) throw unavailable;
    yield* of.store.list.list(prefix);
  },
});

describe("watch", () => {
  test("publishes the age of the newest verified backup of each source, once, and none where there is none", async () => {
    const of = rig();
    await of.days(1);
    await of.backup();
    of.context.pass(3_600_000);
    const { ports, published } = portsOf(of);
    const { statuses, failed } = await watch([watched("shop"), watched("bank")], ports, of.context);
    expect(published).toEqual([[{ source: "shop", seconds: 90_000 }]]);
    expect(statuses.map((status) => [status.source, status.verdict])).toEqual([
      ["shop", "ok"],
      ["bank", "breach"],
    ]);
    expect(failed).toEqual([]);
  });
  test("asks again for what was lost", async () => {
    const of = rig();
    await of.days(1);
    await of.backup();
    of.context.pass(86_400_000 + 40 * 60_000);
    const { ports, replayed } = portsOf(of);
    const answer = await watch([watched("shop")], ports, of.context);
    expect(replayed.map((replay) => replay.verb)).toEqual(["backup"]);
    expect(answer.replayed).toEqual(replayed);
  });
  test("asks each time for what captures of such a source began", async () => {
    const of = rig();
    await of.days(1);
    const { ports, replayed } = portsOf(of);
    await watch([{ ...watched("shop"), finishes: true }, watched("bank")], ports, of.context);
    expect(replayed).toEqual([{ verb: "finish", source: "shop" }]);
  });
  test("asks for new evidence, under a run of that day, of what has nothing to read", async () => {
    const of = rig();
    await of.days(2);
    const { ports, replayed } = portsOf(of);
    const present = { ...watched("shop"), recheckHours: 36 };
    await watch([present], ports, of.context);
    expect(replayed.map((replay) => ("run" in replay ? replay.slot : replay.verb))).toEqual([firstSlot]);
    expect(replayed[0]).toMatchObject({ run: of.context.now().toISOString().slice(0, 10).replaceAll("-", "") });
  });
  test("does not let a source that cannot be listed hide the others", async () => {
    const of = rig();
    await of.days(1);
    const { ports, published } = portsOf(of, { list: listing(of, "bank") });
    const { statuses, failed } = await watch([watched("bank"), watched("shop")], ports, of.context);
    expect(failed).toEqual([{ source: "bank", error: unavailable }]);
    expect(statuses.map((status) => status.source)).toEqual(["shop"]);
    expect(published).toEqual([[{ source: "shop", seconds: 86_400 }]]);
  });
  test("does not let a replay that fails hide anything", async () => {
    const of = rig();
    await of.days(1);
    of.context.pass(30 * 60_000);
    const { ports, published } = portsOf(of, { replay: () => Promise.reject(unavailable) });
    const { statuses, failed, replayed } = await watch([watched("shop"), watched("bank")], ports, of.context);
    expect([statuses.length, failed, replayed]).toEqual([2, [{ source: "shop", error: unavailable }], []]);
    expect(published).toEqual([[{ source: "shop", seconds: 88_200 }]]);
  });
  test("publishes what it saw before its deadline, and names what it did not look at", async () => {
    const of = rig();
    await of.days(1);
    const near = new Error("near");
    const list: StoreList = {
      async *list(prefix) {
        yield* of.store.list.list(prefix);
        if (prefix.includes("accepted")) of.context.abort(near);
      },
    };
    const { ports, published } = portsOf(of, { list });
    const { failed } = await watch([watched("shop"), watched("bank")], ports, of.context);
    expect(failed).toEqual([{ source: "bank", error: near }]);
    expect(published).toEqual([[{ source: "shop", seconds: 86_400 }]]);
  });
  test("fails loudly where the ages cannot be published: silence is the alarm", async () => {
    const of = rig();
    const { ports } = portsOf(of, { publish: () => Promise.reject(unavailable) });
    await expect(watch([watched("shop")], ports, of.context)).rejects.toBe(unavailable);
  });
});

describe("the deployment's keys", () => {
  test("are put into the store once, where a reader without AWS finds them", async () => {
    const of = rig();
    const [one, two] = [signer(), signer()];
    const keys = { ...one.trusted, ...two.trusted };
    const writes: string[] = [];
    const create: WatchPorts["create"]["create"] = (key, ...rest) => {
      writes.push(key);
      return of.store.create.create(key, ...rest);
    };
    const { ports } = portsOf(of, { keys, create: { create } });
    await watch([], ports, of.context);
    await watch([], ports, of.context);
    expect(writes).toEqual([publicKeyKey(one.keyId), publicKeyKey(two.keyId)]);
    expect(await textOf(of.store.read.read({ key: publicKeyKey(one.keyId) }))).toBe(one.pem);
  });
  test("are there also when two looks write them at once", async () => {
    const of = rig();
    const { ports } = portsOf(of, { keys: signer().trusted });
    await Promise.all([watch([], ports, of.context), watch([], ports, of.context)]);
    expect(await of.keys("keys/")).toHaveLength(1);
  });
  test("that cannot be written are told", async () => {
    const of = rig();
    const { ports } = portsOf(of, { keys: signer().trusted, create: { create: () => Promise.reject(unavailable) } });
    await expect(watch([], ports, of.context)).rejects.toBe(unavailable);
  });
  test("are not taken for another key whose name begins alike", async () => {
    const of = rig();
    const key = signer();
    of.store.inside.overwrite(`${publicKeyKey(key.keyId)}.old`, Buffer.from("x"));
    await watch([], portsOf(of, { keys: key.trusted }).ports, of.context);
    expect(await of.keys("keys/")).toHaveLength(2);
  });
});
