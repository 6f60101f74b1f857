import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { keyAges, type Replay, type StandingKeys, type WatchedSource, watch } from "@holdfast/core";
import { lambda, logger } from "./bundle.ts";
import { trusted, written } from "./clients.ts";
import { environment } from "./environment.ts";
import { primary } from "./files.ts";
import { sendCreated } from "./queues.ts";

const cloudwatch = new CloudWatchClient();
const lambdas = new LambdaClient();

type Watching = {
  project: string;
  stage: string;
  sources: WatchedSource[];
  functions: Record<string, string>;
  keys: StandingKeys[];
};

export function watchFunction({ project, stage, sources, functions, keys }: Watching) {
  const publish = publisher({ Project: project, Stage: stage });
  const kinds = Object.fromEntries(sources.map(({ name, kind }) => [name, kind]));
  const queueOf = (replay: Replay) => urls[replay.verb === "copy" ? `copy-${replay.store}` : `verify-${kinds[replay.source]}`] ?? "";
  const urls: Record<string, string> = JSON.parse(environment.HOLDFAST_QUEUES);
  return lambda("looking at every source", async (_event: unknown, { context }) => {
    const store = await primary();
    const watched = await watch(
      sources,
      {
        list: store.list,
        create: store.create,
        keys: trusted({}, ...(JSON.parse(environment.HOLDFAST_KEYS) as string[])),
        publish: (ages) =>
          publish(
            "VerifiedBackupAge",
            ages.map(({ source, seconds }) => ({ seconds, of: { Source: source } })),
          ),
        replay: (replay) => again(replay, functions, queueOf(replay)),
      },
      context,
    );
    for (const { source, error } of watched.failed)
      logger.error("a source could not be looked at", { source, name: error instanceof Error ? error.name : "unknown" });
    const aged = await keyAges(keys, written, context);
    await publish(
      "StoreKeyAge",
      aged.ages.map(({ store, seconds }) => ({ seconds, of: { Store: store } })),
    );
    for (const { store, error } of aged.failed)
      logger.error("a store's keys could not be looked at", { store, name: error instanceof Error ? error.name : "unknown" });
    const [first] = [...watched.failed, ...aged.failed];
    if (first) throw first.error;
    return { statuses: watched.statuses, replayed: watched.replayed };
  });
}

type Age = { seconds: number; of: Record<string, string> };
const publisher = (all: Record<string, string>) => async (MetricName: string, ages: Age[]) => {
  if (ages.length === 0) return;
  const MetricData = ages.map(({ seconds, of }) => ({
    MetricName,
    Unit: "Seconds" as const,
    Value: seconds,
    Dimensions: Object.entries({ ...all, ...of }).map(([Name, Value]) => ({ Name, Value })),
  }));
  await cloudwatch.send(new PutMetricDataCommand({ Namespace: "Holdfast", MetricData }));
};

/** The same event that was lost, in the same shape, so that there is one path through the consumer. */
async function again(replay: Replay, functions: Record<string, string>, queueUrl: string): Promise<void> {
  switch (replay.verb) {
    case "verify":
      return await sendCreated(queueUrl, { key: replay.key, version: replay.version, run: replay.run });
    case "copy":
      return await sendCreated(queueUrl, { key: replay.key });
    case "finish":
      return await invoke(functions[replay.source], { finish: true });
    case "backup":
      return await invoke(functions[replay.source], { slot: replay.at.toISOString() });
  }
}

async function invoke(name: string | undefined, payload: object): Promise<void> {
  await lambdas.send(new InvokeCommand({ FunctionName: name ?? "", InvocationType: "Event", Payload: JSON.stringify(payload) }));
}
