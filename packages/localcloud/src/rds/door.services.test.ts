import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateDBInstanceCommand,
  type DBInstance,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { Signer } from "@aws-sdk/rds-signer";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { certificate } from "../services/kit/certificate.ts";
import { type Rds, rdsDouble } from "./double.ts";
import { lost } from "./events.ts";

const { endpoint, region, root } = inject("ministack");
const aws = { endpoint, region, credentials: root };
const scratch = mkdtempSync(path.join(os.tmpdir(), "door-"));
type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken: string };
let rds: Rds;
let api: RDSClient;
let ca: Buffer;
let shop: DBInstance;
let role: Keys;
beforeAll(async () => {
  const tls = await certificate(scratch, "localhost");
  ca = readFileSync(tls.cert);
  rds = await rdsDouble({ aws, tls });
  rds.events.fate = lost;
  api = new RDSClient({ ...aws, endpoint: rds.endpoint });
  const more = { MasterUsername: "holdfast", MasterUserPassword: "correct-horse", DBName: "shop", EnableIAMDatabaseAuthentication: true };
  await api.send(
    new CreateDBInstanceCommand({ DBInstanceIdentifier: "shop", DBInstanceClass: "db.t4g.micro", Engine: "postgres", ...more }),
  );
  await rds.settled();
  shop = (await api.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: "shop" }))).DBInstances?.[0] ?? shop;
  await connected(
    rds.connection(region, "shop"),
    "create role dumper login; grant rds_iam to dumper; create role other login; grant rds_iam to other",
  );
  role = await sessionFor(`arn:aws:rds-db:${region}:000000000000:dbuser:${shop.DbiResourceId}/dumper`);
});
afterAll(async () => {
  await rds?.stop();
  rmSync(scratch, { recursive: true, force: true });
  expect(rds.failures).toEqual([]);
});

async function connected(config: pg.ClientConfig, text = "select current_user, ssl from pg_stat_ssl where pid = pg_backend_pid()") {
  const client = new pg.Client({ ssl: { ca, servername: "localhost" }, ...config });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function sessionFor(user: string): Promise<Keys> {
  const RoleName = "rds-double-dumper";
  const trust = { Statement: [{ Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "sts:AssumeRole" }] };
  const iam = new IAMClient(aws);
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const statement = { Effect: "Allow", Action: "rds-db:connect", Resource: user };
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument: JSON.stringify({ Statement: [statement] }) }));
  const RoleArn = `arn:aws:iam::000000000000:role/${RoleName}`;
  const { Credentials } = await new STSClient(aws).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "test" }));
  const { AccessKeyId: accessKeyId = "", SecretAccessKey: secretAccessKey = "", SessionToken: sessionToken = "" } = Credentials ?? {};
  return { accessKeyId, secretAccessKey, sessionToken };
}

const signed = (username: string, more: Partial<Keys & { port: number }> = {}) => {
  const { port = shop.Endpoint?.Port ?? 0, ...keys } = more;
  return new Signer({ hostname: "localhost", port, region, username, credentials: { ...role, ...keys } }).getAuthToken();
};
const login = (user: string, password: string) =>
  connected({ host: "127.0.0.1", port: shop.Endpoint?.Port ?? 0, database: "shop", user, password });

test("a token of a role that may connect lets its user in, over TLS that can be verified", async () => {
  expect(await login("dumper", await signed("dumper"))).toEqual([{ current_user: "dumper", ssl: false }]);
});

test("the master user has a password, which the server checks", async () => {
  expect(await login("holdfast", "correct-horse")).toMatchObject([{ current_user: "holdfast" }]);
  await expect(login("holdfast", "wrong")).rejects.toMatchObject({ code: "28P01" });
  await expect(login("nobody", "wrong")).rejects.toMatchObject({ code: "28P01" });
});

test("libpq's programs come in the same way, with token and with password", async () => {
  const psql = async (PGUSER: string, PGPASSWORD: string) => {
    const where = { PGHOST: "localhost", PGHOSTADDR: "127.0.0.1", PGPORT: String(shop.Endpoint?.Port), PGDATABASE: "shop" };
    const env = { ...where, PGUSER, PGPASSWORD, PGSSLMODE: "verify-full", PGSSLROOTCERT: path.join(scratch, "localhost.crt") };
    const { stdout } = await promisify(execFile)(path.join(inject("postgres").bin, "psql"), ["-XAtc", "select current_user"], { env });
    return stdout.trim();
  };
  expect([await psql("dumper", await signed("dumper")), await psql("holdfast", "correct-horse")]).toEqual(["dumper", "holdfast"]);
});

test.each([
  ["a user that the role may not be", () => signed("other"), "other"],
  ["a token of another user", () => signed("dumper"), "other"],
  ["a token for another endpoint", () => signed("dumper", { port: 1 }), "dumper"],
  ["a forged token", () => signed("dumper", { secretAccessKey: "x" }), "dumper"],
  ["a token of a key that nobody knows", () => signed("dumper", { accessKeyId: "AKIANOBODYKNOWSTHIS1" }), "dumper"],
  ["no token at all", async () => "correct-horse", "dumper"],
])("refused: %s", async (_, token, user) => {
  await expect(login(user, await token())).rejects.toMatchObject({
    code: "28000",
    message: `PAM authentication failed for user "${user}"`,
  });
});

test("who does not encrypt is refused, as by rds.force_ssl", async () => {
  const plain = connected({ ...rds.connection(region, "shop"), ssl: false });
  await expect(plain).rejects.toMatchObject({ code: "28000", message: expect.stringContaining("no encryption") });
});

test("tokens are for instances that take them", async () => {
  await api.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: "shop", EnableIAMDatabaseAuthentication: false }));
  await rds.settled();
  await expect(login("dumper", await signed("dumper"))).rejects.toMatchObject({ code: "28000" });
});
