import { describe, expect, test } from "vitest";
import { config } from "./config.ts";
import { postgres } from "./kind.ts";

const iam = { user: "holdfast_backup" };
const PEM = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----";
const problems = (input: object) => config.safeParse(input).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];

describe("a login by tokens of IAM", () => {
  test("needs its role and a database of RDS, and nothing else", () => {
    expect(config.parse({ iam, rds: { cluster: "orders-prod" } })).toMatchObject({
      iam,
      rds: { cluster: "orders-prod" },
      databases: "all",
    });
    expect(problems({ iam, rds: { instance: "shop" }, database: "home", tls: { ca: PEM } })).toEqual([]);
    expect(problems({ iam, rds: { instance: "shop" }, tls: { mode: "verify-full" } })).toEqual([]);
  });

  test.each<[string, object, string]>([
    ["no login at all", {}, "connection: name a secret, or log in to RDS by tokens"],
    ["two logins", { connection: "s", iam }, "iam: logs in without a secret"],
    ["a secret and a database of RDS", { connection: "s", rds: { cluster: "c" } }, "rds: is for logins by iam"],
    ["a secret and a home database", { connection: "s", database: "d" }, "database: stands as dbname in the secret"],
    ["a role without a database of RDS", { iam }, "rds: name the database at RDS"],
    ["a database of RDS without a role", { rds: { cluster: "c" } }, "iam: add the role"],
    ["neither a cluster nor an instance", { iam, rds: {} }, "rds: name the database at RDS"],
    ["both a cluster and an instance", { iam, rds: { cluster: "c", instance: "i" } }, "rds: name the database at RDS"],
    ["an identifier that RDS does not take", { iam, rds: { cluster: "a--b" } }, "rds.cluster: use lower-case letters"],
    ["a role that would mean others in an ARN", { iam: { user: "a*" }, rds: { cluster: "c" } }, "iam.user: use letters"],
    ["a host, which is looked up", { iam, rds: { cluster: "c" }, host: "h" }, "host: is looked up"],
    ["a port, which is looked up", { iam, rds: { cluster: "c" }, port: 1 }, "port: is looked up"],
    ["a token in clear", { iam, rds: { cluster: "c" }, tls: { mode: "disable" } }, "tls.mode: a token is a password"],
    ["a token to whoever answers", { iam, rds: { cluster: "c" }, tls: { mode: "require" } }, "tls.mode: a token is a password"],
    [
      "a token to any server of an authority",
      { iam, rds: { cluster: "c" }, tls: { mode: "verify-ca" } },
      "tls.mode: a token is a password",
    ],
  ])("refused: %s", (_, input, problem) => {
    expect(problems(input)).toEqual([expect.stringContaining(problem)]);
  });

  test.each([
    [{ cluster: "orders" }, "rds:DescribeDBClusters", "cluster:orders"],
    [{ instance: "shop" }, "rds:DescribeDBInstances", "db:shop"],
  ])("takes no secret, but the rights to look %o up and to log in there as that role", (rds, action, resource) => {
    const parsed = config.parse({ iam, rds });
    expect(postgres.needs("capture", parsed)).toEqual({
      secrets: [],
      layers: ["postgres"],
      vpc: undefined,
      allow: [
        { actions: [action], resources: [`arn:aws:rds:{region}:{account}:${resource}`] },
        { actions: ["rds-db:connect"], resources: ["arn:aws:rds-db:{region}:{account}:dbuser:{resource}/holdfast_backup"] },
      ],
    });
    expect(postgres.looksUp?.(parsed)).toEqual(rds);
  });
});

test("a login by secret looks nothing up", () => {
  const parsed = config.parse({ connection: "s" });
  expect(postgres.needs("capture", parsed)).toMatchObject({ secrets: ["s"], allow: [] });
  expect(postgres.looksUp?.(parsed)).toBeUndefined();
});
