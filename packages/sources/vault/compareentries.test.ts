import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareEntries } from "./compareentries.ts";
import type { Entry } from "./listing.ts";

const [MOUNT, OTHER, CUBBYHOLE] = ["7ec90c60-b503-59ea", "319026b8-c329-0c93", "f7dc9667-aee6-f2ca"];
const entriesOf = (all: Readonly<Record<string, string>>): Entry[] =>
  Object.entries(all)
    .map(([key, digest]) => ({ key, digest }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));

/** As they come: some at a time, sometimes none. `ended`: whether somebody let go of it. */
function stream(entries: readonly Entry[], size = 2) {
  const seen = { ended: false, atEnd: false };
  async function* batches() {
    try {
      yield [];
      for (let at = 0; at < entries.length; at += size) yield entries.slice(at, at + size);
      seen.atEnd = true;
    } finally {
      seen.ended = true;
    }
  }
  return { batches: batches(), seen };
}
const compare = (was: Record<string, string>, is: Record<string, string>, tokens: string[] = []) =>
  compareEntries(stream(entriesOf(was)).batches, stream(entriesOf(is), 3).batches, tokens);

const a = { [`logical/${MOUNT}/a`]: "1", [`logical/${MOUNT}/b`]: "2", [`auth/${OTHER}/role/c`]: "3" };
const none = { expected: 0, found: 0, changed: 0, expired: 0, mounts: 0 };

test("finds every entry of every mount", async () => {
  const further = { [`logical/${MOUNT}/aa`]: "9", "sys/token/id/x": "1", "core/mounts": "1" };
  expect(await compare({ ...a, "sys/token/id/y": "1", "core/mounts": "0" }, { ...a, ...further })).toEqual({
    ...none,
    expected: 3,
    found: 3,
    mounts: 2,
  });
});

test.each<[string, Record<string, string>, Partial<typeof none>]>([
  ["in the middle", { [`logical/${MOUNT}/b`]: "2", [`auth/${OTHER}/role/c`]: "3" }, { found: 2 }],
  ["at the end", { [`auth/${OTHER}/role/c`]: "3", [`logical/${MOUNT}/a`]: "1" }, { found: 2 }],
  ["all of them", {}, { found: 0 }],
])("misses what is not there: %s", async (_, is, counts) => {
  expect(await compare(a, is)).toEqual({ ...none, expected: 3, mounts: 2, ...counts });
});

test("counts what was written again", async () => {
  expect(await compare(a, { ...a, [`logical/${MOUNT}/b`]: "other" })).toMatchObject({ expected: 3, found: 3, changed: 1 });
});

describe("does not miss what goes away by itself", () => {
  test.each([
    `auth/${OTHER}/secret_id/role/hash`,
    `auth/${OTHER}/accessor/hash`,
    `namespaces/${MOUNT}/auth/${OTHER}/secret_id_local/role/hash`,
    `logical/${OTHER}/wal/1`,
    `logical/${OTHER}/r7kkkYKeNUXECq0tFyyLwAwC/response`,
    `logical/${CUBBYHOLE}/2LNZumhj4RFnp0lagHVlOR1F/anything`,
  ])("%s", async (key) => {
    expect(await compare({ ...a, [key]: "1" }, a, [CUBBYHOLE])).toMatchObject({ expected: 3, found: 3, expired: 1 });
    expect(await compare({ ...a, [key]: "1" }, { ...a, [key]: "1" }, [CUBBYHOLE])).toMatchObject({ expected: 4, found: 4, expired: 0 });
  });

  test.each([
    `auth/${OTHER}/role/secret_id/x`,
    `auth/${OTHER}/secret_ids`,
    `logical/${OTHER}/walnut`,
    `logical/${OTHER}/short/response`,
    `logical/${OTHER}/r7kkkYKeNUXECq0tFyyLwAwC/responses`,
    `namespaces/${MOUNT}/logical/${OTHER}/a`,
  ])("and misses what only looks like it: %s", async (key) => {
    expect(await compare({ ...a, [key]: "1" }, a, [CUBBYHOLE])).toMatchObject({ expected: 4, found: 3, expired: 0 });
  });
});

test("reads both to their ends, where they are checked, also when the other is over", async () => {
  const [was, is] = [stream(entriesOf({ [`auth/${OTHER}/a`]: "1" })), stream(entriesOf(a))];
  await compareEntries(was.batches, is.batches, []);
  expect([was.seen.atEnd, is.seen.atEnd]).toEqual([true, true]);
});

test("lets go of both when one of them fails", async () => {
  const [was, is] = [stream(entriesOf(a)), stream(entriesOf(a))];
  async function* failing() {
    yield entriesOf({ [`auth/${OTHER}/role/c`]: "3" });
    throw new Error("cut");
  }
  await expect(compareEntries(was.batches, failing(), [])).rejects.toThrow("cut");
  await expect(compareEntries(failing(), is.batches, [])).rejects.toThrow("cut");
  expect([was.seen.ended, is.seen.ended]).toEqual([true, true]);
});

test("agrees with a comparison of two maps, however the entries come", async () => {
  const name = fc.constantFrom("logical", "auth", "sys", "namespaces/n/logical");
  const key = fc.tuple(name, fc.constantFrom(MOUNT, OTHER), fc.string({ maxLength: 2 })).map((parts) => parts.join("/"));
  const some = fc.dictionary(key, fc.constantFrom("1", "2"), { maxKeys: 20 });
  await fc.assert(
    fc.asyncProperty(some, some, fc.integer({ min: 1, max: 5 }), async (was, is, size) => {
      const data = Object.keys(was).filter((it) => !it.startsWith("sys"));
      const kept = data.filter((it) => it in is);
      const compared = await compareEntries(stream(entriesOf(was), size).batches, stream(entriesOf(is), 3).batches, []);
      expect(compared).toEqual({
        expected: data.length,
        found: kept.length,
        changed: kept.filter((it) => was[it] !== is[it]).length,
        expired: 0,
        mounts: new Set(data.map((it) => it.slice(0, it.lastIndexOf(it.includes(MOUNT) ? MOUNT : OTHER) + MOUNT.length))).size,
      });
    }),
  );
});
