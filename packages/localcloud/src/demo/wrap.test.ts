import { expect, test } from "vitest";
import { wrap } from "./wrap.ts";

test("a text breaks at spaces, as late as it can", () => {
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrap("one two three", 8)).toEqual(["one two", "three"]);
  expect(wrap("one two three", 13)).toEqual(["one two three"]);
});

test("a word that is longer than the line keeps whole, so that it can be copied", () => {
  expect(wrap("see arn:aws:states:eu-central-1 there", 10)).toEqual(["see", "arn:aws:states:eu-central-1", "there"]);
});

test("leading spaces stay", () => {
  expect(wrap("  one two", 5)).toEqual(["  one", "two"]);
});
