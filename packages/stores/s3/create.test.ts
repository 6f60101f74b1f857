import { ObjectExists, ObjectTooLarge, OutcomeUnknown, StoreUnavailable } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { bytesOf, context, inChunks } from "../contract/subject.ts";
import { type Asked, beginBody, completeBody, errorBody, type Reply, scripted, versionsBody } from "./kit/scripted.ts";
import { s3Store } from "./s3.ts";
import { etagOfParts, etagOfWhole } from "./settle.ts";

const mebibyte = 1_048_576;
const small = bytesOf(1_000);
const large = bytesOf(2 * 5 * mebibyte + 7);
const partTag = "0".repeat(32);
const largeTag = etagOfParts([partTag, partTag, partTag]);

/** A bucket in which each call answers well unless the script says otherwise. The nth (from 1) call of a kind is told its number. */
function bucket(script: (asked: Asked, n: number) => Reply | undefined | Promise<Reply | undefined>, tries = 1) {
  const counts = new Map<string, number>();
  const { client, asked } = scripted(async (request) => {
    const n = (counts.get(request.call) ?? 0) + 1;
    counts.set(request.call, n);
    const date = { date: "Sat, 21 Nov 2026 08:00:00 GMT" };
    const said = await script(request, n);
    if (said) return said;
    if (request.call === "POST uploads") return { headers: date, body: beginBody };
    if (request.call.startsWith("PUT partNumber")) return { headers: { etag: `"${partTag}"` } };
    if (request.call === "POST uploadId") return { headers: { ...date, "x-amz-version-id": "made" }, body: completeBody };
    if (request.call === "GET versions") return { body: versionsBody([]) };
    if (request.call === "DELETE uploadId") return { status: 204 };
    return { headers: { ...date, "x-amz-version-id": "made", etag: `"${etagOfWhole(small)}"` } };
  }, tries);
  const store = s3Store(client, { bucket: "acme", part: 5 * mebibyte });
  return {
    asked,
    calls: () => asked.map(({ call }) => call),
    create: (body: Uint8Array) => store.create.create("k", inChunks(body), context()),
    store,
  };
}
const listing = (bytes: number, etag: string): Reply => ({
  body: versionsBody([
    { key: "k", bytes, etag },
    { key: "k2", bytes, etag },
  ]),
});
const refused: Reply = { status: 412, body: errorBody("PreconditionFailed") };
const broken: Reply = { status: 500, body: errorBody("InternalError") };

describe("creating in S3", () => {
  test("a small body is one conditional request with a checksum in its headers", async () => {
    const { create, asked } = bucket(() => undefined);
    expect(await create(small)).toEqual({
      key: "k",
      version: "made",
      bytes: 1_000,
      at: new Date("2026-11-21T08:00:00Z"),
      access: "now",
      sums: {},
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.headers).toMatchObject({ "if-none-match": "*", "content-length": "1000", "x-amz-checksum-crc32": expect.any(String) });
    expect(asked[0]?.headers).not.toHaveProperty("x-amz-trailer");
  });

  test("a large body goes in parts, and only the commit is conditional", async () => {
    const { create, asked, calls } = bucket(() => undefined);
    expect(await create(large)).toMatchObject({ version: "made", bytes: large.length });
    expect(calls().toSorted()).toEqual(["POST uploadId", "POST uploads", "PUT partNumber=1", "PUT partNumber=2", "PUT partNumber=3"]);
    const commit = asked.at(-1);
    expect(commit?.headers).toMatchObject({
      "if-none-match": "*",
      "x-amz-mp-object-size": `${large.length}`,
      "x-amz-checksum-type": "FULL_OBJECT",
    });
    for (const { call, headers } of asked) if (call.startsWith("PUT")) expect(headers).toHaveProperty("x-amz-checksum-crc32");
  });

  describe("whose answer is in doubt", () => {
    const put = "PUT";
    const commit = "POST uploadId";
    const bodies = [
      { what: "one request", body: small, tag: etagOfWhole(small), call: put },
      { what: "parts", body: large, tag: largeTag, call: commit },
    ];

    test.each(bodies)("in $what: refused because of its own earlier try, it is success", async ({ body, tag, call }) => {
      const { create } = bucket((asked, n) => {
        if (asked.call === call) return n === 1 ? broken : refused;
        return asked.call === "GET versions" ? listing(body.length, tag) : undefined;
      }, 3);
      expect(await create(body)).toMatchObject({ key: "k", version: "v0", bytes: body.length });
    });

    test.each(bodies)("in $what: lost for good, the listing settles it", async ({ body, tag, call }) => {
      const { create } = bucket(
        (asked) => (asked.call === call ? broken : asked.call === "GET versions" ? listing(body.length, tag) : undefined),
        3,
      );
      expect(await create(body)).toMatchObject({ key: "k", version: "v0", bytes: body.length });
    });

    test.each(bodies)("in $what: lost, and nothing stands there, is OutcomeUnknown", async ({ body, call }) => {
      const { create } = bucket((asked) => (asked.call === call ? broken : undefined));
      await expect(create(body)).rejects.toBeInstanceOf(OutcomeUnknown);
    });

    test.each(bodies)("in $what: lost, and the same bytes under a longer key are not ours", async ({ body, tag, call }) => {
      const longer: Reply = { body: versionsBody([{ key: "k2", bytes: body.length, etag: tag }]) };
      const { create } = bucket((asked) => (asked.call === call ? broken : asked.call === "GET versions" ? longer : undefined));
      await expect(create(body)).rejects.toBeInstanceOf(OutcomeUnknown);
    });

    test.each(bodies)("in $what: lost, and the listing fails too, is OutcomeUnknown", async ({ body, call }) => {
      const { create } = bucket((asked) => (asked.call === call || asked.call === "GET versions" ? broken : undefined));
      await expect(create(body)).rejects.toBeInstanceOf(OutcomeUnknown);
    });

    test.each(bodies)("in $what: lost, and the same length under another ETag is not taken for ours", async ({ body, call }) => {
      const { create } = bucket((asked) =>
        asked.call === call ? broken : asked.call === "GET versions" ? listing(body.length, "f".repeat(32)) : undefined,
      );
      await expect(create(body)).rejects.toBeInstanceOf(OutcomeUnknown);
    });

    test.each(bodies)("in $what: lost, and another length stands there, is ObjectExists", async ({ body, tag, call }) => {
      const { create } = bucket((asked) =>
        asked.call === call ? broken : asked.call === "GET versions" ? listing(body.length + 1, tag) : undefined,
      );
      await expect(create(body)).rejects.toBeInstanceOf(ObjectExists);
    });

    test.each(bodies)(
      "in $what: refused at the first try is ObjectExists without asking, also for the same bytes",
      async ({ body, tag, call }) => {
        const { create, calls } = bucket(
          (asked) => (asked.call === call ? refused : asked.call === "GET versions" ? listing(body.length, tag) : undefined),
          3,
        );
        await expect(create(body)).rejects.toBeInstanceOf(ObjectExists);
        expect(calls()).not.toContain("GET versions");
      },
    );

    test("in parts: an upload that is gone may have been committed", async () => {
      const gone: Reply = { status: 404, body: errorBody("NoSuchUpload") };
      const { create } = bucket((asked) =>
        asked.call === commit ? gone : asked.call === "GET versions" ? listing(large.length, largeTag) : undefined,
      );
      expect(await create(large)).toMatchObject({ version: "v0" });
    });
  });

  test("another write at the same moment (409) is tried again", async () => {
    const { create, calls } = bucket((asked, n) =>
      asked.call === "PUT" && n < 3 ? { status: 409, body: errorBody("ConditionalRequestConflict") } : undefined,
    );
    expect(await create(small)).toMatchObject({ version: "made" });
    expect(calls().filter((call) => call === "PUT")).toHaveLength(3);
  });

  test("another write at the same moment, every time, is StoreUnavailable; one that has won is ObjectExists", async () => {
    const conflict: Reply = { status: 409, body: errorBody("ConditionalRequestConflict") };
    const never = bucket((asked) => (asked.call === "PUT" ? conflict : undefined));
    await expect(never.create(small)).rejects.toBeInstanceOf(StoreUnavailable);
    const won = bucket((asked) =>
      asked.call === "PUT" ? conflict : asked.call === "GET versions" ? listing(1_000, "f".repeat(32)) : undefined,
    );
    await expect(won.create(small)).rejects.toBeInstanceOf(ObjectExists);
  });

  test("a part that fails aborts the upload, after the others have come to rest, and its error is thrown", async () => {
    const gate = Promise.withResolvers<void>();
    const letGoSoon = async () => {
      for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
      gate.resolve();
    };
    let onTheWay = 0;
    let whenAborted = -1;
    const { store, calls } = bucket(async ({ call }) => {
      if (call === "PUT partNumber=1") {
        onTheWay += 1;
        await gate.promise;
        onTheWay -= 1;
      }
      if (call === "PUT partNumber=2") {
        void letGoSoon();
        return broken;
      }
      if (call.startsWith("DELETE")) whenAborted = onTheWay;
      return undefined;
    });
    const silentAfterwards = async function* () {
      yield large;
      await new Promise(() => {});
    };
    await expect(store.create.create("k", silentAfterwards(), context())).rejects.toMatchObject({
      name: "StoreUnavailable",
      message: expect.stringContaining("InternalError"),
    });
    expect(whenAborted).toBe(0);
    expect(calls().at(-1)).toBe("DELETE uploadId");
    expect(calls()).not.toContain("POST uploadId");
  });

  test("an abort that fails does not hide what went wrong before", async () => {
    const { store } = bucket(({ call }) => (call.startsWith("DELETE") ? { status: 403, body: errorBody("AccessDenied") } : undefined));
    const error = new Error("the dump died");
    const dying = async function* () {
      yield large;
      throw error;
    };
    await expect(store.create.create("k", dying(), context())).rejects.toBe(error);
  });

  test("takes from the producer no more than parts that are on their way, and one", async () => {
    const waiting: (() => void)[] = [];
    let taken = 0;
    const { store } = bucket(async ({ call }) => {
      if (call.startsWith("PUT partNumber")) await new Promise<void>((resolve) => waiting.push(resolve));
      return undefined;
    });
    const chunk = new Uint8Array(mebibyte);
    const body = async function* () {
      for (let i = 0; i < 60; i++) {
        taken += 1;
        yield chunk;
      }
    };
    const creating = store.create.create("k", body(), context());
    const settled = async () => {
      for (let seen = -1; seen !== taken || waiting.length < 4; await new Promise((resolve) => setImmediate(resolve))) seen = taken;
    };
    await settled();
    expect(waiting).toHaveLength(4);
    expect(taken).toBeLessThanOrEqual((4 + 1) * 5 + 1);
    let done = false;
    creating.then(
      () => (done = true),
      () => (done = true),
    );
    while (!done) {
      for (const resolve of waiting.splice(0)) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await creating).toMatchObject({ bytes: 60 * mebibyte });
  });

  test("a stream that outgrows the store's parts is too large, and its upload is aborted", async () => {
    const { client, asked } = scripted(({ call }) => {
      if (call === "POST uploads") return { body: beginBody };
      return call.startsWith("PUT") ? { headers: { etag: `"${partTag}"` } } : {};
    });
    const { create } = s3Store(client, { bucket: "acme", part: 1_000, limits: { maxParts: 2, minPart: 1 } });
    await expect(create.create("k", inChunks(bytesOf(3_000)), context(), 1_000)).rejects.toBeInstanceOf(ObjectTooLarge);
    expect(asked.at(-1)?.call).toBe("DELETE uploadId");
  });
});
