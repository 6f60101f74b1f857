import { inspect } from "node:util";
import { HoldfastError, ObjectMissing, ObjectTooLarge, StoreDenied, StoreUnavailable } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, context, digest, inChunks, keysOf } from "../contract/subject.ts";
import { delay } from "./backoff.ts";
import { sender } from "./http.ts";
import { jsonRefusal, type Reply } from "./kit/fakegcs/reply.ts";
import { opened, storeOn } from "./kit/subject.ts";
import { escaped, textIn } from "./xml.ts";

const always = 100;
async function refusedWith(reply: Reply, call = "GET media"): Promise<HoldfastError> {
  const { fake, store } = await opened();
  fake.faults.push({ call, answer: reply, times: always });
  const error = await (call === "GET list" ? keysOf(store, "") : collect(store.read.read({ key: "k" }))).then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(HoldfastError);
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain("verysecret");
  return error as HoldfastError;
}
const refusal = (status: number, reason: string, message: string) => jsonRefusal(status, reason, message).reply;

describe("a refusal of Google Cloud Storage", () => {
  test.each([
    [
      refusal(403, "forbidden", "x does not have storage.objects.get access"),
      StoreDenied,
      /storage\.objects\.get on the bucket acme-backups/,
    ],
    [refusal(403, "accountDisabled", "The billing account is disabled"), StoreDenied, /billing/i],
    [refusal(403, "quotaExceeded", "Quota exceeded"), StoreUnavailable, /quota/],
    [{ status: 429, body: "" }, StoreUnavailable, /quota/],
    [refusal(404, "notFound", "The specified bucket does not exist."), StoreUnavailable, /bucket/],
    [refusal(404, "notFound", "No such object: acme-backups/k"), ObjectMissing, /List/],
    [refusal(403, "retentionPolicyNotMet", "Object is subject to the bucket's retention policy"), StoreDenied, /lock or hold/],
    [{ status: 413, body: "" }, ObjectTooLarge, /Split/],
    [{ status: 503, body: "<html>" }, StoreUnavailable, /Try again/],
    [{ status: 400, body: "odd" }, StoreUnavailable, /Try again/],
  ])("%# says what happened and what to do", async (reply, kind, hint) => {
    const error = await refusedWith(reply);
    expect(error).toBeInstanceOf(kind);
    expect(error.hint).toMatch(hint);
  });

  test.each([301, 302, 307, 308])("that is a redirect (%i) is not followed and names the endpoint", async (status) => {
    const { fake, store } = await opened();
    fake.faults.push({ call: "GET media", answer: { status, headers: { location: `${fake.origin}/acme-backups/other` } } });
    const error = await collect(store.read.read({ key: "k" })).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.hint).toMatch(/endpoint.*never followed/);
    expect(fake.asked).toHaveLength(1);
  });

  test("of a listing means the bucket, whatever it says", async () => {
    expect((await refusedWith({ status: 404, body: "Not Found" }, "GET list")).message).toContain("there is no bucket acme-backups");
  });

  test("that is none of Google's is not understood", async () => {
    for (const body of ["<html>proxy</html>", '{"items": [{"name": 5}]}'])
      expect((await refusedWith({ status: 200, body }, "GET list")).hint).toContain("proxies");
    const { fake, store } = await opened();
    fake.faults.push(
      { call: "GET object", answer: { status: 200, body: "{}" } },
      { call: "GET media", answer: { status: 200, body: "x" } },
    );
    await expect(store.read.head({ key: "k" })).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(collect(store.read.read({ key: "k" }))).rejects.toBeInstanceOf(StoreUnavailable);
  });

  test("where nobody answers is StoreUnavailable", async () => {
    const { fake } = await opened();
    const store = storeOn(fake);
    await fake.stop();
    const error = await keysOf(store, "").catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.message).toContain("ECONNREFUSED");
  });
});

describe("reading from Google Cloud Storage", () => {
  const body = bytesOf(3_000_000);
  const stored = async () => {
    const world = await opened();
    world.fake.bucket.make("k", body);
    return world;
  };

  test("goes on over a new connection, with the same generation, when one breaks", async () => {
    const { fake, store } = await stored();
    fake.cut = 700_001;
    const version = String(fake.bucket.live("k")?.generation);
    fake.meanwhile = () => void (fake.asked.length === 2 && fake.bucket.make("k", bytesOf(5, 9)));
    expect(digest(await collect(store.read.read({ key: "k" })))).toBe(digest(body));
    const from = [700_001, 1_400_002, 2_100_003, 2_800_004].map((at) => `bytes=${at}-2999999`);
    expect(fake.asked.map(({ headers }) => headers.range)).toEqual([undefined, ...from]);
    expect(fake.asked.slice(1).map(({ query }) => query.get("generation"))).toEqual(from.map(() => version));
  });

  test("stops with the signal's reason while nobody answers, and asks no more", async () => {
    const { fake, store } = await stored();
    fake.faults.push({ call: "GET media", hang: true });
    const stop = new AbortController();
    const reason = new Error("the deadline is near");
    const reading = collect(store.read.read({ key: "k" }, undefined, stop.signal));
    setTimeout(() => stop.abort(reason), 5);
    await expect(reading).rejects.toBe(reason);
    await expect.poll(() => fake.connections()).toBe(0);
  });

  test("whose connection says nothing for too long is over", async () => {
    const { fake } = await stored();
    fake.faults.push({ call: "GET media", hang: true });
    const url = `${fake.origin}/storage/v1/b/acme-backups/o/k?alt=media`;
    await expect(sender()({ method: "GET", url, patience: 20 })).rejects.toThrow("silent");
  });

  test("ends with ShortRead when answers bring nothing any more, and in a range too", async () => {
    for (const range of [undefined, { from: 10, to: 2_000_000 }]) {
      const { fake, store } = await stored();
      fake.cut = 0;
      const error = await collect(store.read.read({ key: "k" }, range)).catch((thrown) => thrown);
      expect(error).toMatchObject({ name: "ShortRead", got: 0, expected: range ? 1_999_990 : 3_000_000 });
      expect(fake.asked).toHaveLength(3);
    }
  });

  test("takes its bytes out of the whole where a server passes over the range", async () => {
    const { fake, store } = await stored();
    const whole = { status: 200, headers: { "x-goog-generation": "1" }, body };
    fake.faults.push({ call: "GET media", answer: whole });
    expect(digest(await collect(store.read.read({ key: "k" }, { from: 5, to: 9 })))).toBe(digest(body.subarray(5, 9)));
  });

  test("a version that is no generation is missing, and nobody is asked", async () => {
    const { fake, store } = await stored();
    for (const version of ["", "latest", "1 2", "99999999999999999999999"]) {
      expect(await store.read.head({ key: "k", version })).toBeUndefined();
      await expect(collect(store.read.read({ key: "k", version }))).rejects.toBeInstanceOf(ObjectMissing);
    }
    expect(fake.asked).toEqual([]);
  });
});

describe("a large answer before the body was taken", () => {
  test("is heard, and the next request is a new one", async () => {
    const { fake, store } = await opened({ part: 16_777_216 });
    fake.faults.push({ call: "POST multipart", early: { status: 412, body: "{}" } });
    await expect(store.create.create("k", inChunks(bytesOf(8_000_000)), context())).rejects.toMatchObject({ name: "ObjectExists" });
    expect(await store.create.create("k", inChunks(bytesOf(10)), context())).toMatchObject({ bytes: 10 });
  });
});

describe("waiting", () => {
  test("is as long as the server says, up to a minute; else twice as long each time, and half of it at random", () => {
    expect([delay(1, { "retry-after": "0" }), delay(1, { "retry-after": "7" }), delay(1, { "retry-after": "3600" })]).toEqual([
      0, 7_000, 60_000,
    ]);
    for (const [tries, most] of [
      [1, 500],
      [2, 1_000],
      [5, 8_000],
      [20, 32_000],
    ] as const) {
      const waits = Array.from({ length: 20 }, () => delay(tries, { "retry-after": "Sat, 21 Nov 2026 08:00:00 GMT" }));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(most / 2);
      expect(Math.max(...waits)).toBeLessThanOrEqual(most);
      expect(new Set(waits).size).toBeGreaterThan(1);
    }
  });

  test("ends with the signal's reason", async () => {
    const { fake } = await opened();
    const { pause } = await import("./backoff.ts");
    const reason = new Error("the deadline is near");
    fake.faults.push({ call: "POST multipart", answer: { status: 503, headers: { "retry-after": "60" }, body: "" } });
    const stop = new AbortController();
    setImmediate(() => stop.abort(reason));
    await expect(pause(60_000, stop.signal)).rejects.toBe(reason);
  });
});

test("XML is read and written with its entities", () => {
  const text = `<a> & "b" 'c' é😀`;
  expect(textIn(`<x><Message lang="en">${escaped(text)}</Message></x>`, "Message")).toBe(text);
  expect(textIn("<Code>&#x27;&#39;&apos;&bogus;</Code>", "Code")).toBe("'''&bogus;");
  expect(textIn("<Codes>no</Codes>", "Code")).toBeUndefined();
});
