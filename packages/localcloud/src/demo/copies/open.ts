import path from "node:path";
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import { type MarkedUse, markedUses } from "@holdfast/core";
import { sharedKey } from "@holdfast/stores/azure/credential.ts";
import { signature } from "@holdfast/stores/azure/kit/signature.ts";
import { rawClient } from "@holdfast/stores/azure/kit/subject.ts";
import { identityFor } from "@holdfast/stores/s3/kit/identity.ts";
import { type Azurite, azurite, type Credentials, type FakeGcs, fakeGcs, type Seaweedfs, seaweedfs } from "../../services/index.ts";
import { type DemoPlan, elsewhere } from "../plan.ts";
import type { StageOptions, Stop } from "../stage.ts";
import { neverStarted, orAborted } from "../wait.ts";

/** Three stores that are not AWS, each of a kind of its own. */
export type Copies = {
  azure: Azurite;
  /** Where they are, as the plan says it. */
  at: DemoPlan["copies"];
  /** What opens them, by the name of the secret: an identity for each use. */
  secrets: Record<string, Credentials | { sas: string }>;
};

export const openCopies = ({ folder, steps, world }: StageOptions, stopping: Stop[]): Promise<Copies> =>
  steps.of("copies").run(
    "starting stores that are not AWS",
    async () => {
      const log = (name: string) => path.join(folder.logs, `${name}.log`);
      const open = <T extends { stop(): Promise<void> }>(starting: Promise<T>, make: (opened: T) => Promise<unknown>): Promise<T> => {
        stopping.push(() => starting.then((opened) => opened.stop(), neverStarted));
        const made = starting.then(async (opened) => {
          await make(opened);
          return opened;
        });
        return orAborted(made, world.signal);
      };
      const [s3, blobs, google] = await Promise.all([
        open(
          seaweedfs({ log: log("seaweedfs"), identities: markedUses.map((use) => identityFor(use, elsewhere.seaweedfs.bucket)) }),
          makeBucket,
        ),
        open(azurite({ log: log("azurite") }), makeContainer),
        open(fakeGcs({ log: log("fakegcs") }), makeGoogleBucket),
      ]);
      return described(s3, blobs, google);
    },
    () => "three stores that are not AWS run on loopback: SeaweedFS (S3), Azurite (Azure Blob), fake-gcs-server (Google)",
  );

function described(s3: Seaweedfs, azure: Azurite, { endpoint }: FakeGcs): Copies {
  const { seaweedfs: ofS3, azure: ofAzure } = elsewhere;
  const logins = markedUses.flatMap((use) => {
    const key = s3.identities[use];
    const sas = signature(azure, ofAzure.container, permissions[use], signedHours);
    return [...(key ? [[ofS3.secrets[use], key] as const] : []), [ofAzure.secrets[use], { sas }] as const];
  });
  return {
    azure,
    at: {
      seaweedfs: { endpoint: s3.endpoint, region: s3.region },
      azure: { endpoint: azure.endpoint, account: azure.account },
      google: { endpoint },
    },
    secrets: Object.fromEntries(logins),
  };
}

/** Read, list, create, write, tag, as the notes of the store's setup say. https://learn.microsoft.com/rest/api/storageservices/create-service-sas */
const permissions: Readonly<Record<MarkedUse, string>> = { copy: "rcwl", mark: "lt", read: "rl" };
/** A local cloud may be left running for days. */
const signedHours = 24 * 30;

async function makeBucket({ endpoint, region, credentials }: Seaweedfs): Promise<void> {
  const { bucket: Bucket } = elsewhere.seaweedfs;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  try {
    await client.send(new CreateBucketCommand({ Bucket }));
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  } finally {
    client.destroy();
  }
}

const makeContainer = ({ endpoint, account, key }: Azurite) =>
  rawClient({ endpoint, credential: sharedKey(account, key) })({
    method: "PUT",
    path: elsewhere.azure.container,
    query: { restype: "container" },
  });

const makeGoogleBucket = ({ bucket }: FakeGcs) => bucket(elsewhere.google.bucket);
