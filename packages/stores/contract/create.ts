import { ObjectExists, type Stored } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import {
  atRandom,
  bytesOf,
  collect,
  context,
  digest,
  failing,
  freshPrefix,
  inChunks,
  keysOf,
  type Lacks,
  needing,
  type Subject,
} from "./subject.ts";

/** What makes a key of 1,024 bytes, the most that S3 takes. */
const long = (prefix: string) =>
  `${"x".repeat(200)}/`
    .repeat(5)
    .slice(0, 1_023 - Buffer.byteLength(prefix))
    .concat("x");

export function createContract(subject: () => Subject, lacks: Lacks): void {
  const sizes = () => {
    const { part } = subject();
    return [0, 1, part - 1, part, part + 1, 3 * part + 17];
  };
  const create = (key: string, body: Uint8Array, size?: number) => subject().store.create.create(key, inChunks(body), context(), size);
  const readBack = async (key: string) => digest(await collect(subject().store.read.read({ key })));

  describe("create", () => {
    test("stores bodies of every size around a part, and says what head says", async () => {
      const prefix = freshPrefix();
      for (const size of sizes()) {
        const body = bytesOf(size);
        const made = await create(`${prefix}${size}`, body);
        const found = await subject().store.read.head({ key: made.key });
        expect(await readBack(made.key)).toBe(digest(body));
        expect(made).toMatchObject({ key: `${prefix}${size}`, bytes: size, access: "now" });
        expect(found).toMatchObject({ version: made.version, bytes: size });
        // A store may tell a writer alone what it checked, and others what it computed later; what both are told is the same.
        expect({ ...found?.sums, ...made.sums }).toMatchObject({ ...found?.sums });
        expect(Math.abs((found?.at.getTime() ?? 0) - made.at.getTime())).toBeLessThan(60_000);
      }
      expect(await subject().uploads(prefix)).toBe(0);
    });

    test.each([1, 7, 65_537])("takes chunks of %i bytes", async (chunk) => {
      const body = bytesOf(chunk === 1 ? 4_099 : 400_009);
      const key = `${freshPrefix()}chunks`;
      await subject().store.create.create(key, inChunks(body, chunk), context());
      expect(await readBack(key)).toBe(digest(body));
    });

    test("takes a chunk longer than several parts, and empty ones", async () => {
      const body = bytesOf(2 * subject().part + 3);
      const key = `${freshPrefix()}long`;
      const chunks = async function* () {
        yield new Uint8Array();
        yield body;
        yield new Uint8Array();
      };
      await subject().store.create.create(key, chunks(), context());
      expect(await readBack(key)).toBe(digest(body));
    });

    test("keeps the bytes as they were when they were handed over", async () => {
      const shared = new Uint8Array(1_000);
      const key = `${freshPrefix()}reused`;
      const chunks = async function* () {
        for (let i = 1; i <= 3; i++) yield shared.fill(i);
      };
      await subject().store.create.create(key, chunks(), context());
      const found = await collect(subject().store.read.read({ key }));
      expect([found[0], found[1_000], found[2_999]]).toEqual([1, 2, 3]);
    });

    test.each([0, 1, 2.5])("a size of %d times the truth changes nothing", async (factor) => {
      const body = bytesOf(subject().part + 5);
      const key = `${freshPrefix()}sized`;
      const made = await create(key, body, Math.floor(body.length * factor));
      expect(made.bytes).toBe(body.length);
      expect(await readBack(key)).toBe(digest(body));
    });

    test("refuses a taken key with ObjectExists and leaves what stands there", async () => {
      const prefix = freshPrefix();
      const first = await create(`${prefix}taken`, bytesOf(10, 1));
      for (const size of [10, 11, subject().part * 2 + 1]) {
        await expect(create(first.key, bytesOf(size, 2))).rejects.toBeInstanceOf(ObjectExists);
      }
      expect(await subject().store.read.head({ key: first.key })).toMatchObject({ version: first.version, bytes: 10 });
      expect(await subject().uploads(prefix)).toBe(0);
    });

    const race = async (writers: number, size: number) => {
      const prefix = freshPrefix();
      const tries = await Promise.allSettled(Array.from({ length: writers }, (_, i) => create(`${prefix}race`, bytesOf(size, i + 1))));
      const won = tries.flatMap((tried, i) => (tried.status === "fulfilled" ? [i + 1] : []));
      const lost = tries.flatMap((tried) => (tried.status === "rejected" ? [tried.reason] : []));
      expect(won).toHaveLength(1);
      expect(lost.filter((error) => !(error instanceof ObjectExists))).toEqual([]);
      expect(await readBack(`${prefix}race`)).toBe(digest(bytesOf(size, won[0])));
      expect(await subject().uploads(prefix)).toBe(0);
    };
    test("of many writers at once one wins and the others learn it", () => race(12, 1_000));

    atRandom(lacks, "one winner in parts")("also of writers in parts one wins and the others learn it", () => race(4, subject().part + 1));

    test("a stream that fails at any byte leaves no object and no open upload, and its own error is thrown", async () => {
      const prefix = freshPrefix();
      const { part, store } = subject();
      for (const at of [0, 1, part - 1, part, part + 1, 2 * part, 3 * part + 5]) {
        const error = new Error(`failed at ${at}`);
        await expect(store.create.create(`${prefix}${at}`, failing(bytesOf(4 * part), at, error), context())).rejects.toBe(error);
      }
      expect(await keysOf(store, prefix)).toEqual([]);
      expect(await subject().uploads(prefix)).toBe(0);
      const made = await create(`${prefix}0`, bytesOf(3));
      expect(made.bytes).toBe(3);
    });

    test.each([0, 1])(
      "when the signal fires after %d parts and the producer is silent, it throws the reason and leaves nothing",
      async (parts) => {
        const prefix = freshPrefix();
        const { part, store } = subject();
        const stop = new AbortController();
        const reason = new Error("the deadline is near");
        const silent = async function* () {
          yield* inChunks(bytesOf(part * parts + 10));
          setImmediate(() => stop.abort(reason));
          await new Promise(() => {});
        };
        await expect(store.create.create(`${prefix}silent`, silent(), context(stop.signal))).rejects.toBe(reason);
        expect(await keysOf(store, prefix)).toEqual([]);
        expect(await subject().uploads(prefix)).toBe(0);
      },
    );

    test("a signal that has fired already stops it before the first byte is asked for", async () => {
      const prefix = freshPrefix();
      const reason = new Error("too late");
      let asked = false;
      const body = async function* () {
        asked = true;
        yield bytesOf(10);
      };
      const stopped = subject().store.create.create(`${prefix}late`, body(), context(AbortSignal.abort(reason)));
      await expect(stopped).rejects.toBe(reason);
      expect(asked).toBe(false);
      expect(await keysOf(subject().store, prefix)).toEqual([]);
    });

    test("lets the producer go when it stops early", async () => {
      const { part, store } = subject();
      const key = `${freshPrefix()}taken`;
      const stop = new AbortController();
      const reason = new Error("enough");
      let released = false;
      const body = async function* () {
        try {
          for (let i = 0; ; i++) {
            if (i === 3) stop.abort(reason);
            yield bytesOf(Math.ceil(part / 2));
          }
        } finally {
          released = true;
        }
      };
      await expect(store.create.create(key, body(), context(stop.signal))).rejects.toBe(reason);
      expect(released).toBe(true);
    });

    test("takes keys beyond ASCII, with spaces, signs and up to 1,024 bytes", async () => {
      const prefix = freshPrefix();
      const names = ["ключ/ö ü/日本語", "a+b&c=d e%20f", "quote'\"()*!~@:$,;", "😀", long(prefix)];
      const made: Stored[] = [];
      for (const name of names) made.push(await create(prefix + name, bytesOf(5)));
      for (const { key, version } of made)
        expect(digest(await collect(subject().store.read.read({ key, version })))).toBe(digest(bytesOf(5)));
      expect((await keysOf(subject().store, prefix)).toSorted()).toEqual(names.map((name) => prefix + name).toSorted());
    });

    needing(lacks, "sums")("the store keeps a digest of what came in one piece and in parts", async () => {
      const prefix = freshPrefix();
      for (const size of [11, subject().part + 1]) {
        const made = await create(`${prefix}${size}`, bytesOf(size));
        expect(Object.values(made.sums).join()).toMatch(/^[0-9a-f]{8}/);
        expect((await subject().store.read.head(made))?.sums).toEqual(made.sums);
      }
    });
  });
}
