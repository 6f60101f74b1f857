import type { Evidence } from "@holdfast/core";
import { expect, test } from "vitest";
import { type Happened, resultOf } from "./result.ts";
import { proven } from "./verified.ts";

const slot = "20261121T104400Z";
const tables = (rows: number) => [
  { what: "table" as const, name: "a", rows, fingerprint: "1" },
  { what: "sequence" as const, name: "s", rows: 1, fingerprint: "2" },
];

const happened = (restoredSlot = slot): Happened => ({
  made: {
    entry: { source: "shop", slot, at: new Date(0), manifest: undefined, objects: [], bytes: 0, evidence: {} },
    loaded: { manifest: { source: "shop", kind: "postgres" }, digest: "", version: "" } as unknown as Happened["made"]["loaded"],
    rows: 7,
    bytes: 123,
    seconds: 2,
  },
  verification: { seconds: 1 } as Evidence,
  restored: {
    outcome: { source: "shop", slot: restoredSlot, target: "t", made: [], unit: "rows", thing: "table", things: 16, expected: 7, found: 7, notes: [] },
    seconds: 5,
  },
  before: tables(7),
  after: tables(6),
});

test("the result holds what the manifest, the evidence, the execution and the demo's own counts said", () => {
  expect(resultOf(happened())).toEqual({
    backups: [{ source: "shop", kind: "postgres", id: `shop/${slot}`, bytes: 123, seconds: 2 }],
    verified: [{ id: `shop/${slot}`, proofs: ["present", "intact", "readable", "restored"], seconds: 1 }],
    restores: [{ source: "shop", kind: "postgres", database: "shop", tables: 16, rowsExpected: 7, rowsFound: 6, seconds: 5 }],
  });
});

test("a backup is not called restored when another one was", () => {
  expect(resultOf(happened("20261121T104500Z")).verified[0]?.proofs).toEqual(["present", "intact", "readable"]);
});

test("a proof stands for those below it, and copied stands only for itself", () => {
  expect(proven(["readable"])).toEqual(["present", "intact", "readable"]);
  expect(proven(["restored"])).toEqual(["present", "intact", "readable", "restored"]);
  expect(proven(["readable", "copied"])).toEqual(["present", "intact", "readable", "copied"]);
});
