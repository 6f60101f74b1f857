import type { Evidence } from "@holdfast/core";
import { expect, test } from "vitest";
import { DemoFailed } from "./errors.ts";
import { type Back, type Happened, resultOf } from "./result.ts";
import { countsOf, requireEqual } from "./orders/compare.ts";
import { shopComparison } from "./shop/subject.ts";
import type { Comparison } from "./subject.ts";
import { vaultComparison } from "./vault/subject.ts";
import { proven } from "./verified.ts";

const slot = "20261121T104400Z";
const tables = (rows: number) => [
  { what: "table" as const, name: "a", rows, fingerprint: `${rows}` },
  { what: "sequence" as const, name: "s", rows: 1, fingerprint: "2" },
];
const secrets = new Map([
  ["app/a", "1"],
  ["app/b", "2"],
]);
const ofShop = shopComparison("shop", { things: 16 }, tables(7), tables(7));
const ofVault = vaultComparison({ things: 3, expected: 19, found: 19 }, secrets, secrets, "http://127.0.0.1:20002");

const backOf = (source: string, comparison: Comparison, restoredSlot = slot, restoring: Back["restoring"] = {}): Back => ({
  restoring,
  restored: { outcome: { source, slot: restoredSlot } as Back["restored"]["outcome"], seconds: 5 },
  comparison,
});
const copied = { store: "azure", bytes: 123, seconds: 1.2, proof: "md5 of each part" };
const happened = (source: string, kind: string, comparison: Comparison, restoredSlot = slot): Happened => ({
  made: {
    entry: { source, slot, at: new Date(0), manifest: undefined, objects: [], bytes: 0, evidence: {} },
    loaded: { manifest: { source, kind }, digest: "", version: "" } as unknown as Happened["made"]["loaded"],
    holds: "",
    bytes: 123,
    seconds: 2,
  },
  verification: { seconds: 1, proof: kind === "aurora" ? "present" : "readable" } as Evidence,
  copies: kind === "aurora" ? [] : [copied],
  restores: [backOf(source, comparison, restoredSlot)],
});
const both = [happened("shop", "postgres", ofShop), happened("vault", "vault", ofVault)];

test("the result holds what the manifests, the evidence, the executions and the demo's own counts said", () => {
  const proofs = ["present", "intact", "readable", "copied", "restored"];
  expect(resultOf(both)).toEqual({
    backups: [
      { source: "shop", kind: "postgres", id: `shop/${slot}`, bytes: 123, seconds: 2 },
      { source: "vault", kind: "vault", id: `vault/${slot}`, bytes: 123, seconds: 2 },
    ],
    verified: [
      { id: `shop/${slot}`, proofs, seconds: 1 },
      { id: `vault/${slot}`, proofs, seconds: 1 },
    ],
    copies: [
      { id: `shop/${slot}`, ...copied },
      { id: `vault/${slot}`, ...copied },
    ],
    restores: [
      { source: "shop", kind: "postgres", database: "shop", tables: 16, rowsExpected: 7, rowsFound: 7, seconds: 5 },
      { source: "vault", kind: "vault", mounts: 3, entriesExpected: 19, entriesFound: 19, secretsExpected: 2, secretsFound: 2, seconds: 5 },
    ],
  });
});

test("a backup is not called restored when another one was", () => {
  const other = happened("shop", "postgres", ofShop, "20261121T104500Z");
  expect(resultOf([other]).verified[0]?.proofs).toEqual(["present", "intact", "readable", "copied"]);
});

test("a backup without copies is not called copied", () => {
  const nowhere = { ...happened("shop", "postgres", ofShop), copies: [] };
  expect(resultOf([nowhere])).toMatchObject({ copies: [], verified: [{ proofs: ["present", "intact", "readable", "restored"] }] });
});

const ofCluster = (cluster: string, pointInTime?: string): Comparison => ({
  block: { title: "", equal: "", lines: [] },
  counts: { ...countsOf(cluster, tables(7), tables(7)), ...(pointInTime ? { pointInTime } : {}) },
  what: "",
  found: "",
});

test("a snapshot and a moment are rows of their own, and the moment proves nothing about the snapshot", () => {
  const moment = "2026-11-21T10:44:09Z";
  const toMoment = backOf("orders", ofCluster("then", moment), slot, { beside: true });
  const orders = happened("orders", "aurora", ofCluster("before"));
  const { restores, verified } = resultOf([{ ...orders, restores: [...orders.restores, toMoment] }]);
  const row = { source: "orders", kind: "aurora", tables: 1, rowsExpected: 7, rowsFound: 7, seconds: 5 };
  expect(restores).toEqual([
    { ...row, cluster: "before" },
    { ...row, cluster: "then", pointInTime: moment },
  ]);
  expect(verified[0]?.proofs).toEqual(["present", "restored"]);
  expect(resultOf([{ ...orders, restores: [toMoment] }]).verified[0]?.proofs).toEqual(["present"]);
});

test("what came back with a difference fails the demo, and is named", () => {
  expect(() => shopComparison("shop", { things: 1 }, tables(7), tables(6))).toThrow(DemoFailed);
  expect(() => shopComparison("shop", { things: 1 }, tables(7), tables(6))).toThrow("table a: 7 before, 6 after");
  expect(() => requireEqual("the cluster", tables(7), tables(6))).toThrow("the cluster differs: table a: 7 before, 6 after");
  const after = new Map(secrets).set("app/b", "other");
  expect(() => vaultComparison({ things: 1, expected: 2, found: 2 }, secrets, after, "http://127.0.0.1:20002")).toThrow(
    "of the restored secrets 1 differ: secret/app/b holds something else",
  );
});

test("a proof stands for those below it, and copied stands only for itself", () => {
  expect(proven(["readable"])).toEqual(["present", "intact", "readable"]);
  expect(proven(["restored"])).toEqual(["present", "intact", "readable", "restored"]);
  expect(proven(["readable", "copied"])).toEqual(["present", "intact", "readable", "copied"]);
});
