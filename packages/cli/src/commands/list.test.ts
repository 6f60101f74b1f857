import { StoreDenied } from "@holdfast/core";
import { beforeEach, describe, expect, test } from "vitest";
import { testPlace, type TestPlace } from "../kit/place.ts";
import { testWorld } from "../kit/world.ts";
import { list } from "./list.ts";

let t: TestPlace;
beforeEach(async () => {
  t = await testPlace(testWorld());
});
const shown = () => t.world.stdout.text.split("\n");

describe("the table", () => {
  test("has a line a backup, newest first, with age, size, state, proofs and how long it is kept", async () => {
    await t.make("note/20261120T020000Z");
    await t.make("note/20261121T020000Z");
    await t.prove("note/20261120T020000Z", "readable");
    await t.prove("note/20261120T020000Z", "restored");
    expect(await list({ source: "note" }, t)).toBe(0);
    const [head = "", newest = "", older = ""] = shown();
    expect(head.split(/ {2,}/)).toEqual(["BACKUP", "AGE", "SIZE", "STATE", "PROOFS", "KEPT"]);
    expect(newest.split(/ {2,}/)).toEqual([
      "note/20261121T020000Z",
      "10 h",
      expect.stringMatching(/^1\.\d KiB$/),
      "not verified",
      "none",
      "yes",
    ]);
    expect(older.split(/ {2,}/)).toEqual([
      "note/20261120T020000Z",
      "34 h",
      expect.any(String),
      "verified",
      "readable, restored",
      "monthly",
    ]);
  });
  test("tells a doubt and a broken backup as what they are", async () => {
    await t.make("note/20261120T020000Z");
    await t.make("note/20261121T020000Z");
    await t.prove("note/20261120T020000Z", "readable", "failed");
    await t.prove("note/20261121T020000Z", "readable", "doubt");
    await list({ source: "note" }, t);
    expect(shown()[1]).toMatch(/ doubt {3}readable: doubt /);
    expect(shown()[2]).toMatch(/ broken {2}readable: failed /);
  });
  test("says until when a released backup is there, counted from when it was stored", async () => {
    await t.make("note/20261120T020000Z");
    const found = await t.store.read.head({ key: "backups/note/20261120T020000Z/manifest.json" });
    if (found) await t.store.mark.mark(found, { release: "30d" });
    await list({ source: "note" }, t);
    expect(shown()[1]).toMatch(/ until 2026-12-21$/);
  });
  test("leaves out older ones, and says how many", async () => {
    for (const day of [18, 19, 20]) await t.make(`note/202611${day}T020000Z`);
    await list({ source: "note", last: 2 }, t);
    expect(t.world.stdout.text).not.toContain("20261118");
    expect(shown()).toContain("1 older backup; --all shows them");
    t.world.stdout.text = "";
    await list({ source: "note", last: 2, all: true }, t);
    expect(t.world.stdout.text).toContain("20261118");
  });
  test("does not count what an attempt left as a backup, and says that it is there", async () => {
    await t.store.create.create("backups/note/20261119T020000Z/abc/memo.txt.zst.age", once(), {
      now: t.world.clock.now,
      signal: t.world.signal,
      progress: () => {},
    });
    await list({ source: "note" }, t);
    expect(shown().slice(0, 2)).toEqual([
      "note: there is no backup",
      "1 slot without a backup, only what an attempt left: 20261119T020000Z",
    ]);
  });
  test("has every source of the plan when none is named", async () => {
    await t.make("other/20261121T060000Z");
    await list({}, t);
    expect(shown()[0]).toBe("note: there is no backup");
    expect(t.world.stdout.text).toContain("other/20261121T060000Z");
  });
  test("is shown without marks to somebody who may list and not see them", async () => {
    await t.make("note/20261120T020000Z");
    const denied = { ...t.store, mark: { ...t.store.mark, marked: () => Promise.reject(new StoreDenied("no", "Ask.")) } };
    expect(await list({ source: "note" }, { ...t, place: { ...t.place, store: async () => denied } })).toBe(0);
    expect(shown()[1]).toMatch(/ yes$/);
  });
});

test("a copy is listed from its own store", async () => {
  await t.make("note/20261120T020000Z", undefined, t.far);
  await list({ source: "note", from: "far" }, t);
  expect(t.world.stdout.text).toContain("note/20261120T020000Z");
});

test("JSON has the same, and null where there is nothing", async () => {
  await t.make("note/20261121T020000Z");
  await t.prove("note/20261121T020000Z", "readable", "doubt");
  expect(await list({ source: "note", json: true }, t)).toBe(0);
  expect(JSON.parse(t.world.stdout.text)).toEqual({
    sources: [
      {
        source: "note",
        kind: "memo",
        backups: [
          {
            id: "note/20261121T020000Z",
            slot: "20261121T020000Z",
            at: "2026-11-21T02:00:00.000Z",
            bytes: expect.any(Number),
            state: "doubt",
            proofs: { readable: { verdict: "doubt", at: "2026-11-21T12:00:00.000Z", run: expect.any(String) } },
            tier: null,
            mark: null,
          },
        ],
        older: 0,
        unfinished: [],
      },
    ],
  });
});

test("a source that the plan does not have is refused with those that it has", async () => {
  await expect(list({ source: "nope" }, t)).rejects.toMatchObject({ name: "UnknownSource", hint: "The plan's sources are: note, other." });
});

async function* once() {
  yield new Uint8Array(3);
}
