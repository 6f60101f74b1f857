import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { generateIdentity } from "@holdfast/age";
import { type Postgres, postgres, type Seaweedfs, seaweedfs } from "@holdfast/localcloud";
import { Bundler } from "../../packages/localcloud/src/deploy/bundler.ts";
import { makeScratch } from "../../packages/localcloud/src/deploy/scratch.ts";
import { clientFor } from "../../packages/stores/s3/kit/subject.ts";
import { buildLayer, hostArch } from "../../scripts/layers.mjs";
import { fill } from "./database.ts";
import type { Place, Source } from "./job.ts";

/** What every measurement stands on: real services, one private folder, and our pipeline bundled as functions are. */
export type Stage = {
  server: Postgres;
  /** The folder that holds the layers. */
  layers: string;
  keys: { identity: string; recipient: string };
  folder: string;
  /** The bundle of `child.ts`. */
  child: string;
  places: { folder: { folder: string }; s3: Place };
  /** Databases by what they are for. */
  databases: { timed: Database; large: Database };
};

/** Each backup has one of its own, a second apart. */
export const newSlot = (): string => new Date(firstSlot + 1000 * slots++).toISOString();
const firstSlot = Date.parse("2026-01-01T00:00:00Z");
let slots = 0;

type Database = Extract<Source, { kind: "postgres" }>;
const databaseOf = ({ host, port, user, password }: Postgres, database: string): Database => ({
  kind: "postgres",
  database,
  login: { host, port, username: user, password },
});

const bucket = "bench";
const clone = path.resolve(import.meta.dirname, "../..");

/** Runs `work` between the start and the end of all it stands on. */
export async function onStage<T>(size: number, large: number, work: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = await makeScratch("bench");
  const stops: (() => Promise<void>)[] = [];
  try {
    const server = await postgres({ settings: { wal_level: "minimal", max_wal_senders: "0", max_wal_size: "4GB" } });
    stops.push(server.stop);
    const cloud = await seaweedfs();
    stops.push(cloud.stop);
    await fill(server, "timed", size);
    if (large !== size) await fill(server, "large", large);
    return await work({
      server,
      layers: (await buildLayer(hostArch())).folder,
      keys: await generateIdentity(),
      folder,
      child: await bundleChild(folder, "child"),
      places: await places(folder, cloud),
      databases: { timed: databaseOf(server, "timed"), large: databaseOf(server, large === size ? "timed" : "large") },
    });
  } finally {
    for (const stop of stops) await stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function places(folder: string, { endpoint, region, credentials }: Seaweedfs): Promise<Stage["places"]> {
  const shelf = path.join(folder, "store");
  await mkdir(shelf);
  const client = clientFor({ endpoint, region, credentials });
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  client.destroy();
  return { folder: { folder: shelf }, s3: { endpoint, region, bucket, credentials } };
}

/** Bundles `name.ts` of this folder as functions are. */
export async function bundleChild(into: string, name: string): Promise<string> {
  const file = path.join(import.meta.dirname, `${name}.ts`);
  const options = { minify: true, sourcemap: false, banner: "" };
  const { folder, errors } = await new Bundler(clone, into).bundle({ id: name, file, name, options });
  if (errors.length > 0) throw new Error(`the pipeline does not bundle: ${errors.join("; ")}`);
  return path.join(folder, `${name}.mjs`);
}
