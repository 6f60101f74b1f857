import { ObjectExists, ObjectTooLarge, OutcomeUnknown, StoreUnavailable } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, context, digest, failing, inChunks, keysOf } from "../contract/subject.ts";
import { jsonRefusal, type Reply } from "./kit/fakegcs/reply.ts";
import type { FakeGcs } from "./kit/fakegcs/server.ts";
import { type Opened, opened, part } from "./kit/subject.ts";

const small = bytesOf(1_000);
const large = bytesOf(3 * part + 17);
const bodies = [
  { what: "one request", body: small, last: "POST multipart" },
  { what: "pieces", body: large, last: "PUT session" },
];
const create = ({ store }: Opened, body: Uint8Array, key = "k") => store.create.create(key, inChunks(body), context());
const readBack = async ({ store }: Opened) => digest(await collect(store.read.read({ key: "k" })));
const calls = ({ asked }: FakeGcs) => asked.map(({ call }) => call);
const broken: Reply = { status: 503, body: "no" };
/** Every try of the last call, and those of asking how far it came. */
const always = 100;

describe("creating in Google Cloud Storage", () => {
  test("a small body is one conditional request with a digest", async () => {
    const world = await opened();
    expect(await create(world, small)).toMatchObject({
      key: "k",
      bytes: 1_000,
      sums: { crc32c: expect.any(String), md5: expect.any(String) },
    });
    expect(calls(world.fake)).toEqual(["POST multipart"]);
    expect(world.fake.asked[0]?.query.get("ifGenerationMatch")).toBe("0");
    expect(world.fake.asked[0]?.body.toString("latin1")).toContain('"md5Hash":"');
  });

  test("a large body is a conditional session, whose last request alone carries the digest, and no request of it a token", async () => {
    const world = await opened();
    await create(world, large);
    expect(calls(world.fake)).toEqual(["POST resumable", ...Array(4).fill("PUT session")]);
    expect(world.fake.asked[0]?.query.get("ifGenerationMatch")).toBe("0");
    const pieces = world.fake.asked.slice(1);
    expect(pieces.map(({ headers }) => headers["x-goog-hash"] !== undefined)).toEqual([false, false, false, true]);
    expect(pieces.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  test("a taken key is known before the first byte of a large body is sent", async () => {
    const world = await opened();
    world.fake.bucket.make("k", small);
    await expect(create(world, large)).rejects.toBeInstanceOf(ObjectExists);
    expect(calls(world.fake)).toEqual(["POST resumable"]);
  });

  test("somebody who was faster while the pieces were on their way is left alone, and the session is given back", async () => {
    const world = await opened();
    world.fake.meanwhile = ({ call }) =>
      void (call === "PUT session" && !world.fake.bucket.live("k") && world.fake.bucket.make("k", small));
    await expect(create(world, large)).rejects.toBeInstanceOf(ObjectExists);
    expect(world.fake.bucket.sessions.size).toBe(0);
    expect(await readBack(world)).toBe(digest(small));
  });

  test.each(bodies)("in $what: a bit that changes on the way is refused by its digest, and nothing is stored", async ({ body, last }) => {
    const world = await opened();
    world.fake.faults.push({ call: last, alter: true });
    await expect(create(world, body)).rejects.toMatchObject({
      name: "StoreUnavailable",
      message: expect.stringContaining("changed on the way"),
    });
    expect(await keysOf(world.store, "")).toEqual([]);
    expect(world.fake.bucket.sessions.size).toBe(0);
  });

  test("a bit that changes in a piece that is not the last is refused with the last", async () => {
    const world = await opened();
    world.fake.faults.push({ call: "PUT session", after: 1, alter: true });
    await expect(create(world, large)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await keysOf(world.store, "")).toEqual([]);
  });

  describe("whose connection breaks", () => {
    test.each(["before", "midway", "after"] as const)("%s a piece took effect: it goes on where the server stopped", async (reset) => {
      for (const after of [0, 1, 3]) {
        const world = await opened();
        world.fake.faults.push({ call: "PUT session", after, reset });
        expect(await create(world, large)).toMatchObject({ bytes: large.length });
        expect(await readBack(world)).toBe(digest(large));
      }
    });

    test("again and again: as long as it gets further it goes on", async () => {
      const world = await opened({ part: 12 * part });
      const body = bytesOf(13 * part + 1);
      // Every other one is the question how far it came, which has no body to break.
      world.fake.faults.push({ call: "PUT session", reset: "midway", times: 16 });
      expect(await create(world, body)).toMatchObject({ bytes: body.length });
      expect(await readBack(world)).toBe(digest(body));
    });

    test.each(bodies)("in $what, after it took effect: it is stored, and create says so", async ({ body, last }) => {
      const world = await opened();
      world.fake.faults.push({ call: last, after: last === "PUT session" ? 3 : 0, reset: "after" });
      const made = await create(world, body);
      expect(made.version).toBe(String(world.fake.bucket.live("k")?.generation));
      expect(await readBack(world)).toBe(digest(body));
    });

    test.each(bodies)("in $what, for good after it took effect: the listing settles it", async ({ body, last }) => {
      const world = await opened();
      world.fake.faults.push({ call: last, after: last === "PUT session" ? 3 : 0, reset: "after", times: always });
      expect(await create(world, body)).toMatchObject({ bytes: body.length, sums: { crc32c: expect.any(String) } });
    });

    test.each(bodies)("in $what, for good before it arrived: OutcomeUnknown, and nothing is left", async ({ body, last }) => {
      const world = await opened();
      world.fake.faults.push({ call: last, after: last === "PUT session" ? 3 : 0, reset: "before", times: always });
      await expect(create(world, body)).rejects.toBeInstanceOf(OutcomeUnknown);
      expect(await keysOf(world.store, "")).toEqual([]);
    });

    test.each(bodies)("in $what, and somebody else's bytes of that length stand there: ObjectExists", async ({ body, last }) => {
      const world = await opened();
      world.fake.faults.push({ call: last, after: last === "PUT session" ? 3 : 0, reset: "before", times: always });
      world.fake.meanwhile = ({ call }) => void (call === "GET list" && world.fake.bucket.make("k", bytesOf(body.length, 2)));
      await expect(create(world, body)).rejects.toBeInstanceOf(ObjectExists);
    });

    test.each(bodies)("in $what, and the listing fails too: OutcomeUnknown", async ({ body, last }) => {
      const world = await opened();
      world.fake.faults.push({ call: last, after: last === "PUT session" ? 3 : 0, reset: "after", times: always });
      world.fake.faults.push({ call: "GET list", answer: jsonRefusal(403, "forbidden", "no").reply });
      await expect(create(world, body)).rejects.toBeInstanceOf(OutcomeUnknown);
    });

    test("when all had arrived and nothing was made: what is made then is compared with the digest too", async () => {
      for (const alter of [false, true]) {
        const world = await opened();
        const { sessions } = world.fake.bucket;
        if (alter) world.fake.faults.push({ call: "PUT session", alter: true });
        world.fake.faults.push({ call: "PUT session", after: alter ? 1 : 2, answer: broken });
        world.fake.meanwhile = ({ headers, body }) => {
          for (const one of sessions.values()) if (headers["x-goog-hash"] && body.length > 0) one.held = Buffer.concat([one.held, body]);
        };
        const creating = create(world, bytesOf(3 * part));
        if (alter) await expect(creating).rejects.toBeInstanceOf(StoreUnavailable);
        else expect(await creating).toMatchObject({ bytes: 3 * part });
        expect(await keysOf(world.store, "")).toEqual(alter ? [] : ["k"]);
      }
    });

    test("with an answer that says nothing, after it took effect: what the next try finds is its own", async () => {
      const world = await opened();
      world.fake.faults.push({ call: "POST multipart", instead: broken });
      expect(await create(world, small)).toMatchObject({ bytes: small.length });
      expect(calls(world.fake)).toEqual(["POST multipart", "POST multipart", "GET list"]);
    });

    test("and the next try finds the key taken by itself: success", async () => {
      const world = await opened();
      world.fake.faults.push({ call: "POST multipart", reset: "after" });
      expect(await create(world, small)).toMatchObject({ bytes: small.length });
      expect(calls(world.fake)).toEqual(["POST multipart", "POST multipart", "GET list"]);
    });
  });

  test("a plain refusal of a taken key asks nobody else, also for the same bytes", async () => {
    const world = await opened();
    world.fake.bucket.make("k", small);
    await expect(create(world, small)).rejects.toBeInstanceOf(ObjectExists);
    expect(calls(world.fake)).toEqual(["POST multipart"]);
  });

  test("a session that is lost half-way is StoreUnavailable; one that is lost at its end is settled", async () => {
    const gone = jsonRefusal(410, "gone", "Gone").reply;
    const halfway = await opened();
    halfway.fake.faults.push({ call: "PUT session", after: 1, answer: gone });
    await expect(create(halfway, large)).rejects.toBeInstanceOf(StoreUnavailable);
    const ended = await opened();
    ended.fake.faults.push({ call: "PUT session", after: 3, reset: "after" }, { call: "PUT session", answer: gone });
    expect(await create(ended, large)).toMatchObject({ bytes: large.length });
  });

  test("a session at another address is not followed", async () => {
    const world = await opened();
    world.fake.faults.push({ call: "POST resumable", answer: { status: 200, headers: { location: "https://elsewhere.example/upload" } } });
    await expect(create(world, large)).rejects.toMatchObject({
      name: "StoreUnavailable",
      message: expect.stringContaining("another address"),
    });
  });

  test("a server that claims to hold more or less than it can is not believed", async () => {
    for (const range of ["bytes=0-999999999", "nonsense"]) {
      const world = await opened();
      world.fake.faults.push({ call: "PUT session", after: 1, answer: { status: 308, headers: { range } }, times: always });
      await expect(create(world, large)).rejects.toBeInstanceOf(StoreUnavailable);
    }
  });

  test("slow down: waits as long as it is told, and no try is lost", async () => {
    const world = await opened();
    for (const call of ["POST resumable", "PUT session"])
      world.fake.faults.push({ call, answer: { status: 429, headers: { "retry-after": "7" } }, times: 2 });
    await create(world, large);
    expect(world.waits).toEqual([7_000, 7_000, 7_000, 7_000]);
    expect(await readBack(world)).toBe(digest(large));
  });

  test("a server that never recovers is given up after some tries", async () => {
    const world = await opened();
    world.fake.faults.push({ call: "POST resumable", answer: broken, times: always });
    await expect(create(world, large)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(calls(world.fake)).toHaveLength(6);
    expect(world.waits.every((wait, i) => wait >= 250 * 2 ** i && wait <= 500 * 2 ** i)).toBe(true);
  });

  test("takes from the producer no more than a piece that is on its way and one that is filled", async () => {
    const world = await opened();
    let taken = 0;
    const most: number[] = [];
    world.fake.meanwhile = ({ call, headers }) => {
      const [, from] = /bytes (\d+)-/.exec(headers["content-range"] ?? "") ?? [];
      if (call === "PUT session" && from !== undefined) most.push(taken - Number(from) / part);
    };
    const body = async function* () {
      for (; taken < 12; taken++) yield bytesOf(part);
    };
    await world.store.create.create("k", body(), context());
    expect(Math.max(...most)).toBeLessThanOrEqual(3);
    expect(world.fake.bucket.live("k")?.bytes.length).toBe(12 * part);
  });

  test("a producer that fails does not wait for a piece that nobody answers", async () => {
    const world = await opened();
    world.fake.faults.push({ call: "PUT session", hang: true });
    const error = new Error("the dump died");
    await expect(world.store.create.create("k", failing(large, part + 1, error), context())).rejects.toBe(error);
    expect(world.fake.bucket.sessions.size).toBe(0);
  });

  test("an abort that fails does not hide what went wrong before", async () => {
    const world = await opened();
    world.fake.faults.push({ call: "DELETE session", reset: "before", times: always });
    const error = new Error("the dump died");
    await expect(world.store.create.create("k", failing(large, 2 * part + 1, error), context())).rejects.toBe(error);
  });

  test("a stream that outgrows the store is too large, and its session is given back", async () => {
    const world = await opened({ limits: { maxObject: 2 * part } });
    await expect(create(world, large)).rejects.toBeInstanceOf(ObjectTooLarge);
    expect(world.fake.bucket.sessions.size).toBe(0);
  });
});
