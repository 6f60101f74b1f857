import { copy } from "@holdfast/core";
import { expect, test } from "vitest";
import { copyRig, shop, unlike } from "../../kit/copies.ts";

test("a backup that was read is copied whole", async () => {
  const of = await copyRig();
  expect(await copy(shop, of.ports(), of.context)).toMatchObject({ state: "copied", store: "far" });
  expect(unlike(of)).toEqual([]);
});
