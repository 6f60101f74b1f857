import { backup } from "./backup.ts";
import { copy } from "./copy.ts";
import type { Deployment } from "./deployment.ts";
import { drill } from "./drill.ts";
import { endpoints } from "./endpoints.ts";
import { keys as makeKeys } from "./keys.ts";
import { layers as makeLayers } from "./layers.ts";
import { lookUp } from "./lookup.ts";
import { mark } from "./mark.ts";
import { notice } from "./notice.ts";
import { prune } from "./prune.ts";
import { pruneCopies } from "./prunecopies.ts";
import { replicate } from "./replicate.ts";
import { restore } from "./restore.ts";
import { retain } from "./retain.ts";
import { sample } from "./sample.ts";
import { storage } from "./storage.ts";
import { verify } from "./verify.ts";
import { watch } from "./watch.ts";

/** The whole graph, in the order in which data flows through it. Nothing is made before what the plan names was looked up. */
export async function deploy(d: Deployment) {
  const databases = await lookUp(d);
  const layers = makeLayers(d);
  const keys = makeKeys(d);
  const bucket = storage(d);
  const topic = notice(d, bucket);
  const backups = backup(d, { bucket, keys, topic, layers, databases });
  const copiers = copy(d, { bucket, keys, topic });
  const verifiers = verify(d, { bucket, keys, layers, topic });
  retain(d, { bucket, topic });
  mark(d, { bucket, topic });
  pruneCopies(d, { bucket, topic });
  sample(d, { bucket, keys, topic, copiers });
  prune(d, { bucket, keys, topic });
  replicate(d, { bucket, keys, topic });
  watch(d, { bucket, keys, topic, backups, verifiers, copiers });
  const restores = restore(d, { bucket, keys, topic, layers });
  await endpoints(d);
  if (restores) drill(d, { topic, functions: restores.functions });
  return { bucket: bucket.bucket, notice: topic.arn, ...(restores ? { restore: restores.machine.arn } : {}) };
}
