import { describe, expect, test } from "vitest";
import { NodesUnreachable } from "./errors.ts";
import { aNative } from "./kit/weighed.ts";
import { type Marks, readMarks, writeMarks } from "./marks.ts";
import { type Case, judge, PERSON_HOURS, pauseAfter, type Seen } from "./standing.ts";

const node = "https://target.example:8200";
const started = new Date("2026-11-21T10:00:00Z");
const later = (minutes: number) => new Date(started.getTime() + minutes * 60_000);
const open = (clusterId: string, since = "t1"): Seen => ({ state: "open", node, clusterId, since });
const sealed = (seal = "shamir", threshold = 2): Seen => ({ state: "sealed", node, seal, threshold });
const away: Seen = { state: "away", node, error: new NodesUnreachable([node]) };

const THEIRS = "cluster-of-the-backup";
const fresh: Marks = { replaced: "cluster-of-the-target" };
const taken: Marks = { ...fresh, taken: started, activeBefore: "t1" };
/** Into its own cluster, or an earlier copy of it. */
const twin: Marks = { replaced: THEIRS, taken: started, activeBefore: "t1" };
const statics = aNative({ seal: { type: "static", shares: 3, threshold: 2, key: "k1" } });

const judged = (seen: Seen, marks: Marks, minutes = 0, some: Partial<Case> = {}) =>
  judge(seen, { native: aNative(), nodes: [node], force: true, marks, started, at: later(minutes), ...some });

describe("before anything was uploaded", () => {
  test.each<[string, Seen, Marks, string]>([
    ["a target as it was is uploaded to", open("cluster-of-the-target"), fresh, "upload"],
    ["a target that a dead call restored is loaded", open(THEIRS), fresh, "loaded"],
    ["a target that is the backup's own cluster is uploaded to, a second time too", open(THEIRS), { replaced: THEIRS }, "upload"],
    [
      "a target that was found sealed and opened as what it was is uploaded to",
      open("cluster-of-the-target"),
      { ...fresh, foundSealed: started },
      "upload",
    ],
    ["a target that was found sealed and opened as the backup is loaded", open(THEIRS), { ...fresh, foundSealed: started }, "loaded"],
  ])("%s", (_, seen, marks, next) => expect(judged(seen, marks)).toEqual({ next }));

  test("a target that became a third cluster is left alone", () => {
    expect(() => judged(open("a-third"), fresh)).toThrow(expect.objectContaining({ name: "TargetChanged" }));
  });

  test("a target that does not answer fails at once", () => {
    expect(() => judged(away, fresh)).toThrow(expect.objectContaining({ name: "NodesUnreachable" }));
  });

  test("a sealed target may be anybody's doing, and both keys are named", () => {
    expect(judged(sealed(), { ...fresh, foundSealed: started })).toMatchObject({
      next: "wait",
      ask: expect.stringContaining("if it does not take them, use its own"),
    });
  });

  test("a target that should open by itself and was sealed before the upload is not blamed on the backup", () => {
    const found = { ...fresh, foundSealed: started };
    expect(judged(sealed("static"), found, 4, { native: statics, force: false })).toMatchObject({ next: "wait" });
    expect(() => judged(sealed("static"), found, 6, { native: statics, force: false })).toThrow(
      expect.objectContaining({ name: "VaultSealed" }),
    );
  });
});

describe("after the upload", () => {
  test.each<[string, Seen, Marks, number]>([
    ["a target that is the backup's cluster is loaded", open(THEIRS), taken, 0],
    ["its own cluster is loaded once it became active anew", open(THEIRS, "t2"), twin, 0],
    ["its own cluster is loaded where it does not say when", { state: "open", node, clusterId: THEIRS, since: undefined }, twin, 0],
  ])("%s", (_, seen, marks, minutes) => expect(judged(seen, marks, minutes)).toEqual({ next: "loaded" }));

  test.each<[string, Seen, Marks]>([
    ["the cluster that it was", open("cluster-of-the-target"), taken],
    ["its own cluster, active as long as before", open(THEIRS), twin],
  ])("a target that stays %s is waited for, for a minute (F22)", (_, seen, marks) => {
    expect(judged(seen, marks, 1)).toMatchObject({ next: "wait", seconds: 15 });
    expect(() => judged(seen, marks, 1.1)).toThrow(
      expect.objectContaining({ name: "RestoreNotApplied", hint: expect.stringContaining("The node's log says why") }),
    );
  });

  test("a target with the same seal has five minutes to open by itself (F21)", () => {
    const same = { native: statics, force: false };
    expect(judged(sealed("static"), taken, 5, same)).not.toHaveProperty("ask");
    expect(() => judged(sealed("static"), taken, 5.1, same)).toThrow(
      expect.objectContaining({ name: "SealedAfterRestore", hint: expect.stringContaining("the very key that the source is sealed with") }),
    );
    expect(() => judged(sealed("static"), taken, 5.1, { native: statics, force: true })).toThrow(
      expect.objectContaining({ name: "SealedAfterRestore" }),
    );
  });

  test("a target with the backup's own unseal keys that is sealed all the same waits for them", () => {
    expect(judged(sealed(), taken, 10, { force: false })).toMatchObject({ next: "wait", ask: expect.stringContaining("unseal keys") });
  });

  test("nobody is waited for longer than two days", () => {
    const hours = PERSON_HOURS * 60;
    expect(judged(sealed(), taken, hours)).toHaveProperty("ask");
    expect(() => judged(sealed(), taken, hours + 1)).toThrow(
      expect.objectContaining({ name: "UnsealAwaited", message: `nobody unsealed ${node} within 48 hours` }),
    );
  });

  test("a target that does not answer may be loading, or restarted by whoever unseals it", () => {
    expect(judged(away, taken, 47 * 60)).toMatchObject({ next: "wait" });
    expect(() => judged(away, taken, 49 * 60)).toThrow(expect.objectContaining({ name: "NodesUnreachable" }));
    const same = { native: statics, force: false };
    expect(judged(away, taken, 59, same)).toMatchObject({ next: "wait" });
    expect(() => judged(away, taken, 61, same)).toThrow(expect.objectContaining({ name: "NodesUnreachable" }));
  });

  test("a third cluster at the target is somebody else's", () => {
    expect(() => judged(open("a-third"), taken)).toThrow(expect.objectContaining({ name: "TargetChanged" }));
  });
});

describe("asks a person", () => {
  const never = "Type keys there and nowhere else: neither Holdfast nor this execution may ever see one.";
  test.each<[string, Seen, Partial<Case>, string]>([
    [
      "for the original keys",
      sealed(),
      {},
      `unseal ${node} at the Vault itself with 2 of the 3 unseal keys of the original cluster: \`bao operator unseal -address=${node}\`, once a key. ${never}`,
    ],
    [
      "to restart a node that wants as many keys as it had before",
      sealed("shamir", 3),
      { native: aNative({ product: "vault" }) },
      `unseal ${node} at the Vault itself with 2 of the 3 unseal keys of the original cluster: \`vault operator unseal -address=${node}\`, once a key. It asks for 3 keys, as it did before the restore, and forgets that when it is restarted: restart it first. ${never}`,
    ],
    [
      "at every node of a protected cluster of several",
      sealed(),
      { nodes: ["https://b:8200", node, "https://c:8200"] },
      `unseal ${node} at the Vault itself with 2 of the 3 unseal keys of the original cluster: \`bao operator unseal -address=${node}\`, once a key. Then do the same at https://b:8200 and at https://c:8200. ${never}`,
    ],
    [
      "to migrate from a seal that opens by itself to unseal keys",
      sealed("shamir"),
      { native: statics },
      `restart ${node} with the static seal marked disabled = "true" in its configuration, then unseal it at the Vault itself with 2 of the 3 recovery keys of the original cluster: \`bao operator unseal -migrate -address=${node}\`, once a key. ${never}`,
    ],
    [
      "to migrate from unseal keys to a seal that opens by itself",
      sealed("static"),
      {},
      `restart ${node} with the static seal in its configuration, then unseal it at the Vault itself with 2 of the 3 unseal keys of the original cluster: \`bao operator unseal -migrate -address=${node}\`, once a key. ${never}`,
    ],
    [
      "to migrate between two seals that open by themselves",
      sealed("transit"),
      { native: statics },
      `restart ${node} with both seals, the static one marked disabled = "true", in its configuration, then unseal it at the Vault itself with 2 of the 3 recovery keys of the original cluster: \`bao operator unseal -migrate -address=${node}\`, once a key. ${never}`,
    ],
  ])("%s, in the same words each time", (_, seen, some, ask) => {
    expect(judged(seen, taken, 0, some)).toMatchObject({ ask });
    expect(judged(seen, taken, 600, some)).toMatchObject({ ask });
  });
});

test("two days of waiting fit a history of 25,000 events, and whoever is at it sees it go on at once", () => {
  let rounds = 0;
  for (let seconds = 0; seconds < PERSON_HOURS * 3600; seconds += pauseAfter(seconds)) rounds++;
  expect(pauseAfter(0)).toBe(15);
  expect(rounds * 11).toBeLessThan(20_000);
});

describe("marks", () => {
  const plan = {
    creates: [
      { what: "cluster", id: node },
      { what: "replaced cluster", id: "old" },
    ],
  };
  test.each<Marks>([
    { replaced: "old", taken: undefined, activeBefore: undefined, foundSealed: undefined },
    { replaced: "old", taken: started, activeBefore: "t1", foundSealed: undefined },
    { replaced: "old", taken: undefined, activeBefore: undefined, foundSealed: started },
  ])("travel in what was made: %o", (marks) => {
    const made = writeMarks(plan, marks);
    expect(made.slice(0, 2)).toEqual(plan.creates);
    expect(readMarks(plan, JSON.parse(JSON.stringify(made)))).toEqual(marks);
  });
});
