import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inPieces } from "../../../test/kit/taken.ts";
import { type Entry, entriesOf } from "./archive.ts";
import { Census } from "./census.ts";
import { aSnapshot } from "./kit/snapshot.ts";
import { coreItems, field, type Item, varint } from "./kit/snapshotentries.ts";
import { stateOf } from "./kit/snapshotstate.ts";
import { StateReader } from "./state.ts";

/** What is read of state.bin, given in pieces. */
function read(state: Buffer, piece = state.length + 1): { key: string; value: string }[] {
  const entries: { key: string; parts: Buffer[] }[] = [];
  const reader = new StateReader({
    begin: (bytes, from, to) => entries.push({ key: bytes.toString("latin1", from, to), parts: [] }) > 0,
    value: (part) => entries.at(-1)?.parts.push(Buffer.from(part)),
    finish: () => {},
  });
  for (let at = 0; at < state.length; at += piece) reader.push(state.subarray(at, at + piece));
  reader.end();
  return entries.map(({ key, parts }) => ({ key, value: Buffer.concat(parts).toString("hex") }));
}

const anItem = fc.record({
  key: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  value: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  wrap: fc.boolean(),
});

test("entries are read as they were written, wherever the pieces are cut", () => {
  fc.assert(
    fc.property(fc.array(anItem), fc.integer({ min: 1, max: 500 }), (items, piece) => {
      const state = Buffer.concat([...stateOf(items)]);
      expect(read(state, piece)).toEqual(items.map(({ key, value }) => ({ key, value: value.toString("hex") })));
    }),
  );
});

const key = field(1, Buffer.from("k"));
const value = field(2, Buffer.from("v"));
const entry = (...fields: Buffer[]) => {
  const body = Buffer.concat(fields);
  return Buffer.concat([varint(body.length), body]);
};
const number = (of: number, bytes: Buffer) => Buffer.concat([varint(of * 8), bytes]);

test("fields that are not known are passed over", () => {
  const fixed = Buffer.concat([Buffer.from([9 * 8 + 1]), Buffer.alloc(8), Buffer.from([9 * 8 + 5]), Buffer.alloc(4)]);
  const negative = number(7, Buffer.from("ffffffffffffffffff01", "hex"));
  for (const piece of [1, 3, 1000]) {
    expect(read(entry(fixed, key, negative, field(2000, Buffer.from("new")), value, field(8, Buffer.alloc(0))), piece)).toEqual([
      { key: "k", value: "76" },
    ]);
  }
});

describe("state.bin is no list of entries with", () => {
  test.each<[string, string, Buffer]>([
    ["an entry that is cut", "ends within an entry", entry(key, value).subarray(0, -1)],
    ["a length that is cut", "ends within an entry", Buffer.from([0x80])],
    ["an empty entry", "an entry is empty", Buffer.from([0])],
    ["an entry without a key", "an entry has no key", entry(number(3, varint(1)))],
    ["an empty key", "a key cannot be", entry(field(1, Buffer.alloc(0)), value)],
    ["a key longer than any", "a key cannot be", entry(field(1, Buffer.alloc(32_769, "k")))],
    ["two keys in an entry", "a key cannot be", entry(key, key)],
    ["two values in an entry", "not where it belongs", entry(key, value, value)],
    ["a value before its key", "not where it belongs", entry(value, key)],
    ["a key that is a number", "of another type", entry(number(1, varint(1)))],
    ["a field that leaves its entry", "leaves its entry", Buffer.concat([varint(4), field(1, Buffer.from("key")), value])],
    ["a number that leaves its entry", "leaves its entry", Buffer.concat([varint(4), key, number(3, varint(300))])],
    ["a field of no known type", "no known type", entry(key, Buffer.from([4 * 8 + 3]))],
    ["a length beyond all lengths", "too large", Buffer.alloc(9, 0xff)],
    ["a number that never ends", "too large", entry(key, number(3, Buffer.alloc(11, 0xff)))],
  ])("%s", (_, says, state) => {
    const broken = { name: "SnapshotBroken", message: expect.stringContaining(says) };
    for (const piece of [1, 5, state.length]) expect(() => read(state, piece)).toThrow(expect.objectContaining(broken));
  });
});

describe("of all entries", () => {
  const census = (items: Item[]) => {
    const counting = new Census();
    new StateReader(counting).push(Buffer.concat([...stateOf(items)]));
    return counting;
  };
  const keyed = (...keys: string[]) => census(keys.map((key) => ({ key, value: Buffer.from("v") })));
  test("those of secrets engines and auth methods count as data, in every namespace", () => {
    expect(keyed("logical/1/a", "auth/1/b", "namespaces/1/logical/2/c", "namespaces/1/namespaces/2/auth/2/c")).toMatchObject({
      all: 4,
      data: 4,
    });
    expect(keyed("core/logical/", "sys/token/id/1", "logical", "namespaces/1/sys/x", "namespaces/logical/x", "namespaces/1")).toMatchObject(
      {
        all: 6,
        data: 0,
      },
    );
  });
  test("few values are kept, and only their beginning", () => {
    const large = { key: "core/keyring", value: Buffer.alloc(200_000, 1) };
    const { values } = census([large, { key: "core/mounts", value: Buffer.from("m") }, { key: "logical/a", value: Buffer.from("v") }]);
    expect([...values].map(([key, value]) => [key, value.length])).toEqual([["core/keyring", 65_536]]);
  });
});

describe("the entries of a snapshot", () => {
  const items: Item[] = [
    { key: "logical/0/empty", value: Buffer.alloc(0) },
    { key: "logical/0/long", value: Buffer.alloc(300_000, 7) },
    { key: "sys/\xff", value: Buffer.from("x"), wrap: true },
  ];
  test("come in order, with digests that tell one value from another", async () => {
    const all = await listed(aSnapshot({ secrets: 300, items }));
    expect(all.length).toBe(coreItems({ type: "shamir", shares: 3, threshold: 2 }, "seed").length + 303);
    expect(all.map((it) => it.key)).toEqual(all.map((it) => it.key).sort());
    const digests = new Map(all.map((it) => [it.key, it.digest]));
    expect(digests.get("logical/0/empty")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(digests.get("sys/\xff")).toBe("2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
    expect(new Set(digests.values()).size).toBe(all.length);
    const changed = items.map((it) => (it.value.length > 1000 ? { ...it, value: Buffer.from(it.value).fill(8, 299_999) } : it));
    const others = (await listed(aSnapshot({ secrets: 300, items: changed }))).filter((it) => digests.get(it.key) !== it.digest);
    expect(others.map((it) => it.key)).toEqual(["logical/0/long"]);
  });
  test("are the same in whatever pieces they come", async () => {
    const bytes = aSnapshot({ secrets: 30, items, level: 1 });
    expect(await listed(bytes, 333)).toEqual(await listed(bytes));
  });
  test("are refused where they are out of order, since they could not be compared with others", async () => {
    const [first] = items;
    const twice = aSnapshot({ items: first ? [first, first] : [] });
    await expect(listed(twice)).rejects.toMatchObject({ name: "SnapshotBroken", message: expect.stringContaining("out of order") });
  });
  test("end with the checks of the whole", async () => {
    await expect(listed(aSnapshot().subarray(0, -1))).rejects.toMatchObject({ name: "SnapshotCut" });
    await expect(listed(aSnapshot({ core: () => [] }))).rejects.toMatchObject({ name: "SnapshotHollow" });
  });
  test("release their source when nobody wants more", async () => {
    let returned = false;
    async function* source() {
      try {
        yield* inPieces(aSnapshot({ secrets: 1000 }), 5000);
      } finally {
        returned = true;
      }
    }
    for await (const _ of entriesOf(source())) break;
    expect(returned).toBe(true);
  });
});

async function listed(bytes: Buffer, piece = bytes.length): Promise<Entry[]> {
  const all: Entry[] = [];
  for await (const batch of entriesOf(inPieces(bytes, piece))) all.push(...batch);
  return all;
}
