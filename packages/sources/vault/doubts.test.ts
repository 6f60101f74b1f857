import { describe, expect, test } from "vitest";
import { doubts } from "./doubts.ts";
import { aNative } from "./kit/anative.ts";
import type { Native } from "./native.ts";

const before = aNative();
const names = (now: Partial<Native>, earlier: Partial<Native> = {}) =>
  doubts({ ...before, ...now }, { ...before, ...earlier }).map(({ name, severity }) => `${severity} ${name}`);
const raft = (index: number) => ({ raft: { ...before.raft, index } });
const entries = (data: number) => ({ entries: { all: data + 100, data } });
const bytes = (stateBytes: number) => ({ archive: { ...before.archive, stateBytes } });
const kms = { type: "awskms", shares: 5, threshold: 3, key: "arn:aws:kms:eu-central-1:1:key/1" };

test("a backup like the one before gives no doubt", () => expect(names({})).toEqual([]));
test("neither does one that grew or shrank a little, or a higher term", () => {
  expect(names({ ...entries(1_900), ...bytes(19_000_000), ...raft(5_001) })).toEqual([]);
  expect(names({ ...entries(600), ...bytes(6_000_000), raft: { ...before.raft, term: 9 } })).toEqual([]);
});

describe("a doubt comes when", () => {
  test("the raft index went back", () => expect(names(raft(4_999))).toEqual(["doubt raft-index-went-back"]));
  test("it is another cluster, whatever its index", () => {
    expect(names({ clusterId: "another", ...raft(10) })).toEqual(["doubt another-cluster"]);
    expect(names({ clusterId: "another", ...raft(9_999) })).toEqual(["doubt another-cluster"]);
  });
  test("less than half of the entries are left", () => expect(names(entries(499))).toEqual(["doubt fewer-entries"]));
  test("the cluster of a small team was emptied", () => expect(names(entries(9), entries(40))).toEqual(["doubt fewer-entries"]));
  test("less than half of the bytes are left", () => expect(names(bytes(4_999_999))).toEqual(["doubt fewer-bytes"]));
  test("there are over ten times as many entries", () => expect(names(entries(10_001))).toEqual(["doubt many-more-entries"]));
  test("there are over ten times as many bytes", () => expect(names(bytes(100_000_001))).toEqual(["doubt many-more-bytes"]));
});

describe("beside the last few", () => {
  const shrinking = (data: number, past: readonly number[]) => {
    const recent = past.toReversed().map((size) => ({ ...before, ...entries(size) }));
    return doubts({ ...before, ...entries(data) }, recent[0] ?? before, recent);
  };
  test("a cluster that loses a little less than half each time is in doubt before all is gone", () => {
    const lost = [1_000, 550, 310, 180, 100];
    expect(lost.map((size, i) => shrinking(size, lost.slice(0, i)).map(({ name }) => name))).toEqual([
      [],
      [],
      ["fewer-entries"],
      ["fewer-entries"],
      ["fewer-entries"],
    ]);
    expect(shrinking(310, [1_000, 550])[0]?.message).toBe(
      "it has 310 entries of secrets engines and auth methods, where the last 2 backups have 1000 in the middle",
    );
  });
  test("one that loses a fifth each time is, too", () => {
    const lost = Array.from({ length: 8 }, (_, i) => Math.round(10_000 * 0.8 ** i));
    expect(shrinking(lost.at(-1) ?? 0, lost.slice(0, -1))).toMatchObject([{ name: "fewer-entries", severity: "doubt" }]);
  });
  test("one that grows fourfold each time is", () => {
    expect(shrinking(64_000, [1_000, 4_000, 16_000])).toMatchObject([{ name: "many-more-entries" }]);
    expect(shrinking(36_000, [1_000, 4_000, 16_000])).toEqual([]);
  });
  test("one that was far larger for one backup is not", () => expect(shrinking(900, [1_000, 1_000, 1_700, 1_000])).toEqual([]));
  test("what a person accepted is the measure from then on", () => expect(shrinking(300, [310])).toEqual([]));
});

test.each([
  ["F25 an index that went back", raft(4_999)],
  ["another cluster", { clusterId: "another" }],
  ["F26 a hundredth of the entries", entries(10)],
  ["F26 a hundredth of the bytes", bytes(100_000)],
])("%s: the hint says how a person clears the doubt", (_, now) => {
  expect(doubts({ ...before, ...now }, before).map(({ hint }) => hint)).toEqual([
    expect.stringContaining("`holdfast accept` clears the doubt"),
  ]);
});

describe("no doubt comes when", () => {
  test("few entries become fewer", () => expect(names(entries(9), entries(29))).toEqual([]));
  test("few bytes become fewer", () => expect(names(bytes(20_000), bytes(2 ** 20 - 1))).toEqual([]));
  test("somebody moves into a new cluster", () =>
    expect(names({ ...entries(9_999), ...bytes(2 ** 24 - 1) }, { ...entries(9), ...bytes(15_000) })).toEqual([]));
});

describe("a note says what restores need now, when", () => {
  const told = (now: Native["seal"], earlier: Native["seal"]) => doubts({ ...before, seal: now }, { ...before, seal: earlier });
  test("the seal opens by itself from now on", () => {
    expect(told(kms, before.seal)).toEqual([
      {
        name: "seal-changed",
        severity: "note",
        message: "the seal was 2 of 3 unseal keys and is awskms, which opens by itself",
        hint: expect.stringContaining("needs a seal of type awskms with the key arn:aws:kms:eu-central-1:1:key/1"),
      },
    ]);
  });
  test("people unseal it from now on", () => {
    expect(told(before.seal, kms)).toMatchObject([{ name: "seal-changed", hint: expect.stringContaining("2 of the present unseal keys") }]);
  });
  test("its key is another one", () => {
    expect(told({ ...kms, key: "another" }, kms)).toMatchObject([
      { name: "seal-key-changed", severity: "note", hint: expect.stringContaining("the key another") },
    ]);
  });
  test("its shares are others", () => {
    expect(told({ ...before.seal, shares: 5, threshold: 3 }, before.seal)).toMatchObject([
      { name: "shares-changed", message: "it was 2 of 3 unseal keys and is 3 of 5 unseal keys" },
    ]);
  });
  test("not when its key could not be read once", () => {
    const { key: _, ...unread } = kms;
    expect(told(unread, kms)).toEqual([]);
    expect(told(kms, unread)).toEqual([]);
  });
});
