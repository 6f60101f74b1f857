import { CreateBucketCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import { type MarkedUse, markedUses } from "@holdfast/core";
import { azurite, fakeGcs, seaweedfs } from "@holdfast/localcloud";
import { sharedKey } from "@holdfast/stores/azure/credential.ts";
import { signature } from "@holdfast/stores/azure/kit/signature.ts";
import { subjectOn as azureSubject, rawClient, usual } from "@holdfast/stores/azure/kit/subject.ts";
import type { Subject } from "@holdfast/stores/contract/contract.ts";
import { plainSubject } from "@holdfast/stores/gcs/kit/plain.ts";
import { identityFor } from "@holdfast/stores/s3/kit/identity.ts";
import { clientFor, subjectOn as s3Subject } from "@holdfast/stores/s3/kit/subject.ts";
import { copies, type TestPlan } from "../plan.ts";
import { type Gate, openGate } from "./gate.ts";

export type Clouds = {
  /** Where they are, as the plan says it. */
  at: TestPlan["copies"];
  /** What opens them, by the name of the secret: an identity for each use. */
  secrets: Readonly<Record<string, object>>;
  /** Each as its administrator sees it, who may also do what nobody should. */
  sea: Administered & { gate: Gate };
  azure: Administered;
  google: Administered;
  stop(): Promise<void>;
};
export type Administered = Pick<Subject, "store" | "overwrite" | "remove">;

/** Starts three stores that are not AWS, and makes in each what a plan would find there. */
export async function openClouds(): Promise<Clouds> {
  const starting = [openSea(), openAzure(), openGoogle()] as const;
  const stop = async () => {
    for (const each of await Promise.allSettled(starting)) if (each.status === "fulfilled") await each.value.stop();
  };
  try {
    const [sea, azure, google] = await Promise.all(starting);
    const at = { sea: sea.at, azure: azure.at, google: google.at };
    return { at, secrets: { ...sea.secrets, ...azure.secrets }, sea, azure, google, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Behind a gate, so that it can be away for a while. */
async function openSea() {
  const { bucket, secrets } = copies.sea;
  const {
    endpoint,
    region,
    credentials,
    identities: keys,
    stop,
  } = await seaweedfs({
    identities: markedUses.map((use) => identityFor(use, bucket)),
  });
  const client = clientFor({ endpoint, region, credentials });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }));
  const gate = await openGate({ port: Number(new URL(endpoint).port) });
  return {
    ...s3Subject(client, bucket, { part: 2 ** 23, checksum: "crc64nvme", versions: true, locks: false, archive: false, limits: {} }),
    at: { endpoint: `http://127.0.0.1:${gate.port}`, region },
    secrets: Object.fromEntries(markedUses.map((use) => [secrets[use], keys[use] ?? {}])),
    gate,
    stop: async () => {
      await gate.stop();
      client.destroy();
      await stop();
    },
  };
}

/** Read, list, create, write, tag. https://learn.microsoft.com/rest/api/storageservices/create-service-sas */
const permissions: Readonly<Record<MarkedUse, string>> = { copy: "rcwl", mark: "lt", read: "rl" };

async function openAzure() {
  const { container, secrets } = copies.azure;
  const azure = await azurite();
  const { endpoint, account, key, stop } = azure;
  const administrator = { endpoint, credential: sharedKey(account, key) };
  await rawClient(administrator)({ method: "PUT", path: container, query: { restype: "container" } });
  const options = { ...usual, part: 2 ** 23, checksum: "md5", versions: false, locks: false, archive: false } as const;
  return {
    ...azureSubject(administrator, container, options),
    at: { endpoint, account },
    secrets: Object.fromEntries(markedUses.map((use) => [secrets[use], { sas: signature(azure, container, permissions[use]) }])),
    stop,
  };
}

/** It asks nobody who they are. */
async function openGoogle() {
  const server = await fakeGcs();
  return { ...(await plainSubject(server, copies.google.bucket)), at: { endpoint: server.endpoint }, stop: server.stop };
}
