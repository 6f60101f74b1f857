import { describe, expect, test } from "vitest";
import type { Entry } from "./catalogue.ts";
import { manifestKey, slotId, type Verdict } from "./layout.ts";
import { replicaOf } from "./replicas.ts";
import { statusOf, type WatchedSource } from "./status.ts";

const [near, far] = ["eu-west-1", "eu-west-1-222222222222"];
const daily: WatchedSource = {
  name: "shop",
  kind: "rows",
  schedule: "cron(0 2 * * ? *)",
  alarmHours: 36,
  verified: ["present"],
  replicas: [near, far],
};

/** A verified backup of that day at two, with copies as told: `eu-west-1 ok`. */
function entry(day: number, ...copies: string[]): Entry {
  const at = new Date(Date.UTC(2026, 10, day, 2));
  const id = { source: "shop", slot: slotId(at) };
  const found = (proof: "present" | "replicated", run: string, verdict: Verdict) => ({
    ...id,
    proof,
    verdict,
    run,
    digest8: "00000000",
    key: "k",
    at,
  });
  return {
    ...id,
    at,
    manifest: { key: manifestKey(id), version: "v", bytes: 1, at, access: "now", sums: {} },
    objects: [],
    bytes: 1,
    evidence: {
      present: [found("present", "r", "ok")],
      replicated: copies.map((copy) => found("replicated", copy.split(" ")[0] ?? "", copy.split(" ")[1] as Verdict)),
    },
  };
}
const status = (now: string, ...entries: Entry[]) => {
  const { verdict, reasons, notes } = statusOf(daily, entries, new Date(now));
  return { verdict, reasons, notes };
};

describe("a source that has copies elsewhere", () => {
  test("tells the newest one of each destination", () => {
    expect(status("2026-11-21T09:00:00Z", entry(20, `${near} ok`, `${far} ok`), entry(21, `${far} ok`))).toEqual({
      verdict: "ok",
      reasons: [],
      notes: ["the newest copy in eu-west-1 is of shop/20261120T020000Z", `the newest copy in ${far} is of shop/20261121T020000Z`],
    });
  });

  test("is not fine once the newest copy at one destination is older than its alarm, though its backups are young", () => {
    const entries = [entry(19, `${near} ok`, `${far} ok`), entry(20, `${far} ok`), entry(21, `${far} ok`)];
    expect(status("2026-11-20T13:59:59Z", ...entries.slice(0, 2)).verdict).toBe("ok");
    expect(status("2026-11-21T09:00:00Z", ...entries)).toMatchObject({
      verdict: "breach",
      reasons: ["the newest copy in eu-west-1 is of shop/20261119T020000Z, and the plan allows 36 hours"],
    });
  });

  test("has as long for its first copy, and is not fine then", () => {
    expect(status("2026-11-21T09:00:00Z", entry(21))).toMatchObject({
      verdict: "ok",
      notes: [`there is no copy in ${near} yet`, `there is no copy in ${far} yet`],
    });
    expect(status("2026-11-22T15:00:00Z", entry(21), entry(22)).reasons).toEqual([
      `there is no copy in ${near} yet, and the plan allows 36 hours`,
      `there is no copy in ${far} yet, and the plan allows 36 hours`,
    ]);
  });

  test("has none where one failed, or was whole and is gone", () => {
    expect(replicaOf(entry(21, `${near} failed`), near)?.verdict).toBe("failed");
    expect(replicaOf(entry(21, `${near} ok`, `${near} failed`), near)?.verdict).toBe("failed");
    expect(replicaOf(entry(21, `${near} failed`, `${near} ok`), near)?.verdict).toBe("failed");
    expect(replicaOf(entry(21, `${near} ok`), far)).toBeUndefined();
  });
});
