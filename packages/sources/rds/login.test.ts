import { SecretUnusable } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { target } from "./config.ts";
import { loginAt, requireLogin, type Tokened } from "./login.ts";
import type { Standing } from "./restores.ts";

const standing = (more: { engine?: string; host?: string; tokens?: boolean } = {}): Standing<Tokened> => ({
  id: "restored-shop",
  arn: "arn:aws:rds:eu-central-1:000000000000:db:restored-shop",
  status: "available",
  engine: more.engine ?? "postgres",
  version: "17.4",
  key: undefined,
  tags: {},
  endpoint: { host: more.host ?? "restored-shop.abc.eu-central-1.rds.amazonaws.com", port: 5432 },
  settings: { EnableIAMDatabaseAuthentication: more.tokens ?? false },
});
const surroundings = {
  region: "eu-central-1",
  secrets: async () => JSON.stringify({ username: "owner", password: "word", dbname: "shop" }),
};
const ask = (plan: object, of = standing()) =>
  loginAt(target.parse(plan), "instance", of, surroundings, { signal: new AbortController().signal });
const connection = "acme/shop";
const PEM = "-----BEGIN CERTIFICATE-----";

describe("nobody logs in, and the proof says why,", () => {
  test.each([
    ["without a login", {}, standing(), "the target has no login", "Give it connection or iam"],
    ["where the engine is another", { connection }, standing({ engine: "mysql" }), "mysql is not spoken here", "by hand"],
    ["where no tokens are taken", { iam: { user: "looker" } }, standing(), "it takes no tokens of IAM", "Give the target a connection too"],
    ["without an endpoint", { connection }, { ...standing(), endpoint: undefined }, "it has no endpoint yet", "RDS console"],
  ])("%s", async (_what, plan, of, why, hint) => {
    expect(await ask(plan, of)).toMatchObject({
      name: "not-asked",
      severity: "note",
      message: expect.stringContaining(why),
      hint: expect.stringContaining(hint),
    });
  });
});

describe("a login by a secret", () => {
  test("goes to the endpoint, which must prove to be Amazon's", async () => {
    expect(await ask({ connection })).toMatchObject({
      host: "restored-shop.abc.eu-central-1.rds.amazonaws.com",
      user: "owner",
      home: "shop",
      tls: { mode: "verify-full", ca: "rds" },
    });
  });

  test("trusts another authority where the target names one", async () => {
    const tls = { mode: "verify-ca", ca: PEM };
    expect(await ask({ connection, tls }, standing({ host: "127.0.0.1" }))).toMatchObject({ host: "127.0.0.1", tls });
  });

  test("is taken where the target has a role too, and no tokens are taken", async () => {
    expect(await ask({ connection, iam: { user: "looker" } })).toMatchObject({ user: "owner" });
  });
});

describe("before anything is made", () => {
  const asking = (plan: object, text: string | undefined, engine = "postgres", tokens = false) =>
    requireLogin(
      target.parse(plan),
      engine,
      { EnableIAMDatabaseAuthentication: tokens },
      {
        async secrets(name) {
          if (text === undefined) throw new SecretUnusable(`there is no secret ${name}`, "Make it.");
          return text;
        },
      },
    );
  const good = JSON.stringify({ username: "owner", password: "word" });
  const unusable = { name: "SecretUnusable", fault: "input", hint: expect.any(String) };

  test("the secret is read, for it must be there and of its form", async () => {
    await asking({ connection }, good);
    await expect(asking({ connection }, undefined)).rejects.toMatchObject(unusable);
    await expect(asking({ connection }, "owner:word")).rejects.toMatchObject(unusable);
    await expect(asking({ connection }, JSON.stringify({ username: "owner" }))).rejects.toMatchObject(unusable);
  });

  test("no secret is read that nobody will log in with", async () => {
    await asking({}, undefined);
    await asking({ connection }, undefined, "mysql");
    await asking({ connection, iam: { user: "looker" } }, undefined, "aurora-postgresql", true);
    await expect(asking({ connection, iam: { user: "looker" } }, undefined)).rejects.toMatchObject(unusable);
  });
});

test.each([{ iam: {} }, { iam: { user: "*" } }, { iam: { user: "a,b" } }, { tls: { mode: "prefer" } }, { tls: { ca: "mine" } }])(
  "a target with %j is wrong",
  (plan) => {
    expect(target.safeParse(plan).success).toBe(false);
  },
);
