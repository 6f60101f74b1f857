import { Readable } from "node:stream";
import { ShortRead, type StoreRead } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, digest } from "../contract/subject.ts";
import { type Asked, type Reply, scripted } from "./kit/scripted.ts";
import { s3Store } from "./s3.ts";

const body = bytesOf(1_000);

/** Answers GETs from `body`, with what `spoil` makes of the stream of the nth answer (from 1). */
function serving(spoil: (bytes: Uint8Array, n: number) => Readable, { ranges = true } = {}): { read: StoreRead; asked: Asked[] } {
  let n = 0;
  const { client, asked } = scripted(({ headers }): Reply => {
    n += 1;
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec((ranges && headers.range) || "") ?? [];
    const [from, to] = [Number(first ?? 0), last ? Number(last) + 1 : body.length];
    const told: Record<string, string> = first === undefined ? {} : { "content-range": `bytes ${from}-${to - 1}/${body.length}` };
    return {
      status: first === undefined ? 200 : 206,
      headers: { "content-length": `${to - from}`, "x-amz-version-id": "v7", etag: '"tag"', ...told },
      body: spoil(body.subarray(from, to), n),
    };
  });
  return { read: s3Store(client, { bucket: "acme" }).read, asked };
}
const whole = (bytes: Uint8Array) => Readable.from([bytes]);
/** Sends `upTo` bytes, then breaks like a connection. */
const breaking = (bytes: Uint8Array, upTo: number) =>
  Readable.from(
    (async function* () {
      if (upTo > 0) yield bytes.subarray(0, upTo);
      throw Object.assign(new Error("aborted"), { code: "ECONNRESET" });
    })(),
  );

describe("reading from S3", () => {
  test("goes on where the connection broke, with the version that it began with", async () => {
    const { read, asked } = serving((bytes, n) => (n < 4 ? breaking(bytes, 300) : whole(bytes)));
    expect(digest(await collect(read.read({ key: "k" })))).toBe(digest(body));
    expect(asked.map(({ headers }) => headers.range)).toEqual([undefined, "bytes=300-999", "bytes=600-999", "bytes=900-999"]);
    expect(asked.map(({ query }) => query.versionId)).toEqual([undefined, "v7", "v7", "v7"]);
  });

  test("goes on within a range", async () => {
    const { read, asked } = serving((bytes, n) => (n === 1 ? breaking(bytes, 7) : whole(bytes)));
    expect(digest(await collect(read.read({ key: "k", version: "v7" }, { from: 100, to: 200 })))).toBe(digest(body.subarray(100, 200)));
    expect(asked.map(({ headers }) => headers.range)).toEqual(["bytes=100-199", "bytes=107-199"]);
  });

  test("a body that ends early without an error is no whole body either", async () => {
    const { read, asked } = serving((bytes, n) => whole(n === 1 ? bytes.subarray(0, 400) : bytes));
    expect(digest(await collect(read.read({ key: "k" })))).toBe(digest(body));
    expect(asked).toHaveLength(2);
  });

  test.each(["breaks", "ends"])("throws ShortRead when the body %s again and again without a byte", async (how) => {
    const { read, asked } = serving((bytes, n) => {
      const upTo = n === 1 ? 250 : 0;
      return how === "breaks" ? breaking(bytes, upTo) : Readable.from(upTo > 0 ? [bytes.subarray(0, upTo)] : []);
    });
    const got: Uint8Array[] = [];
    const reading = async () => {
      for await (const chunk of read.read({ key: "k" })) got.push(chunk);
    };
    await expect(reading()).rejects.toMatchObject({ name: "ShortRead", expected: 1_000, got: 250 });
    expect(Buffer.concat(got).length).toBe(250);
    expect(asked).toHaveLength(4);
  });

  test("hands out the range also of a server that ignores ranges", async () => {
    const { read } = serving(() => Readable.from([body.subarray(0, 333), body.subarray(333)]), { ranges: false });
    for (const [from, to] of [
      [0, 10],
      [330, 340],
      [999, 1_000],
      [400, 1_000],
    ] as const)
      expect(digest(await collect(read.read({ key: "k" }, { from, to })))).toBe(digest(body.subarray(from, to)));
    await expect(collect(read.read({ key: "k" }, { from: 900, to: 1_001 }))).rejects.toBeInstanceOf(ShortRead);
  });

  test("a server that sends another range than it was asked for is not believed", async () => {
    const { client } = scripted(() => ({
      status: 206,
      headers: { "content-length": "10", "content-range": "bytes 105-114/1000" },
      body: whole(body.subarray(105, 115)),
    }));
    const { read } = s3Store(client, { bucket: "acme" });
    await expect(collect(read.read({ key: "k" }, { from: 100, to: 110 }))).rejects.toBeInstanceOf(ShortRead);
  });

  test("never hands out more than was promised", async () => {
    const { read } = serving((bytes) => Readable.from([bytes, Buffer.from("more")]));
    expect(digest(await collect(read.read({ key: "k" })))).toBe(digest(body));
  });

  test.each(["abandoned", "stopped"])("destroys the connection of a read that is %s", async (how) => {
    const bodies: Readable[] = [];
    const { read } = serving((bytes) => {
      const stream = Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]);
      bodies.push(stream);
      return stream;
    });
    const stop = new AbortController();
    const reason = new Error("enough");
    const reading = async () => {
      for await (const _ of read.read({ key: "k" }, undefined, stop.signal)) {
        if (how === "abandoned") break;
        stop.abort(reason);
      }
    };
    if (how === "abandoned") await reading();
    else await expect(reading()).rejects.toBe(reason);
    expect(bodies.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  test("stops while the body is silent, and destroys its connection", async () => {
    const silent = new Readable({ read: () => {} });
    const { read } = serving(() => silent);
    const stop = new AbortController();
    const reason = new Error("enough");
    silent.push(Buffer.from("some"));
    const reading = async () => {
      for await (const _ of read.read({ key: "k" }, undefined, stop.signal)) setImmediate(() => stop.abort(reason));
    };
    await expect(reading()).rejects.toBe(reason);
    expect(silent.destroyed).toBe(true);
  });
});
