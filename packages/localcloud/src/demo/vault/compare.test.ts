import { expect, test } from "vitest";
import { differences, vaultBlock } from "./compare.ts";

const before = new Map([
  ["app-0/a", "1"],
  ["app-0/b", "2"],
  ["app-1/c", "3"],
]);
const lines = (after: ReadonlyMap<string, string>) => vaultBlock("Vault", before, after).lines;

test("the same secrets are equal, in whatever order they were read", () => {
  const after = new Map([...before].reverse());
  expect(differences(before, after)).toEqual([]);
  expect(lines(after)).toEqual([
    { name: "secret/app-0/", before: 2, after: 2, equal: true },
    { name: "secret/app-1/", before: 1, after: 1, equal: true },
    { name: "all 2 folders, secrets", before: 3, after: 3, equal: true },
  ]);
});

test("a secret that is gone, one that is new and one that changed each differ, and are named", () => {
  const after = new Map([
    ["app-0/a", "changed"],
    ["app-0/b", "2"],
    ["app-2/d", "4"],
  ]);
  expect(differences(before, after)).toEqual([
    "secret/app-1/c is not there",
    "secret/app-2/d was not there before",
    "secret/app-0/a holds something else",
  ]);
  expect(lines(after)).toEqual([
    { name: "secret/app-0/", before: 2, after: 2, equal: false },
    { name: "secret/app-1/", before: 1, after: undefined, equal: false },
    { name: "secret/app-2/", before: undefined, after: 1, equal: false },
    { name: "all 3 folders, secrets", before: 3, after: 3, equal: false },
  ]);
});

test("folders beyond the first share a line, and one different secret among them is seen", () => {
  const many = new Map(Array.from({ length: 30 }, (_, i) => [`app-${i}/x`, "1"]));
  const found = vaultBlock("Vault", many, new Map(many).set("app-20/x", "2")).lines;
  expect(found[3]).toEqual({ name: "27 further folders", before: 27, after: 27, equal: false });
  expect(found.at(-1)?.equal).toBe(false);
});
