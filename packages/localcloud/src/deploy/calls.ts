import { createHash } from "node:crypto";
import type { Databases } from "./databases.ts";
import { UnknownCall } from "./errors.ts";
import { isRecord, type Place, type Value, type Values } from "./graph.ts";
import { answerNetwork, type Networks } from "./networks.ts";

export type Answers = {
  place: Place;
  /** PEM of a KMS key's public half. The key exists by then: the call's inputs name it. */
  publicKey(keyId: string): Promise<string>;
  databases: Databases;
  networks: Networks;
};

/** Data sources. Throws {@link UnknownCall}, LookUpEmpty, NotOneFound. */
export async function answerCall(token: string, inputs: Values, answers: Answers): Promise<Values> {
  const { place, publicKey, databases, networks } = answers;
  const { account, region, partition } = place;
  switch (token) {
    case "aws:index/getCallerIdentity:getCallerIdentity":
      return { id: account, accountId: account, arn: `arn:aws:iam::${account}:root`, userId: account };
    case "aws:index/getRegion:getRegion":
      return { id: region, name: region, region, endpoint: `ec2.${region}.amazonaws.com`, description: region };
    case "aws:index/getPartition:getPartition":
      return { id: partition, partition, dnsSuffix: "amazonaws.com", reverseDnsPrefix: "com.amazonaws" };
    case "aws:iam/getPolicyDocument:getPolicyDocument":
      return policyDocument(inputs);
    case "aws:kms/getPublicKey:getPublicKey": {
      const publicKeyPem = await publicKey(String(inputs.keyId));
      const lines = publicKeyPem.split("\n").filter((line) => !line.startsWith("-----"));
      return { ...inputs, id: String(inputs.keyId), publicKey: lines.join(""), publicKeyPem };
    }
    case "aws:rds/getCluster:getCluster":
      return await databases.cluster(String(inputs.clusterIdentifier));
    case "aws:rds/getInstance:getInstance":
      return await databases.instance(String(inputs.dbInstanceIdentifier));
    default: {
      const found = await answerNetwork(token, inputs, networks);
      if (!found) throw new UnknownCall(token);
      return found;
    }
  }
}

/** The JSON that the provider makes of `statements`. */
function policyDocument(inputs: Values): Values {
  const statements = listOf(inputs.statements).map((statement) => ({
    ...(statement.sid ? { Sid: statement.sid } : {}),
    Effect: statement.effect ?? "Allow",
    ...(statement.actions ? { Action: statement.actions } : {}),
    ...(statement.notActions ? { NotAction: statement.notActions } : {}),
    ...(statement.resources ? { Resource: statement.resources } : {}),
    ...(statement.notResources ? { NotResource: statement.notResources } : {}),
    ...(statement.principals ? { Principal: byType(listOf(statement.principals)) } : {}),
    ...(statement.conditions ? { Condition: byTest(listOf(statement.conditions)) } : {}),
  }));
  const json = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  const id = createHash("sha256").update(json).digest("hex").slice(0, 8);
  return { ...inputs, id, json, minifiedJson: json };
}

function listOf(value: Value | undefined): Values[] {
  return Array.isArray(value) ? value.filter((item): item is Values => isRecord(item)) : [];
}
const byType = (principals: Values[]) => Object.fromEntries(principals.map(({ type, identifiers }) => [String(type), identifiers]));

function byTest(conditions: Values[]): Record<string, Record<string, Value | undefined>> {
  const tests: Record<string, Record<string, Value | undefined>> = {};
  for (const { test, variable, values } of conditions) tests[String(test)] = { ...tests[String(test)], [String(variable)]: values };
  return tests;
}
