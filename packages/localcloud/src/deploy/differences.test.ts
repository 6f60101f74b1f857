import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { appliers } from "./appliers/index.ts";
import { differencesPage } from "./differences.ts";

const page = path.resolve(import.meta.dirname, "../../../../docs/local-differences.md");

test("the page of differences is what the appliers say", () => {
  expect(readFileSync(page, "utf8")).toBe(differencesPage());
});

test("an input that an applier ignores stands on the page with its reason", () => {
  const added = { type: "aws:x/y:Y", inputs: z.unknown(), ignores: { colour: "nobody looks" }, make: async () => undefined };
  expect(differencesPage([...appliers, added])).toContain("### `aws:x/y:Y`\n\n- `colour` is ignored: nobody looks.");
});

test("each type has one applier, which refuses inputs that it does not name", () => {
  expect(new Set(appliers.map(({ type }) => type)).size).toBe(appliers.length);
  for (const { type, inputs } of appliers)
    expect({ type, refused: !inputs.safeParse({ anUnknownInput: 1 }).success }).toEqual({ type, refused: true });
});

test("no applier both applies and ignores an input", () => {
  for (const { type, inputs, ignores = {} } of appliers) {
    const applied = inputs instanceof z.ZodObject ? Object.keys(inputs.shape) : [];
    expect({ type, both: Object.keys(ignores).filter((input) => applied.includes(input)) }).toEqual({ type, both: [] });
  }
});
