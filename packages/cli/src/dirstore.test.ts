import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Bytes } from "@holdfast/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dirStore } from "./dirstore.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "holdfast-dir-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const put = (name: string, content = "0123456789") => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), content);
};
const text = async (bytes: Bytes) => Buffer.concat(await Array.fromAsync(bytes)).toString();
const store = () => dirStore(path.join(folder, "down"));

test("a range is read as it was asked for, and one that the file does not fill is not read short", async () => {
  put("down/keys/a.pem");
  expect(await text(store().read.read({ key: "keys/a.pem" }, { from: 2, to: 5 }))).toBe("234");
  expect(await text(store().read.read({ key: "keys/a.pem" }, { from: 4, to: 4 }))).toBe("");
  await expect(text(store().read.read({ key: "keys/a.pem" }, { from: 5, to: 20 }))).rejects.toMatchObject({
    name: "ShortRead",
    expected: 15,
    got: 5,
  });
});
test("what is not there is missing", async () => {
  put("down/other");
  expect(await store().read.head({ key: "keys/a.pem" })).toBeUndefined();
  await expect(text(store().read.read({ key: "keys/a.pem" }))).rejects.toMatchObject({ name: "ObjectMissing" });
});
test("no key leads out of the folder", async () => {
  put("down/inside");
  put("outside");
  for (const key of ["backups/../../outside", "../outside", "./../outside", "/outside", ""])
    expect(await store().read.head({ key }), key).toBeUndefined();
});
test("a whole bucket is listed by key, evidence too", async () => {
  const keys = [
    "backups/note/20261121T020000Z/manifest.note",
    "evidence/readable/note/20261120T020000Z/ok.x.json",
    "evidence/readable/note/20261121T020000Z/ok.y.json",
  ];
  for (const key of keys) put(`down/${key}`);
  const listed = async (prefix: string) => (await Array.fromAsync(store().list.list(prefix))).map(({ key }) => key);
  expect(await listed("evidence/readable/note/")).toEqual(keys.slice(1));
  expect(await listed("backups/note/")).toEqual(keys.slice(0, 1));
  expect(await listed("backups/other/")).toEqual([]);
});
test("a folder of one source does not stand for its evidence", async () => {
  put("down/note/20261121T020000Z/manifest.json");
  expect(await Array.fromAsync(store().list.list("evidence/readable/note/"))).toEqual([]);
});
