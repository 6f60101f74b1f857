import { expect, test } from "vitest";
import { middleOf } from "./middle.ts";

test.each([
  [[], undefined],
  [[7], 7],
  [[10, 100], 100],
  [[100, 2, 10], 10],
  [[9, 10, 11, 100_000], 11],
])("of %j the middle is %j", (sizes, middle) => expect(middleOf(sizes)).toBe(middle));
