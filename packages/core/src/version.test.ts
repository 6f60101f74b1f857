import { expect, test } from "vitest";
import root from "../../../package.json" with { type: "json" };
import own from "../package.json" with { type: "json" };
import { version } from "./version.ts";

test("the version that manifests record is the one of the packages", () => {
  expect(version).toBe(own.version);
  expect(version).toBe(root.version);
});
