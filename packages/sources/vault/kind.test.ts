import { parsePlan, tokenFor } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { kinds } from "../kinds.ts";
import { config, target } from "./config.ts";
import { aNative } from "./kit/anative.ts";
import { vault } from "./kind.ts";
import { native } from "./native.ts";

const node = "https://vault-0.example:8200";
const approle = { method: "approle", secret: "acme/vault" };
const jwt = { method: "jwt", role: "holdfast", audience: "vault.example" };
const aws = { method: "aws", role: "holdfast", region: "eu-central-1" };
const refusals = (schema: typeof config | typeof target, input: unknown) =>
  schema.safeParse(input).error?.issues.map(({ path }) => path) ?? [];

test("the list names it", () => expect(kinds.vault?.kind).toBe(vault));

test("a source needs the addresses of its nodes and a login", () => {
  expect(config.parse({ nodes: [`${node}/`, "http://127.0.0.1:8200"], auth: approle })).toEqual({
    nodes: [node, "http://127.0.0.1:8200"],
    auth: { ...approle, mount: "approle" },
  });
});

test.each([
  ["no node", { nodes: [] }, ["nodes"]],
  ["a node twice, said another way", { nodes: [node, `${node}/`] }, ["nodes"]],
  ["http beyond this machine, where a token would travel in the clear", { nodes: ["http://vault.example:8200"] }, ["nodes", 0]],
  ["http to what only begins like loopback", { nodes: ["http://127.0.0.1.example:8200"] }, ["nodes", 0]],
  ["a path", { nodes: [`${node}/v1`] }, ["nodes", 0]],
  ["a login in the address", { nodes: ["https://me:secret@vault.example"] }, ["nodes", 0]],
  ["what is no address", { nodes: ["vault.example:8200"] }, ["nodes", 0]],
  ["an authority that is no PEM", { ca: "/etc/ca.pem" }, ["ca"]],
  ["a marker that leads elsewhere", { marker: "secret/data/../../sys" }, ["marker"]],
  ["a marker with a query", { marker: "secret/data/x?list=true" }, ["marker"]],
  ["a mount that leaves its place in the address", { auth: { ...approle, mount: "../sys" } }, ["auth", "mount"]],
  ["a token for a source: it would stand for ever", { auth: { method: "token", secret: "s" } }, ["auth", "method"]],
  ["an unknown way to log in", { auth: { method: "userpass" } }, ["auth", "method"]],
  ["a field that does not exist", { addresses: [node] }, []],
])("the plan refuses %s and names the field", (_, wrong, path) => {
  const found = refusals(config, { nodes: [node], auth: approle, ...wrong });
  expect(found).toContainEqual(path);
});

test("a target may log in with the first token of a fresh cluster, and its reader may not", () => {
  const token = { method: "token", secret: "acme/fresh" };
  expect(target.parse({ nodes: [node], auth: token, reader: approle })).toMatchObject({ auth: token, drill: false });
  expect(refusals(target, { nodes: [node], auth: token, reader: token })).toEqual([["reader", "method"]]);
});

test.each([
  ["approle", approle, ["acme/vault"], []],
  ["jwt", jwt, [], [tokenFor([jwt.audience])]],
  ["aws", aws, [], []],
])("a login by %s needs no more than it reads", (_, auth, secrets, allow) => {
  const network = { subnets: ["subnet-1"], securityGroups: ["sg-1"] };
  const needs = vault.needs("capture", config.parse({ nodes: [node], auth, network }));
  expect(needs).toEqual({ secrets, layers: [], vpc: network, allow });
});

test("a restore reads the secrets of both its logins, and of one login once; reading a backup needs nothing", () => {
  const secretsFor = (auth: unknown) => vault.needs("restore", target.parse({ nodes: [node], auth, reader: approle })).secrets;
  expect(secretsFor({ method: "token", secret: "acme/fresh" })).toEqual(["acme/fresh", "acme/vault"]);
  expect(secretsFor(approle)).toEqual(["acme/vault"]);
  expect(vault.needs("read")).toEqual({ secrets: [], layers: [], vpc: undefined, allow: [] });
});

test.each([
  ["shamir", undefined, "2 of 3 unseal keys", "yes"],
  ["static", "k1", "the static seal's key k1", "yes"],
  ["gcpckms", "vault", "the gcpckms seal's key vault", "yes"],
  ["awskms", "alias/vault", "the awskms seal's key alias/vault", "no"],
  ["transit", undefined, "the transit seal's key", "unknown"],
  ["pkcs11", "slot-1", "the pkcs11 seal's key slot-1", "unknown"],
])("what is sealed by %s says which key it comes up with, and whether without AWS", (type, key, words, withoutAws) => {
  const seal = { type, shares: 3, threshold: 2, ...(key === undefined ? {} : { key }) };
  expect(vault.sealedBy?.(aNative({ seal }))).toEqual({ key: words, withoutAws });
});

describe("drills", () => {
  const source = config.parse({ nodes: [node, "https://vault-1.example"], auth: approle });
  const one = (drill: boolean, at = "https://drill.example:8200") => target.parse({ nodes: [at], auth: approle, reader: approle, drill });

  test("a source says that nobody proves its restores, unless its own drills go to a drill target", () => {
    const targets = [one(false), one(true)];
    expect(vault.undrilled?.(source, [], undefined)).toContain("the plan drills it to no target");
    expect(vault.undrilled?.(source, targets, undefined)).toContain("the plan drills it to no target");
    expect(vault.undrilled?.(source, targets, one(false))).toContain("the plan drills it to no target");
    expect(vault.undrilled?.(source, targets, one(true))).toBeUndefined();
  });

  test("go to drill targets alone", () => {
    expect(vault.undrillable?.(one(false))).toContain("name one that says drill: true");
    expect(vault.undrillable?.(one(true))).toBeUndefined();
  });

  test.each([
    ["a node of the source", node, true],
    ["the same node by its full address", "https://vault-1.example:443", true],
    ["another port of the same host", "https://vault-0.example:9200", false],
    ["another host", "https://drill.example:8200", false],
  ])("never go to %s", (_, at, shared) => {
    const told = shared ? `a drill replaces all that ${new URL(at).origin} holds` : undefined;
    expect(vault.collides?.(one(true, at), source)).toBe(told);
    expect(vault.collides?.(one(false, at), source)).toBeUndefined();
  });

  test("the plan says both of what is wrong", () => {
    const plan = (drill: boolean, at?: string) => ({
      project: "acme",
      region: "eu-central-1",
      offlineKeys: [`age1${"q".repeat(58)}`],
      sources: { vault: { kind: "vault", nodes: [node], auth: approle, schedule: "rate(1 day)", drill: { target: "spare" } } },
      targets: { spare: { kind: "vault", ...one(drill, at) } },
    });
    const parse = (input: unknown) => () => parsePlan(input, { kinds, stores: {} });
    expect(parse(plan(true))).not.toThrow();
    expect(parse(plan(false))).toThrow('sources.vault.drill.target: "spare" is not there for drills');
    expect(parse(plan(true, node))).toThrow(`targets.spare: a drill replaces all that ${node} holds, which the source "vault" has too`);
  });
});

test("the largest cluster that it takes still fits a manifest", () => {
  const servers = Array.from({ length: 64 }, (_, i) => i.toString(16).padStart(16, "0"));
  const largest = aNative({
    raft: { index: Number.MAX_SAFE_INTEGER, term: Number.MAX_SAFE_INTEGER, servers },
    seal: { type: "x".repeat(64), shares: 255, threshold: 255, key: "k".repeat(2048) },
    marker: { path: "m".repeat(512), sha256: "0".repeat(64) },
  });
  expect(native.parse(largest)).toEqual(largest);
  expect(JSON.stringify(largest).length).toBeLessThan(32 * 1024);
});
