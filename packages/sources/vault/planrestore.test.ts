import type { Want } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aBackup } from "./kit/abackup.ts";
import { aNative } from "./kit/weighed.ts";
import type { Native } from "./native.ts";
import { isOlder, keysOf, planRestore } from "./planrestore.ts";
import type { Facts } from "./survey.ts";

const native = aNative();
const backup = aBackup(native);
const facts: Facts = {
  product: "openbao",
  version: "2.7.2",
  clusterId: "cluster-of-the-target",
  servers: ["cccccccccccccccc"],
  forDrills: false,
  seal: { type: "shamir", shares: 3, threshold: 2 },
  engines: 0,
};
const node = "https://target.example:8200";

type Change = { native?: Partial<Native>; facts?: Partial<Facts>; want?: Want; drill?: boolean; guarded?: boolean };
function plan({ native: changed = {}, facts: other = {}, want = {}, drill = false, guarded = false }: Change = {}) {
  const input = { backup: { ...backup, native: { ...native, ...changed } }, facts: { ...facts, ...other }, want };
  const made = planRestore({ ...input, target: { nodes: [node], drill }, guarded });
  return "refused" in made ? { refused: `${made.refused.name}: ${made.refused.message}`, hint: made.refused.hint } : made;
}
const static1 = { type: "static", shares: 3, threshold: 2, key: "k1" };
/** A drill that would go through. */
const drill: Change = { drill: true, native: { seal: static1 }, facts: { seal: { type: "static", shares: 1, threshold: 1 } } };

test("says what will be replaced, whose keys will be needed and what goes back in time", () => {
  expect(plan({ want: { force: true } })).toEqual({
    creates: [
      { what: "cluster", id: node },
      { what: "replaced cluster", id: "cluster-of-the-target", passing: true },
    ],
    steps: [
      "read the backup's 140000 bytes once to their end, before anything is touched",
      `upload them to ${node} by snapshot-force, which replaces everything in the cluster cluster-of-the-target: secrets, policies, logins, tokens and keys; nothing brings that back`,
      "be quick enough for the target's http_read_timeout, which is 30 s unless its listener says more",
      "wait until somebody unseals it at the Vault itself with 2 of the 3 unseal keys of the original cluster",
      "log in as the reader, who lives inside the backup, and compare the marker and every entry of secrets engines and auth methods",
      "go back to 20261121T020000Z with tokens, secret ids and leases: what was issued later is gone, what was revoked later is valid again",
    ],
    needsDisk: 0,
  });
});

describe("says how it opens", () => {
  test.each<[string, Change, string]>([
    ["by itself, with the seal's key", drill, "wait until it opens by itself with the static seal's key k1"],
    [
      "by itself, where the seal's key is not known",
      { native: { seal: { type: "awskms", shares: 5, threshold: 3 } }, facts: { seal: { type: "awskms", shares: 1, threshold: 1 } } },
      "wait until it opens by itself with the awskms seal's key",
    ],
    [
      "by itself, with the unseal keys that it has",
      {},
      "expect it to stay open: without force it takes the snapshot of a cluster with its own unseal keys alone",
    ],
    [
      "after a migration, with the backup's recovery keys",
      { native: { seal: static1 }, want: { force: true } },
      "wait until somebody restarts it with both seals in its configuration and unseals it at the Vault itself, migrating from static to shamir, with 2 of the 3 recovery keys of the original cluster",
    ],
  ])("%s", (_, change, step) => expect(plan(change)).toMatchObject({ steps: expect.arrayContaining([step]) }));

  test.each([
    [1, 1, "the one unseal key of the original cluster"],
    [5, 5, "all 5 unseal keys of the original cluster"],
    [5, 3, "3 of the 5 unseal keys of the original cluster"],
  ])("of %i keys with a threshold of %i: %s", (shares, threshold, words) =>
    expect(keysOf({ seal: { type: "shamir", shares, threshold } })).toBe(words),
  );
});

test("tells a protected cluster of several nodes that the others follow", () => {
  const several = { guarded: true, facts: { servers: ["c", "d", "e"] } };
  expect(plan(several)).toMatchObject({
    steps: expect.arrayContaining(["have the 2 other servers of the target take all of it over from that node"]),
  });
});

const own = { servers: ["dddddddddddddddd", "bbbbbbbbbbbbbbbb"], clusterId: "cluster-of-the-backup", engines: 4 };
const twin = { clusterId: "cluster-of-the-backup", engines: 4 };
/** What a drill left, on a node that is there for drills. */
const leftover = { ...twin, forDrills: true };
/** The same answers as the source gives on servers that it moved to after the backup. */
const moved = { ...twin, servers: ["eeeeeeeeeeeeeeee", "ffffffffffffffff"], engines: 12 };
describe("refuses", () => {
  test.each<[string, Change, string]>([
    ["a name for a database", { want: { as: "copy" } }, "no-parts: a Vault is restored whole, and the input names a database"],
    ["a part of it", { want: { database: "secret" } }, "no-parts: a Vault is restored whole, and the input names a database"],
    [
      "the cluster that the backup is of",
      { facts: own },
      "own-cluster: the target is the cluster that the backup is of: they share 1 of 2 servers",
    ],
    [
      "that cluster also as a drill that is protected",
      { ...drill, guarded: true, facts: { ...drill.facts, ...own } },
      "own-cluster: the target is the cluster that the backup is of: they share 1 of 2 servers",
    ],
    [
      "that cluster also as a drill whose nodes say that they are there for drills",
      { ...drill, facts: { ...drill.facts, ...own, forDrills: true } },
      "own-cluster: the target is the cluster that the backup is of: they share 1 of 2 servers",
    ],
    [
      "as a drill what may be that cluster on other servers",
      { ...drill, facts: { ...drill.facts, ...moved } },
      "own-cluster: the target has the cluster id of the backup, and its servers' raft node ids do not say that it is there for drills",
    ],
    [
      "a drill target that somebody uses, whatever its nodes are called",
      { ...drill, facts: { ...drill.facts, engines: 2, forDrills: true } },
      "target-in-use: the target has 2 secrets engines, and a restore replaces everything",
    ],
    [
      "a copy of that cluster that may be in use",
      { facts: twin },
      "restored-before: the target has the cluster id of the backup: it is a copy from an earlier restore, or the cluster itself on other servers",
    ],
    [
      "another product",
      { native: { product: "vault", version: "1.14.0" } },
      "product-differs: the backup is of Vault and the target is OpenBao",
    ],
    [
      "another edition",
      { native: { product: "vault", version: "1.21.2+ent" }, facts: { product: "vault", version: "1.21.2" } },
      "product-differs: the backup is of Vault Enterprise and the target is Vault",
    ],
    ["an older target", { facts: { version: "2.6.9" } }, "target-older: the backup is of version 2.7.2 and the target runs 2.6.9"],
    [
      "an older target, whoever forces it",
      { facts: { version: "2.6.9" }, want: { force: true }, guarded: true },
      "target-older: the backup is of version 2.7.2 and the target runs 2.6.9",
    ],
    [
      "a target that is used",
      { facts: { engines: 1 } },
      "target-in-use: the target has 1 secrets engine, and a restore replaces everything",
    ],
    [
      "a drill target that somebody uses, protected or not",
      { ...drill, guarded: true, facts: { ...drill.facts, engines: 2 } },
      "target-in-use: the target has 2 secrets engines, and a restore replaces everything",
    ],
    [
      "a target of several nodes",
      { facts: { servers: ["c", "d", "e"] } },
      "target-has-several-nodes: the target has 3 servers, and followers of a restored leader fail in several known ways",
    ],
    ["another seal", { native: { seal: static1 } }, "seal-differs: the backup is sealed by static and the target by shamir"],
    ["a drill by force", { ...drill, want: { force: true } }, "drill-never-forces: a drill does not force a snapshot"],
    [
      "a drill that somebody would have to unseal",
      { drill: true },
      "drill-needs-same-seal: nobody unseals a drill, the backup is sealed by shamir and the target by shamir",
    ],
    [
      "a drill with another seal",
      { ...drill, facts: { seal: { type: "transit", shares: 1, threshold: 1 } } },
      "drill-needs-same-seal: nobody unseals a drill, the backup is sealed by static and the target by transit",
    ],
  ])("%s", (_, change, refused) => expect(plan(change)).toMatchObject({ refused }));

  test("and says how a drill target is told from the source", () => {
    expect(plan({ ...drill, facts: { ...drill.facts, ...moved } })).toMatchObject({
      hint: expect.stringContaining("start it with a node_id that begins with drill"),
    });
  });

  test("and says how to make a target that fits", () => {
    expect(plan({ facts: { engines: 1 } })).toMatchObject({
      hint: "Restore into a fresh cluster (an empty node, then: bao operator init -key-shares=3 -key-threshold=2, bao operator unseal), or mark the target as protected in the plan, so that a person approves it.",
    });
    const vault = { product: "vault" as const, version: "1.21.2" };
    const kms = { type: "awskms", shares: 1, threshold: 1 };
    expect(plan({ native: { ...vault, seal: kms }, facts: { ...vault, seal: kms, engines: 1 } })).toMatchObject({
      hint: expect.stringContaining("(an empty node, then: vault operator init -recovery-shares=1 -recovery-threshold=1)"),
    });
  });
});

test.each<[string, Change]>([
  ["a drill", drill],
  ["a drill over what an earlier drill left", { ...drill, facts: { ...drill.facts, ...leftover } }],
  ["the backup's own cluster, where a person approves", { facts: own, guarded: true }],
  ["a copy of it, where a person approves", { facts: twin, guarded: true }],
  ["a cluster in use, where a person approves", { facts: { engines: 9 }, guarded: true }],
  ["a newer target", { facts: { version: "2.10.0" } }],
  ["another product by force", { native: { product: "vault", version: "1.14.0" }, want: { force: true } }],
  ["another seal by force", { native: { seal: static1 }, want: { force: true } }],
  ["other numbers of keys", { facts: { seal: { type: "shamir", shares: 5, threshold: 3 } }, want: { force: true } }],
])("takes %s", (_, change) => expect(plan(change)).not.toHaveProperty("refused"));

test("versions compare by their numbers, whatever stands behind them", () => {
  const part = fc.nat({ max: 30 });
  const version = fc.tuple(part, part, part);
  fc.assert(
    fc.property(version, version, fc.constantFrom("", "+ent", "-rc1+ent.hsm"), (a, b, suffix) => {
      const rank = (it: number[]) => it.reduce((sum, number) => sum * 100 + number, 0);
      expect(isOlder(a.join(".") + suffix, b.join("."))).toBe(rank(a) < rank(b));
    }),
  );
});

const anyRestore = {
  drill: fc.boolean(),
  guarded: fc.boolean(),
  force: fc.boolean(),
  engines: fc.nat({ max: 3 }),
  seal: fc.constantFrom("shamir", "static"),
};
const sealedBy = (type: string) => ({ type, shares: 1, threshold: 1 });

test("nothing but a protected target that is no drill ever lets a backup into its own cluster", () => {
  const some = fc.record({
    ...anyRestore,
    forDrills: fc.boolean(),
    clusterId: fc.constantFrom("cluster-of-the-backup", "another"),
  });
  fc.assert(
    fc.property(some, ({ drill, guarded, force, seal: type, ...others }) => {
      const seal = sealedBy(type);
      const into = plan({ drill, guarded, want: { force }, native: { seal }, facts: { ...own, ...others, seal } });
      expect("refused" in into).toBe(drill || !guarded);
    }),
  );
});

test("nor where that cluster moved to servers that the backup does not know", () => {
  const servers = fc.constantFrom<string[]>(["eeeeeeeeeeeeeeee"], moved.servers);
  fc.assert(
    fc.property(fc.record({ ...anyRestore, servers }), ({ drill, guarded, force, seal: type, ...others }) => {
      const seal = sealedBy(type);
      const into = plan({ drill, guarded, want: { force }, native: { seal }, facts: { ...twin, ...others, seal } });
      expect("refused" in into).toBe(drill || !guarded);
    }),
  );
});
