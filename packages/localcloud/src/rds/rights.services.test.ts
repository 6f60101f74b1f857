import { AttachRolePolicyCommand, CreatePolicyCommand, CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  AddTagsToResourceCommand,
  CopyDBSnapshotCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
} from "@aws-sdk/client-rds";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Rds, rdsDouble } from "./double.ts";
import { lost } from "./events.ts";

const { endpoint, region, root } = inject("ministack");
const aws = { endpoint, region, credentials: root };
const iam = new IAMClient(aws);
const own = (kind: string, name: string) => `arn:aws:rds:${region}:000000000000:${kind}:${name}`;
type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

let rds: Rds;
const as = (credentials: Keys, more = {}) => new RDSClient({ endpoint: rds.endpoint, region, credentials, maxAttempts: 1, ...more });
let admin: RDSClient;
beforeAll(async () => {
  rds = await rdsDouble({ aws });
  // A MiniStack as it comes takes no events of RDS.
  rds.events.fate = lost;
  admin = as(root);
  for (const DBInstanceIdentifier of ["shop", "bank"])
    await admin.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier,
        DBInstanceClass: "db.m7g.large",
        Engine: "mysql",
        MasterUsername: "admin",
        MasterUserPassword: "correct-horse",
      }),
    );
  await rds.settled();
});
afterAll(async () => {
  await rds?.stop();
  expect(rds.failures).toEqual([]);
});

type Statement = { Effect?: string; Action: string | string[]; Resource: string | string[]; Condition?: object };
let roles = 0;
/** A session of a new role that may do this. */
async function sessionOf(...statements: Statement[]): Promise<Keys> {
  const RoleName = `rds-double-${++roles}`;
  const trust = { Statement: [{ Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "sts:AssumeRole" }] };
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statements.map((one) => ({ Effect: "Allow", ...one })) });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument }));
  return await assume(RoleName);
}
async function assume(RoleName: string): Promise<Keys> {
  const { Credentials } = await new STSClient(aws).send(
    new AssumeRoleCommand({ RoleArn: `arn:aws:iam::000000000000:role/${RoleName}`, RoleSessionName: "test" }),
  );
  const { AccessKeyId: accessKeyId = "", SecretAccessKey: secretAccessKey = "", SessionToken: sessionToken = "" } = Credentials ?? {};
  return { accessKeyId, secretAccessKey, sessionToken };
}
const take = { Action: "rds:CreateDBSnapshot", Resource: [own("db", "shop"), own("snapshot", "holdfast-*")] };
const shoot = (DBSnapshotIdentifier: string, more = {}) =>
  new CreateDBSnapshotCommand({ DBInstanceIdentifier: "shop", DBSnapshotIdentifier, ...more });

describe("who signed", () => {
  test("an unknown key is refused", async () => {
    const stranger = as({ accessKeyId: "AKIANOBODYKNOWSTHIS1", secretAccessKey: "x" });
    await expect(stranger.send(new DescribeDBInstancesCommand())).rejects.toMatchObject({ name: "InvalidClientTokenId" });
  });

  test("a known key with another secret is refused", async () => {
    const forged = as({ ...(await sessionOf(take)), secretAccessKey: "x" });
    await expect(forged.send(new DescribeDBInstancesCommand())).rejects.toMatchObject({ name: "SignatureDoesNotMatch" });
  });

  test("a request that was changed after it was signed is refused", async () => {
    const { requestHandler } = admin.config;
    const changing = {
      handle: (request: { body: string }) =>
        requestHandler.handle(Object.assign(request, { body: request.body.replace("shop", "bank") }) as never),
    };
    const changed = as(await sessionOf({ Action: "rds:DescribeDBInstances", Resource: own("db", "*") }), { requestHandler: changing });
    await expect(changed.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: "shop" }))).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
    });
  });

  test("a request that nobody signed is refused", async () => {
    const answer = await fetch(rds.endpoint, { method: "POST", body: "Action=DescribeDBInstances&Version=2014-10-31" });
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining("<Code>MissingAuthenticationToken</Code>")]);
  });
});

test("a function's own credentials are those of its role", async () => {
  await sessionOf(take);
  const code =
    "exports.handler = async () => [process.env.AWS_ACCESS_KEY_ID, process.env.AWS_SECRET_ACCESS_KEY, process.env.AWS_SESSION_TOKEN];";
  const lambda = new LambdaClient(aws);
  const FunctionName = "rds-double-keys";
  const ZipFile = zipSync({ "index.js": Buffer.from(code) });
  const Role = `arn:aws:iam::000000000000:role/rds-double-${roles}`;
  await lambda.send(new CreateFunctionCommand({ FunctionName, Role, Runtime: "nodejs22.x", Handler: "index.handler", Code: { ZipFile } }));
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName }));
  const [accessKeyId = "", secretAccessKey = "", sessionToken = ""] = JSON.parse(Buffer.from(Payload ?? []).toString());
  await expect(as({ accessKeyId, secretAccessKey, sessionToken }).send(shoot("mine-a"))).rejects.toThrow(
    `assumed-role/rds-double-${roles}/${FunctionName} is not authorized to perform: rds:CreateDBSnapshot on resource: ${own("snapshot", "mine-a")}`,
  );
});

describe("what a role may do", () => {
  test("only what its policy allows, on the instance and on the snapshot that it makes", async () => {
    const api = as(await sessionOf(take));
    expect((await api.send(shoot("holdfast-a"))).DBSnapshot?.Status).toBe("creating");
    const refusals = [shoot("mine-a"), new CreateDBSnapshotCommand({ DBInstanceIdentifier: "bank", DBSnapshotIdentifier: "holdfast-b" })];
    for (const command of refusals) await expect(api.send(command)).rejects.toMatchObject({ name: "AccessDenied" });
    await expect(api.send(new DescribeDBInstancesCommand())).rejects.toThrow(
      `assumed-role/rds-double-${roles}/test is not authorized to perform: rds:DescribeDBInstances on resource: ${own("db", "*")} because no identity-based policy allows`,
    );
    await expect(api.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: "holdfast-a" }))).rejects.toMatchObject({
      name: "AccessDenied",
    });
    await rds.settled();
  });

  test("what it needed for a request is known afterwards, allowed or not", async () => {
    const api = as(await sessionOf(take));
    await expect(api.send(shoot("mine-b"))).rejects.toMatchObject({ name: "AccessDenied" });
    const caller = `arn:aws:sts::000000000000:assumed-role/rds-double-${roles}/test`;
    const about = (resource: string) => ({ caller, action: "rds:CreateDBSnapshot", resource });
    expect(rds.demanded().filter((each) => each.caller === caller)).toEqual([about(own("db", "shop")), about(own("snapshot", "mine-b"))]);
  });

  test("a policy that is attached counts as one of its own", async () => {
    await sessionOf(take);
    const document = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "rds:DescribeDB*", Resource: "*" }] };
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: "rds-look", PolicyDocument: JSON.stringify(document) }));
    await iam.send(new AttachRolePolicyCommand({ RoleName: `rds-double-${roles}`, PolicyArn: Policy?.Arn }));
    const api = as(await assume(`rds-double-${roles}`));
    expect((await api.send(new DescribeDBInstancesCommand())).DBInstances).toHaveLength(2);
  });

  test("a snapshot with tags needs the right to tag it", async () => {
    const Tags = [{ Key: "project", Value: "acme" }];
    await expect(as(await sessionOf(take)).send(shoot("holdfast-t", { Tags }))).rejects.toThrow(
      `rds:AddTagsToResource on resource: ${own("snapshot", "holdfast-t")}`,
    );
    const tag = {
      Action: "rds:AddTagsToResource",
      Resource: own("snapshot", "*"),
      Condition: { StringEquals: { "aws:RequestTag/project": "acme" } },
    };
    const api = as(await sessionOf(take, tag));
    await expect(api.send(shoot("holdfast-t", { Tags: [{ Key: "project", Value: "other" }] }))).rejects.toMatchObject({
      name: "AccessDenied",
    });
    expect((await api.send(shoot("holdfast-t", { Tags }))).DBSnapshot?.TagList).toEqual(Tags);
    await rds.settled();
  });

  test("tags of what is there can decide, and a deny wins", async () => {
    const drop = { Action: "rds:DeleteDBSnapshot", Resource: "*", Condition: { StringEquals: { "aws:ResourceTag/project": "acme" } } };
    const keep = { Effect: "Deny", Action: "rds:Delete*", Resource: own("snapshot", "keep-*") };
    for (const id of ["drop-a", "keep-a"]) {
      await admin.send(shoot(id));
      await rds.settled();
    }
    const api = as(await sessionOf(drop, keep));
    const remove = (DBSnapshotIdentifier: string) => api.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier }));
    await expect(remove("drop-a")).rejects.toMatchObject({ name: "AccessDenied" });
    for (const id of ["drop-a", "keep-a"])
      await admin.send(new AddTagsToResourceCommand({ ResourceName: own("snapshot", id), Tags: [{ Key: "project", Value: "acme" }] }));
    await remove("drop-a");
    await expect(remove("keep-a")).rejects.toThrow("with an explicit deny");
  });

  test("a restore is about the groups that it gets too", async () => {
    const some = { Action: "rds:RestoreDBInstanceFromDBSnapshot", Resource: [own("db", "new"), own("snapshot", "holdfast-a")] };
    const restore = new RestoreDBInstanceFromDBSnapshotCommand({ DBInstanceIdentifier: "new", DBSnapshotIdentifier: "holdfast-a" });
    await expect(as(await sessionOf(some)).send(restore)).rejects.toThrow(own("subgrp", "default"));
    const groups = {
      Action: "rds:RestoreDBInstanceFromDBSnapshot",
      Resource: ["subgrp:default", "pg:default.mysql8.4", "og:default:mysql-8-4"].map((name) =>
        own(name.split(":")[0] ?? "", name.slice(name.indexOf(":") + 1)),
      ),
    };
    expect((await as(await sessionOf(some, groups)).send(restore)).DBInstance?.DBInstanceStatus).toBe("creating");
    await rds.settled();
  });

  test("what is asked without a name is asked of all", async () => {
    const api = as(await sessionOf({ Action: "rds:DescribeDBSnapshots", Resource: own("snapshot", "holdfast-a") }));
    expect((await api.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: "holdfast-a" }))).DBSnapshots).toHaveLength(1);
    await expect(api.send(new DescribeDBSnapshotsCommand())).rejects.toMatchObject({ name: "AccessDenied" });
  });
});

describe("keys", () => {
  const copyTo = (id: string, KmsKeyId: string | undefined) =>
    new CopyDBSnapshotCommand({ SourceDBSnapshotIdentifier: "holdfast-a", TargetDBSnapshotIdentifier: id, KmsKeyId });
  const copy = { Action: "rds:CopyDBSnapshot", Resource: own("snapshot", "*") };

  test("a copy is encrypted with a key that is enabled and that the caller may give RDS", async () => {
    const kms = new KMSClient(aws);
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const key = KeyMetadata?.Arn ?? "";
    await expect(as(await sessionOf(copy)).send(copyTo("holdfast-k", key))).rejects.toMatchObject({ name: "KMSKeyNotAccessibleFault" });
    const grant = {
      Action: ["kms:DescribeKey", "kms:CreateGrant"],
      Resource: key,
      Condition: { StringEquals: { "kms:ViaService": `rds.${region}.amazonaws.com` } },
    };
    const api = as(await sessionOf(copy, grant));
    expect((await api.send(copyTo("holdfast-k", key))).DBSnapshot).toMatchObject({ Encrypted: true, KmsKeyId: key });
    await rds.settled();
    await kms.send(new DisableKeyCommand({ KeyId: key }));
    await expect(api.send(copyTo("holdfast-l", key))).rejects.toMatchObject({ name: "KMSKeyNotAccessibleFault" });
    await expect(admin.send(copyTo("holdfast-l", "alias/nothing"))).rejects.toMatchObject({ name: "KMSKeyNotAccessibleFault" });
  });
});
