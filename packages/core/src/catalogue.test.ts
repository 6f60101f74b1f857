import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { catalogue, type Entry, isBackup, type State, standingOf, stateOf } from "./catalogue.ts";
import { type EvidenceName, evidenceKey, evidenceNames, evidencePrefix, manifestKey, type Verdict } from "./layout.ts";
import type { Proof } from "./ports/kind.ts";
import type { Stored, StoreList } from "./ports/store.ts";

vi.setConfig({ testTimeout: 60_000 }); // much is tried here, on a machine that may be busy

const slot = "20261121T020000Z";
const digest = "6b29a1e4".padEnd(64, "0");
const minute = (n: number) => new Date(Date.UTC(2026, 10, 21, 3, n));

/** `proof verdict minute [run] [digest8]` */
type Seen = [proof: EvidenceName, verdict: Verdict, minute: number, run?: string, digest8?: string];
function stored(key: string, at: Date, bytes = 100): Stored {
  return { key, version: "v1", bytes, at, access: "now", sums: {} };
}
const evidenceOf = ([proof, verdict, at, run = `run-${at}`, digest8 = "6b29a1e4"]: Seen) =>
  stored(evidenceKey({ proof, verdict, source: "shop", slot, digest8, run }), minute(at));

/** As a store lists: by key. */
const listing = (objects: readonly Stored[]): StoreList => ({
  async *list(prefix) {
    yield* objects.filter(({ key }) => key.startsWith(prefix)).toSorted((a, b) => (a.key < b.key ? -1 : 1));
  },
});
async function entryOf(...seen: Seen[]): Promise<Entry> {
  const objects = [stored(manifestKey({ source: "shop", slot }), minute(0)), ...seen.map(evidenceOf)];
  const [entry] = await catalogue(listing(objects), "shop");
  if (!entry) throw new Error("no entry");
  return entry;
}

const readable: Proof[] = ["present", "intact", "readable"];

describe("how a backup stands", () => {
  test.each<[string, State, Proof[], Seen[]]>([
    ["nothing is known", "unverified", readable, []],
    ["it was read", "verified", readable, [["readable", "ok", 1]]],
    ["it was restored, which is more than read", "verified", readable, [["restored", "ok", 1]]],
    ["it was only found to be there", "unverified", readable, [["present", "ok", 1]]],
    ["its bytes are the manifest's, and nobody read them", "unverified", readable, [["intact", "ok", 1]]],
    [
      "each step has its own proof",
      "verified",
      readable,
      [
        ["present", "ok", 1],
        ["intact", "ok", 2],
        ["readable", "ok", 3],
      ],
    ],
    ["it is there, where that is all its kind asks", "verified", ["present"], [["present", "ok", 1]]],
    ["a copy stands elsewhere, which proves nothing here", "unverified", readable, [["copied", "ok", 1]]],
    ["it was read, where its kind asks for a copy", "unverified", ["copied"], [["readable", "ok", 1]]],
    ["a copy stands elsewhere, where its kind asks for one", "verified", ["copied"], [["copied", "ok", 1]]],
    ["its kind asks for nothing, which proves nothing", "unverified", [], [["readable", "ok", 1]]],
    ["a person accepted what nobody read", "unverified", readable, [["accepted", "ok", 1]]],
    ["it was broken when it was read", "failed", readable, [["readable", "failed", 1]]],
    [
      "it was found broken after it was fine",
      "failed",
      readable,
      [
        ["readable", "ok", 1],
        ["readable", "failed", 2],
      ],
    ],
    [
      "it was found fine after it was broken",
      "verified",
      readable,
      [
        ["readable", "failed", 1],
        ["readable", "ok", 2],
      ],
    ],
    [
      "a restore of it differed",
      "failed",
      readable,
      [
        ["readable", "ok", 1],
        ["restored", "failed", 2],
      ],
    ],
    [
      "a restore differed, and a later one did not",
      "verified",
      readable,
      [
        ["readable", "ok", 1],
        ["restored", "failed", 2],
        ["restored", "ok", 3],
      ],
    ],
    [
      "a restore differed after one that did not",
      "failed",
      readable,
      [
        ["readable", "ok", 1],
        ["restored", "ok", 2],
        ["restored", "failed", 3],
      ],
    ],
    [
      "a lower step failed",
      "failed",
      readable,
      [
        ["present", "failed", 1],
        ["readable", "ok", 2],
      ],
    ],
    ["it is in doubt", "doubt", readable, [["readable", "doubt", 1]]],
    [
      "it is in doubt, and was restored all the same",
      "doubt",
      readable,
      [
        ["readable", "doubt", 1],
        ["restored", "ok", 2],
      ],
    ],
    [
      "it was in doubt and read again, for example beside another one before",
      "verified",
      readable,
      [
        ["readable", "doubt", 1],
        ["readable", "ok", 2],
      ],
    ],
    [
      "the doubt was accepted",
      "verified",
      readable,
      [
        ["readable", "doubt", 1],
        ["accepted", "ok", 2],
      ],
    ],
    [
      "it was accepted before the doubt",
      "verified",
      readable,
      [
        ["accepted", "ok", 1],
        ["readable", "doubt", 2],
      ],
    ],
    [
      "a doubt about it was accepted, for another manifest",
      "doubt",
      readable,
      [
        ["readable", "doubt", 1],
        ["accepted", "ok", 2, "p", "ffffffff"],
      ],
    ],
    [
      "the acceptance was taken back",
      "doubt",
      readable,
      [
        ["readable", "doubt", 1],
        ["accepted", "ok", 2],
        ["accepted", "failed", 3],
      ],
    ],
    [
      "broken is not in doubt, and cannot be accepted",
      "failed",
      readable,
      [
        ["readable", "failed", 1],
        ["accepted", "ok", 2],
      ],
    ],
    [
      "one run told two verdicts, and the worse one counts",
      "failed",
      readable,
      [
        ["readable", "failed", 1, "r"],
        ["readable", "ok", 2, "r"],
      ],
    ],
    [
      "one run told doubt and fine, and doubt counts",
      "doubt",
      readable,
      [
        ["readable", "ok", 1, "r"],
        ["readable", "doubt", 1, "r"],
      ],
    ],
    [
      "one run told two verdicts, and a later one told fine",
      "verified",
      readable,
      [
        ["readable", "failed", 1, "r"],
        ["readable", "ok", 2, "r"],
        ["readable", "ok", 3, "s"],
      ],
    ],
    [
      "two runs of one moment disagree, and the worse one counts",
      "failed",
      readable,
      [
        ["readable", "ok", 1, "r"],
        ["readable", "failed", 1, "s"],
      ],
    ],
  ])("%s: %s", async (_what, state, verified, seen) => {
    expect(stateOf(await entryOf(...seen), verified)).toBe(state);
  });

  test("evidence of another manifest counts for nothing, once the manifest is known", async () => {
    const entry = await entryOf(["readable", "ok", 1, "r", "ffffffff"], ["restored", "failed", 2, "s", "eeeeeeee"]);
    expect(stateOf(entry, readable, digest)).toBe("unverified");
    expect(stateOf(entry, readable, "ffffffff".padEnd(64, "0"))).toBe("verified");
    expect(stateOf(entry, readable, "eeeeeeee".padEnd(64, "0"))).toBe("failed");
    const both = await entryOf(["readable", "ok", 1], ["readable", "failed", 2, "s", "ffffffff"]);
    expect(stateOf(both, readable, digest)).toBe("verified");
    expect(stateOf(both, readable)).toBe("failed");
  });

  test("what a verdict rests on is named, so that a reader can check each", async () => {
    const verified = standingOf(await entryOf(["present", "ok", 1], ["readable", "ok", 2], ["readable", "failed", 1, "old"]), readable);
    expect(verified.state).toBe("verified");
    expect(verified.restsOn.map((found) => `${found.proof} ${found.verdict}`)).toEqual(["present ok", "readable ok"]);
    const accepted = standingOf(await entryOf(["readable", "doubt", 1], ["accepted", "ok", 2]), readable);
    expect(accepted.restsOn.map((found) => found.proof)).toEqual(["readable", "accepted"]);
    const restored = standingOf(await entryOf(["restored", "ok", 1]), readable);
    expect(restored.restsOn).toMatchObject([{ proof: "restored", key: `evidence/restored/shop/${slot}/ok.6b29a1e4.run-1.json` }]);
    expect(standingOf(await entryOf(), readable).restsOn).toEqual([]);
  });

  const seens = fc.array(
    fc.tuple(
      fc.constantFrom(...evidenceNames),
      fc.constantFrom<Verdict>("ok", "doubt", "failed"),
      fc.nat(5),
      fc.constantFrom("a", "b", "c"),
      fc.constantFrom("6b29a1e4", "ffffffff"),
    ),
    { maxLength: 8 },
  );
  const unique = (seen: readonly Seen[]) => new Set(seen.map((s) => evidenceOf(s).key)).size === seen.length;
  test("the order in which evidence was listed says nothing", async () => {
    await fc.assert(
      fc.asyncProperty(seens, fc.constantFrom(undefined, digest), async (seen, about) => {
        fc.pre(unique(seen));
        const entry = await entryOf(...seen);
        const standing = standingOf(entry, readable, about);
        expect(standingOf(await entryOf(...seen.toReversed()), readable, about)).toEqual(standing);
      }),
    );
  });
  test("verified always rests on evidence that is fine, or in doubt and accepted, and on no failed restore", async () => {
    await fc.assert(
      fc.asyncProperty(seens, async (seen) => {
        fc.pre(unique(seen));
        const { state, restsOn } = standingOf(await entryOf(...seen), readable, digest);
        if (state !== "verified") return;
        expect(restsOn.every((found) => found.digest8 === "6b29a1e4" && found.verdict !== "failed")).toBe(true);
        expect(restsOn.some((found) => found.proof === "readable" || found.proof === "restored")).toBe(true);
        const accepted = restsOn.some((found) => found.proof === "accepted" && found.verdict === "ok");
        expect(accepted || restsOn.every((found) => found.verdict === "ok")).toBe(true);
        const restores = seen.filter(([proof, , , , about]) => proof === "restored" && about === "6b29a1e4");
        const last = Math.max(...restores.map(([, , at]) => at));
        expect(restores.every(([, verdict, at]) => at < last || verdict !== "failed")).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the catalogue is the listing", () => {
  const at = { source: "shop", slot };
  test("of one source, by slot, with all that lies there", async () => {
    const objects = [
      stored(`backups/shop/20261122T020000Z/bbbbbbbb/shop.dump.zst.age`, minute(9), 7),
      stored(manifestKey(at), minute(5), 10),
      stored(`backups/shop/${slot}/aaaaaaaa/shop.dump.zst.age`, minute(3), 1000),
      stored(`backups/shop/${slot}/aaaaaaaa/manifest.sig`, minute(4), 70),
      stored(`backups/shop/${slot}/cccccccc/shop.dump.zst.age`, minute(4), 500),
      stored(`backups/bank/${slot}/manifest.json`, minute(1)),
      stored(`backups/shopping/${slot}/manifest.json`, minute(1)),
      evidenceOf(["readable", "ok", 6]),
      evidenceOf(["readable", "failed", 5]),
      stored(evidenceKey({ proof: "readable", verdict: "ok", source: "bank", slot, digest8: "6b29a1e4", run: "x" }), minute(7)),
      stored(
        evidenceKey({ proof: "readable", verdict: "ok", source: "shop", slot: "20261123T020000Z", digest8: "6b29a1e4", run: "x" }),
        minute(7),
      ),
    ];
    const entries = await catalogue(listing(objects), "shop");
    expect(entries.map((entry) => [entry.slot, isBackup(entry), entry.bytes, entry.objects.length])).toEqual([
      [slot, true, 1580, 3],
      ["20261122T020000Z", false, 7, 1],
    ]);
    expect(entries[0]?.at).toEqual(new Date("2026-11-21T02:00:00Z"));
    expect(entries[0]?.manifest?.key).toBe(manifestKey(at));
    expect(entries[0]?.evidence.readable?.map((found) => found.verdict)).toEqual(["ok", "failed"]);
    expect(entries[1]?.evidence).toEqual({});
  });
  test("and nothing that only looks like it", async () => {
    const objects = [
      "backups/shop/latest/manifest.json",
      "backups/shop/readme.txt",
      `backups/shop/${slot}`,
      "backups/shop/20260230T020000Z/manifest.json",
      evidencePrefix("readable", "shop"),
      `evidence/readable/shop/${slot}/fine.6b29a1e4.x.json`,
      `evidence/constructor/shop/${slot}/ok.6b29a1e4.x.json`,
    ].map((key) => stored(key, minute(1)));
    expect(await catalogue(listing(objects), "shop")).toEqual([]);
  });
  test("a manifest inside of an attempt makes no backup", async () => {
    const [entry] = await catalogue(listing([stored(`backups/shop/${slot}/aaaaaaaa/manifest.json`, minute(1))]), "shop");
    expect(entry && isBackup(entry)).toBe(false);
  });
  test("of a source called like what objects inherit is its own", async () => {
    const objects = [stored(manifestKey({ source: "constructor", slot }), minute(1))];
    expect(await catalogue(listing(objects), "constructor")).toHaveLength(1);
  });
});
