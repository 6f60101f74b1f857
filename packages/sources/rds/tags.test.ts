import fc from "fast-check";
import { expect, test } from "vitest";
import { aNative } from "./kit/anative.ts";
import { settings } from "./native.ts";
import { ours, settingsAsTags, settingsFromTags } from "./tags.ts";

const text = fc.string({ minLength: 1, maxLength: 255, unit: "binary" });
const anySettings = fc
  .record({
    DBInstanceClass: text,
    DBSubnetGroupName: fc.option(text, { nil: undefined }),
    VpcSecurityGroupIds: fc.array(text, { maxLength: 32 }),
  })
  .map((some) => settings.parse(JSON.parse(JSON.stringify({ ...aNative.settings, ...some }))));

test("settings come back from tags as they were, and every tag is one that RDS takes", () => {
  fc.assert(
    fc.property(anySettings, (wanted) => {
      const tags = settingsAsTags(wanted);
      expect(settings.parse(settingsFromTags({ ...tags, Name: "shop", "holdfast:source": "shop" }))).toEqual(wanted);
      for (const value of Object.values(tags)) expect(value).toMatch(/^[A-Za-z0-9 _.:/=+\-@]{1,256}$/);
    }),
    { numRuns: 30 },
  );
  expect(Object.keys(settingsAsTags(aNative.settings)).length).toBeLessThan(5);
});

test("tags that somebody changed or cut tell nothing, and never throw", () => {
  const tags = settingsAsTags(aNative.settings);
  const { "holdfast:settings-1": first = "", ...rest } = tags;
  for (const broken of [{}, rest, { "holdfast:settings-1": first.slice(9) }, { "holdfast:settings-1": "what?" }])
    expect(settingsFromTags(broken)).toBeUndefined();
});

test("only tags of Holdfast go over to a copy, since a database brings up to fifty of its own", () => {
  expect(ours({ "holdfast:slot": "s", Name: "shop", "aws:backup": "x" })).toEqual({ "holdfast:slot": "s" });
});
