import { describe, expect, test } from "vitest";
import { copiedDays, copiedTo, copyStatus, copyVerdict, lastSaid, runFor } from "./copies.ts";
import { keep } from "./keep.ts";
import { evidenceKey, parseEvidenceKey, type Verdict } from "./layout.ts";

/** `gcs ok`, `gcs_2 failed`: run and verdict. */
const said = (...words: string[]) =>
  words.map((word) => {
    const [run = "", verdict] = word.split(" ");
    return { run, verdict: verdict as Verdict };
  });
const day = 86_400_000;
const backup = (n: number, ...words: string[]) => ({
  source: "shop",
  slot: `2026112${n}T020000Z`,
  at: new Date(n * day),
  evidence: { copied: said(...words) },
});

describe("what evidence says of copies", () => {
  test.each<[string[], "ok" | "failed" | undefined]>([
    [[], undefined],
    [["azure ok", "gcs-eu ok", "gc ok"], undefined],
    [["gcs ok"], "ok"],
    [["gcs failed"], "failed"],
    [["gcs failed", "gcs_2 ok"], "ok"],
    [["gcs_2 failed", "gcs ok"], "failed"],
    [["gcs_10 ok", "gcs_9 failed"], "ok"],
    [["gcs ok", "gcs failed"], "failed"],
    [["gcs doubt"], "failed"],
  ])("%j says %s", (words, verdict) => {
    expect(copyVerdict({ evidence: { copied: said(...words) } }, "gcs")).toBe(verdict);
  });
  test.each<[string[], Verdict, string]>([
    [[], "ok", "gcs"],
    [["azure ok"], "failed", "gcs"],
    [["gcs ok"], "failed", "gcs_2"],
    [["gcs failed"], "ok", "gcs_2"],
    [["gcs failed"], "failed", "gcs"],
    [["gcs ok", "gcs_2 failed"], "failed", "gcs_2"],
    [["gcs ok", "gcs_2 failed"], "ok", "gcs_3"],
    [["gcs ok", "gcs failed"], "ok", "gcs_2"],
  ])("after %j, %s is said as %s", (words, verdict, run) => {
    expect(runFor(said(...words), "gcs", verdict)).toBe(run);
  });
  test("whatever is said next is what was said last", () => {
    const words: ReturnType<typeof said> = [];
    for (const verdict of ["ok", "failed", "failed", "ok", "failed", "ok"] as const) {
      const run = runFor(words, "gcs", verdict);
      if (!words.some((one) => one.run === run && one.verdict === verdict)) words.unshift({ run, verdict });
      expect(lastSaid(words, "gcs")?.verdict).toBe(verdict);
    }
    expect(words).toHaveLength(5);
  });
  test("its run goes into a key as it is, and the store comes out again", () => {
    const key = evidenceKey({
      proof: "copied",
      source: "shop",
      slot: "20261121T020000Z",
      verdict: "ok",
      digest8: "00000000",
      run: "g-1_12",
    });
    expect(copiedTo(parseEvidenceKey(key) ?? { run: "" })).toBe("g-1");
  });
});

describe("the status of copies", () => {
  const stores = ["azure", "gcs"];
  test("tells the newest in each store, and which stand in all", () => {
    const good = [backup(1, "gcs ok", "azure ok"), backup(2, "gcs ok", "azure ok"), backup(3, "gcs ok")];
    expect(copyStatus(stores, good)).toEqual({
      copies: [
        { store: "azure", newest: "shop/20261122T020000Z" },
        { store: "gcs", newest: "shop/20261123T020000Z" },
      ],
      reasons: [],
      notes: [],
      whole: good.slice(0, 2),
    });
  });
  test("a copy that failed is a reason until a newer one stands in that store", () => {
    const failed = backup(2, "gcs ok", "azure ok", "azure_2 failed");
    const what = "shop/20261122T020000Z has no good copy in azure";
    expect(copyStatus(stores, [backup(1, "gcs ok", "azure ok"), failed])).toMatchObject({ reasons: [what], notes: [] });
    expect(copyStatus(stores, [failed, backup(3, "gcs ok")])).toMatchObject({ reasons: [what], notes: [] });
    expect(copyStatus(stores, [failed, backup(3, "azure ok")])).toMatchObject({ reasons: [], notes: [what] });
  });
  test("a source without copies needs none", () => {
    const good = [backup(1)];
    expect(copyStatus([], good)).toEqual({ copies: [], reasons: [], notes: [], whole: good });
  });
});

test("a backup is copied as long as nothing may have let its copy go, or moved it to an archive", () => {
  expect(copiedDays(keep.parse({ daily: 14 }))).toBe(14);
  expect(copiedDays(keep.parse({ daily: 5, weekly: 4 }))).toBe(5);
  expect(copiedDays(keep.parse({ daily: 365 }))).toBe(30);
});
