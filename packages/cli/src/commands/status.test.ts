import { evidenceKey, type Kind, type Stored, StoreDenied, StoreUnavailable } from "@holdfast/core";
import { beforeEach, describe, expect, test } from "vitest";
import { kinds, testPlace, type TestPlace } from "../kit/place.ts";
import { testWorld } from "../kit/world.ts";
import { run } from "../program.ts";
import { status } from "./status.ts";

let t: TestPlace;
beforeEach(async () => {
  t = await testPlace(testWorld());
});
const lines = () => t.world.stdout.text.trim().split("\n");
const verified = async (id: string) => {
  await t.make(id);
  await t.prove(id, "readable");
};
/** A store that cannot be listed below this prefix. */
const deafTo = (prefix: string) => ({
  ...t,
  place: {
    ...t.place,
    store: async () => ({
      ...t.store,
      list: {
        list: (asked: string): AsyncIterable<Stored> => {
          if (asked.startsWith(prefix)) throw new StoreUnavailable("the store is away", "Try again.");
          return t.store.list.list(asked);
        },
      },
    }),
  },
});

describe("the exit code and the line", () => {
  test("are ok when the newest verified backup is young enough", async () => {
    await verified("note/20261121T020000Z");
    expect(await status({ source: "note" }, t)).toBe(0);
    expect(lines()).toEqual([
      expect.stringMatching(
        /^ok {2}note {2}newest verified note\/20261121T020000Z, 10 h old; 1 backup, 1\.\d KiB; next 2026-11-22 02:00 UTC$/,
      ),
    ]);
  });
  test("are a breach when there is no backup at all", async () => {
    expect(await status({ source: "note" }, t)).toBe(1);
    expect(lines()).toEqual(["BREACH  note  there is no backup; next 2026-11-22 02:00 UTC"]);
  });
  test("are a breach when backups are made and none is verified", async () => {
    await t.make("note/20261121T020000Z");
    expect(await status({ source: "note" }, t)).toBe(1);
    expect(lines()[0]).toContain("no backup is verified");
  });
  test("are a breach when the newest verified one is too old", async () => {
    await verified("note/20261119T020000Z");
    expect(await status({ source: "note" }, t)).toBe(1);
    expect(lines()[0]).toContain("58.0 hours old, over the 36.0 hours");
  });
  test("are a breach while something newer is in doubt or broken", async () => {
    await verified("note/20261120T120000Z");
    await t.make("note/20261121T020000Z");
    await t.prove("note/20261121T020000Z", "readable", "doubt");
    expect(await status({ source: "note" }, t)).toBe(1);
    expect(lines()[0]).toContain("note/20261121T020000Z is in doubt");
  });
  test("are a breach when one of several sources is", async () => {
    await verified("note/20261121T020000Z");
    expect(await status({}, t)).toBe(1);
    expect(lines().map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
      ["ok", "note"],
      ["BREACH", "other"],
    ]);
  });
});

describe("a source that is copied", () => {
  const said = (slot: string, store: string, verdict: "ok" | "failed") => {
    const key = evidenceKey({ proof: "copied", source: "note", slot, verdict, digest8: "00000000", run: store });
    t.store.inside.overwrite(key, Buffer.from("{}"));
  };
  const line = async (from?: string) => {
    const note = t.place.plan.sources.note;
    if (!note) throw new Error("the plan has no source note");
    const plan = { ...t.place.plan, sources: { note: { ...note, copies: ["azure", "gcs"] } } };
    const code = await status(
      { source: "note", ...(from === undefined ? {} : { from }) },
      { ...t, place: { ...t.place, plan, store: async () => t.store } },
    );
    return `${code} ${lines().at(-1)}`;
  };
  test("tells where its newest verified backup stands, and is as old as what stands everywhere", async () => {
    await verified("note/20261121T020000Z");
    expect(await line()).toMatch(
      /^1 BREACH {2}note {2}no backup is copied to azure, gcs; newest verified note\/20261121T020000Z; no copy in azure; /,
    );
    for (const store of ["azure", "gcs"]) said("20261121T020000Z", store, "ok");
    expect(await line()).toMatch(/^0 ok {2}note {2}newest verified note\/20261121T020000Z, 10 h old; copied to azure, gcs; 1 backup/);
    await verified("note/20261121T080000Z");
    said("20261121T080000Z", "gcs", "ok");
    expect(await line()).toContain(
      "newest verified note/20261121T080000Z; copied to gcs; newest copy in azure note/20261121T020000Z; 2 backups",
    );
    said("20261121T080000Z", "azure", "failed");
    expect(await line()).toMatch(/^1 BREACH {2}note {2}note\/20261121T080000Z has no good copy in azure; /);
  });
  test("is not asked for copies where a copy is looked at", async () => {
    await verified("note/20261121T020000Z");
    expect(await line("far")).toMatch(/^0 ok {2}note {2}newest verified note\/20261121T020000Z, 10 h old; 1 backup/);
  });
});

describe("what cannot be looked at", () => {
  test("is neither ok nor a breach: unknown, and exit code 3", async () => {
    await verified("note/20261121T020000Z");
    expect(await status({ source: "note" }, deafTo("backups/note/"))).toBe(3);
    expect(lines()).toEqual(["UNKNOWN  note  could not look: the store is away. Try again."]);
  });
  test("does not hide the others, and a breach elsewhere stays one", async () => {
    await verified("note/20261121T020000Z");
    expect(await status({}, deafTo("backups/note/"))).toBe(1);
    expect(lines().map((line) => line.split(/ {2,}/)[0])).toEqual(["UNKNOWN", "BREACH"]);
  });
  test("is told as such also when the plan or the place cannot be opened", async () => {
    const world = testWorld();
    expect(await run(["status", "--plan", "/nowhere/plan.ts", "--stage", "prod", "--json"], world)).toBe(3);
    expect(JSON.parse(world.stdout.text)).toEqual({
      sources: [],
      error: { name: "PlanUnreadable", message: expect.any(String), hint: expect.any(String) },
    });
    expect(world.stderr.text).toContain("could not look: there is no plan at /nowhere/plan.ts");
  });
});

test("JSON has verdict and numbers of each source", async () => {
  await verified("note/20261121T020000Z");
  expect(await status({ source: "note", json: true }, t)).toBe(0);
  expect(JSON.parse(t.world.stdout.text)).toEqual({
    sources: [
      {
        source: "note",
        kind: "memo",
        verdict: "ok",
        reasons: [],
        newest: "note/20261121T020000Z",
        newestVerified: "note/20261121T020000Z",
        copies: [],
        notes: [],
        ageSeconds: 36_000,
        backups: 1,
        bytes: expect.any(Number),
        next: "2026-11-22T02:00:00.000Z",
      },
    ],
  });
});

test("a copy is judged by what it holds, without AWS: not by other stores, nor by drills that were after it", async () => {
  for (const day of ["01", "21"]) await verified(`note/202611${day}T020000Z`);
  const note = t.place.plan.sources.note;
  if (note) note.copies = ["elsewhere"];
  const aws = await t.leave();
  expect(await status({ source: "note" }, t)).toBe(1);
  expect(lines()[0]).toMatch(/^BREACH .*elsewhere.*nothing was proven restored/);
  t.world.stdout.text = "";
  expect(await status({ source: "note", from: "far" }, t)).toBe(0);
  expect(lines()[0]).toMatch(/^ok {2}note {2}newest verified note\/20261121T020000Z, 10 h old/);
  expect(aws.asked).toEqual([]);
});

describe("which key a backup needs besides ours", () => {
  const sealed = (seal: Partial<Kind>) => {
    const kind = { ...kinds.memo.kind, ...seal } as Kind;
    return { ...t, place: { ...t.place, lists: { ...t.place.lists, kinds: { memo: { kind, folder: "" } } } } };
  };
  beforeEach(() => verified("note/20261121T020000Z"));
  test.each([
    ["no", "the awskms seal's key alias/vault"],
    ["yes", "3 of 5 unseal keys"],
    ["unknown", "the transit seal's key"],
  ] as const)("is told, with whether AWS has it: %s", async (withoutAws, key) => {
    const place = sealed({ sealedBy: () => ({ key, withoutAws }) });
    expect(await status({ source: "note" }, place)).toBe(0);
    expect(lines()[0]).toContain(`restorable without AWS: ${withoutAws} (it comes up with ${key})`);
    t.world.stdout.text = "";
    await status({ source: "note", json: true }, place);
    expect(JSON.parse(t.world.stdout.text).sources[0].sealedBy).toEqual({ key, withoutAws });
  });
  test("is unknown, and no breach, to somebody who may not ask for the signing key", async () => {
    const place = sealed({ sealedBy: () => ({ key: "k", withoutAws: "yes" }) });
    place.place.cloud.keys.publicKey = () => Promise.reject(new StoreDenied("you may not", "Ask for the right."));
    expect(await status({ source: "note" }, place)).toBe(0);
    expect(lines()[0]).toContain("restorable without AWS: unknown (you may not. Ask for the right.)");
  });
  test("is not asked of kinds that need none", async () => {
    await status({ source: "note" }, t);
    expect(lines()[0]).not.toContain("without AWS");
  });
  test("a source that nobody can drill says so, and what was restored is told", async () => {
    await t.prove("note/20261121T020000Z", "restored");
    await status({ source: "note" }, sealed({ undrilled: (_config, targets) => `${targets.length} targets and no drill` }));
    expect(lines()[0]).toContain("newest restored and compared note/20261121T020000Z");
    expect(lines()[0]).toMatch(/; 2 targets and no drill$/);
  });
});
