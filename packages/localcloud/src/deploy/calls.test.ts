import { expect, test } from "vitest";
import { answerCall } from "./calls.ts";
import type { Values } from "./graph.ts";
import { exampleNetworks } from "./networks.ts";

const place = { account: "111122223333", region: "eu-west-1", partition: "aws" } as const;
const databases = { cluster: async (id: string) => ({ id, of: "cluster" }), instance: async (id: string) => ({ id, of: "instance" }) };
const ask = (token: string, inputs: Values = {}) =>
  answerCall(token, inputs, { place, publicKey: async (key) => `PEM of ${key}`, databases, networks: exampleNetworks });

test("who and where we are", async () => {
  expect(await ask("aws:index/getCallerIdentity:getCallerIdentity")).toMatchObject({ accountId: "111122223333" });
  expect(await ask("aws:index/getRegion:getRegion")).toMatchObject({ region: "eu-west-1", name: "eu-west-1" });
});

test("the public half of a key is asked for by the key's id", async () => {
  expect(await ask("aws:kms/getPublicKey:getPublicKey", { keyId: "k" })).toMatchObject({ publicKeyPem: "PEM of k" });
});

test("a policy document is written as the provider writes it", async () => {
  const { json } = await ask("aws:iam/getPolicyDocument:getPolicyDocument", {
    statements: [
      {
        actions: ["s3:GetObject"],
        resources: ["*"],
        principals: [{ type: "Service", identifiers: ["lambda.amazonaws.com"] }],
        conditions: [
          { test: "StringEquals", variable: "a", values: ["1"] },
          { test: "StringEquals", variable: "b", values: ["2"] },
        ],
      },
    ],
  });
  expect(JSON.parse(String(json)).Statement).toEqual([
    {
      Effect: "Allow",
      Action: ["s3:GetObject"],
      Resource: ["*"],
      Principal: { Service: ["lambda.amazonaws.com"] },
      Condition: { StringEquals: { a: ["1"], b: ["2"] } },
    },
  ]);
});

test("a cluster and an instance of RDS are asked for by their names", async () => {
  const cluster = await ask("aws:rds/getCluster:getCluster", { clusterIdentifier: "orders" });
  expect(cluster).toEqual({ id: "orders", of: "cluster" });
  const instance = await ask("aws:rds/getInstance:getInstance", { dbInstanceIdentifier: "shop" });
  expect(instance).toEqual({ id: "shop", of: "instance" });
});

test("a data source that nobody taught is an error, not a guess", async () => {
  await expect(ask("aws:dynamodb/getTable:getTable")).rejects.toMatchObject({
    name: "UnknownCall",
    message: expect.stringContaining("getTable"),
  });
});
