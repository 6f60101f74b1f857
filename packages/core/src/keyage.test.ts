import { expect, test } from "vitest";
import { z } from "zod";
import { type StandingKeys, keyAges, standingKeys } from "./keyage.ts";
import type { Context } from "./ports/context.ts";
import type { StoreKind } from "./ports/storekind.ts";

const now = new Date("2026-11-21T00:00:00Z");
const context: Context = { now: () => now, signal: new AbortController().signal, progress: () => {} };
const day = 86_400;
const before = (days: number) => new Date(now.getTime() - days * day * 1000);

const kind: StoreKind = {
  name: "test",
  config: z.unknown(),
  expires: () => true,
  place: () => ({ cloud: "local", region: undefined, field: "" }),
  needs: (_rights, key, use) => ({ secrets: key === undefined ? [] : [`${key}-${use}`], allow: [] }),
};
const one = { name: "one", prune: false, keyDays: 30, kind: "test", config: "acme" };

test("a store that a role alone opens has no standing keys, any other has those of each use", () => {
  const keyless = { ...one, name: "two", config: undefined };
  expect(standingKeys({ stores: { one, two: keyless } }, { stores: { test: { kind, folder: "" } } })).toEqual([
    { store: "one", secrets: ["acme-copy", "acme-mark", "acme-read"], days: 30 },
  ]);
});

const stores: StandingKeys[] = [
  { store: "one", secrets: ["young", "old"], days: 90 },
  { store: "two", secrets: ["young"], days: 90 },
  { store: "lost", secrets: ["young", "gone"], days: 90 },
  { store: "tomorrow", secrets: ["ahead"], days: 90 },
];
const written = async (name: string) => {
  const found = { young: before(3), old: before(100), ahead: before(-1) }[name];
  if (!found) throw new Error(`no ${name}`);
  return found;
};

test("a store is as old as the oldest of its keys; one that cannot be looked at has no age and hides no other", async () => {
  expect(await keyAges(stores, written, context)).toEqual({
    ages: [
      { store: "one", seconds: 100 * day },
      { store: "two", seconds: 3 * day },
      { store: "tomorrow", seconds: 0 },
    ],
    failed: [{ store: "lost", error: new Error("no gone") }],
  });
});

test("a deadline keeps what was seen before it", async () => {
  const ending = new AbortController();
  const slow = async (name: string) => {
    const found = await written(name);
    ending.abort(new Error("time is up"));
    return found;
  };
  const { ages, failed } = await keyAges(stores, slow, { ...context, signal: ending.signal });
  expect([ages.map(({ store }) => store), failed.map(({ store }) => store)]).toEqual([["one"], ["two", "lost", "tomorrow"]]);
});
