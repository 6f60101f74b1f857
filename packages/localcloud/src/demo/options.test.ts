import { expect, test } from "vitest";
import { parseOptions, usualRows } from "./options.ts";

test("without arguments the demo ends by itself and has the usual number of rows", () => {
  expect(parseOptions("demo", [])).toEqual({ rows: usualRows, keep: false });
  expect(parseOptions("demo", ["--keep", "--rows", "5000"])).toEqual({ rows: 5000, keep: true });
});

test.each([["--rows", "x"], ["--rows", "-5"], ["--rows", "0"], ["--what"], ["more"]])("%s %s is refused with how it is used", (...args) => {
  expect(parseOptions("demo", args)).toMatchObject({ code: 2, say: expect.stringContaining("npm run demo") });
});

test("the local cloud stays anyway, and says so", () => {
  expect(parseOptions("local", ["--keep"])).toMatchObject({ code: 2, say: expect.stringContaining("stays anyway") });
});

test("help is no error", () => {
  expect(parseOptions("local", ["--help"])).toMatchObject({ code: 0 });
});
