import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Replay, type WatchedSource, watch } from "@holdfast/core";
import { lambda, logger } from "./bundle.ts";
import { trusted } from "./clients.ts";
import { environment } from "./environment.ts";
import { primary } from "./files.ts";

const cloudwatch = new CloudWatchClient();
const lambdas = new LambdaClient();
const queues = new SQSClient();

type Watching = { project: string; stage: string; sources: WatchedSource[]; functions: Record<string, string> };

export function watchFunction({ project, stage, sources, functions }: Watching) {
  const kinds = Object.fromEntries(sources.map(({ name, kind }) => [name, kind]));
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
        replay: (replay) => again(replay, functions, urls[kinds[replay.source] ?? ""] ?? ""),
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
  if (replay.verb !== "verify") {
    const Payload = JSON.stringify(replay.verb === "finish" ? { finish: true } : { slot: replay.at.toISOString() });
    await lambdas.send(new InvokeCommand({ FunctionName: functions[replay.source] ?? "", InvocationType: "Event", Payload }));
    return;
  }
  const event = {
    source: "holdfast.watch",
    "detail-type": "Object Created",
    detail: { bucket: { name: environment.HOLDFAST_BUCKET }, object: { key: replay.key, "version-id": replay.version }, run: replay.run },
  };
  await queues.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(event) }));
}
