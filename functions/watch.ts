import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { type Replay, type WatchedSource, watch } from "@holdfast/core";
import { lambda, logger } from "./bundle.ts";
import { trusted } from "./clients.ts";
import { environment } from "./environment.ts";
import { primary } from "./files.ts";
import { sendCreated } from "./queues.ts";

const cloudwatch = new CloudWatchClient();
const lambdas = new LambdaClient();

type Watching = { project: string; stage: string; sources: WatchedSource[]; functions: Record<string, string> };

export function watchFunction({ project, stage, sources, functions }: Watching) {
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
        publish: (ages) => publish(project, stage, ages),
        replay: (replay) => again(replay, functions, queueOf(replay)),
      },
      context,
    );
    for (const { source, error } of watched.failed)
      logger.error("a source could not be looked at", { source, name: error instanceof Error ? error.name : "unknown" });
    if (watched.failed.length > 0) throw watched.failed[0]?.error;
    return { statuses: watched.statuses, replayed: watched.replayed };
  });
}

async function publish(project: string, stage: string, ages: { source: string; seconds: number }[]): Promise<void> {
  if (ages.length === 0) return;
  const MetricData = ages.map(({ source, seconds }) => ({
    MetricName: "VerifiedBackupAge",
    Unit: "Seconds" as const,
    Value: seconds,
    Dimensions: [
      { Name: "Project", Value: project },
      { Name: "Stage", Value: stage },
      { Name: "Source", Value: source },
    ],
  }));
  await cloudwatch.send(new PutMetricDataCommand({ Namespace: "Holdfast", MetricData }));
}

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
