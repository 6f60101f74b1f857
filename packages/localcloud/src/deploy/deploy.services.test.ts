import { createPublicKey } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DescribeAlarmsCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { GetPublicKeyCommand } from "@aws-sdk/client-kms";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { DescribeExecutionCommand, GetExecutionHistoryCommand, StartExecutionCommand, StopExecutionCommand } from "@aws-sdk/client-sfn";
import { SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Deployed } from "./deploy.ts";
import { act, logOf, objectAt, openWorld, region, until, type World } from "./fixture/world.ts";

const Bucket = "fixture-box";

describe("the fixture, deployed", () => {
  let world: World;
  let deployed: Deployed;
  let trace: string;

  beforeAll(async () => {
    world = await openWorld();
    trace = path.join(world.folder, "trace");
    const host = process.arch === "arm64" ? "arm64" : "x86_64";
    for (const arch of ["arm64", "x86_64"]) {
      const layer = path.join(world.folder, arch, "layer", "fixture");
      mkdirSync(layer, { recursive: true });
      writeFileSync(path.join(layer, "arch"), arch === host ? "this machine's" : "another's");
    }
    deployed = await world.deploy({ layer: path.join(world.folder, "arm64", "layer") }, { trace });
  });
  afterAll(() => world?.close());

  const outputs = () => deployed.outputs as Record<string, string>;

  test("its function may do what its role allows", async () => {
    expect(await act(world, { verb: "put", key: "own/a" })).toEqual({ put: "own/a" });
    expect(await act(world, { verb: "encrypt", source: "own" })).toEqual({ encrypted: "own" });
    expect(await act(world, { verb: "measure", namespace: "Fixture", value: 1 })).toEqual({ measured: 1 });
  });

  test("its function is denied what its role does not allow", async () => {
    expect(await act(world, { verb: "put", key: "other/a" })).toMatchObject({ error: "AccessDenied" });
    expect(await act(world, { verb: "get", key: "own/a" })).toMatchObject({ error: "AccessDenied" });
    expect(await act(world, { verb: "encrypt", source: "other" })).toMatchObject({ error: "AccessDeniedException" });
    expect(await act(world, { verb: "measure", namespace: "Other", value: 1 })).toMatchObject({ error: "AccessDeniedException" });
  });

  test("the bucket's policy denies what the role would allow", async () => {
    const overwrite = await act(world, { verb: "put", key: "own/b", overwrite: true });
    expect(overwrite).toMatchObject({ error: "AccessDenied", message: expect.stringContaining("resource-based policy") });
    expect(await act(world, { verb: "delete", key: "own/a" })).toMatchObject({ error: "AccessDenied" });
  });

  test("only the statement that denies plain http is left out of the bucket's policy", async () => {
    const { Policy } = await world.clients.s3.send(new GetBucketPolicyCommand({ Bucket }));
    expect(JSON.parse(String(Policy)).Statement.map(({ Sid }: { Sid: string }) => Sid)).toEqual(["NobodyDeletes", "OnlyCreate"]);
  });

  test("an error's name arrives in Catch, from a minified bundle", async () => {
    const { executionArn } = await world.clients.sfn.send(
      new StartExecutionCommand({ stateMachineArn: outputs().machine, input: JSON.stringify({ verb: "refuse" }) }),
    );
    const ended = await until("the execution's end", async () => {
      const found = await world.clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
      return found.status !== "RUNNING" && found;
    });
    expect(ended).toMatchObject({ status: "SUCCEEDED", output: JSON.stringify({ caught: "RestoreRefused" }).replace(":", ": ") });
  });

  test("an execution that is stopped stays stopped when its task fails afterwards, and its event is sent once", async () => {
    const { sfn, sqs, logs } = world.clients;
    const input = JSON.stringify({ verb: "fail", afterMilliseconds: 600 });
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn: outputs().machine, input }));
    await until("the task", async () => {
      const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
      return events.some(({ type }) => type === "TaskScheduled");
    });
    await sfn.send(new StopExecutionCommand({ executionArn, error: "Stopped", cause: "by hand" }));
    await until("the task's own end", async () => {
      const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/fixture-actor" }));
      return events.some(({ message }) => message?.includes("failed late"));
    });
    await until("the history's end", async () => {
      const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
      return events.some(({ type }) => type === "TaskFailed");
    });
    expect(await sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({ status: "ABORTED", error: "Stopped" });
    const QueueUrl = outputs().queue?.replace(/queue$/, "ends");
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    expect(Messages.map(({ Body }) => JSON.parse(String(Body)).detail)).toMatchObject([{ executionArn, status: "ABORTED", input }]);
  });

  test("an object's event reaches the function through rule, queue and mapping, with the object's version", async () => {
    const { VersionId } = await world.clients.s3.send(
      new PutObjectCommand({ Bucket, Key: "own/x/manifest.json", Body: "{}", IfNoneMatch: "*" }),
    );
    const body = await until("the function's evidence", () => objectAt(world, `own/taken/${VersionId}`));
    expect(JSON.parse(body)).toMatchObject({
      source: "aws.s3",
      region,
      detail: { bucket: { name: Bucket }, object: { key: "own/x/manifest.json", size: 2, "version-id": VersionId }, reason: "PutObject" },
    });
  });

  test("the schedule fires with the moment that it was for", async () => {
    expect(await until("the schedule's object", () => objectAt(world, "own/scheduled"))).toBe("2026-01-02T03:04:05Z");
  });

  test("a failed asynchronous call is told to its destination after its retry", async () => {
    const told = await listen(world, outputs().topic ?? "", "failures");
    await world.clients.lambda.send(
      new InvokeCommand({ FunctionName: "fixture-actor", InvocationType: "Event", Payload: JSON.stringify({ verb: "refuse" }) }),
    );
    await until("the failure", () => told.find((message) => message.includes("RestoreRefused")));
  });

  test("an alarm holds while data is missing, ends with good data of its own dimensions, and tells when it begins", async () => {
    const { cloudwatch } = world.clients;
    const state = async () =>
      (await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ["fixture-age"] }))).MetricAlarms?.[0]?.StateValue;
    const told = await listen(world, outputs().topic ?? "", "alarms");
    await act(world, { verb: "measure", namespace: "Fixture", value: 1 });
    await until("OK", async () => (await state()) === "OK");
    const MetricData = [{ MetricName: "Age", Value: 1000, Dimensions: [{ Name: "Source", Value: "another" }] }];
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: "Fixture", MetricData }));
    expect(await state()).toBe("OK");
    await act(world, { verb: "measure", namespace: "Fixture", value: 1000 });
    const message = await until("the alarm", () => told.find((found) => found.includes("fixture-age")));
    expect(JSON.parse(JSON.parse(message).Message)).toMatchObject({
      AlarmName: "fixture-age",
      OldStateValue: "OK",
      NewStateValue: "ALARM",
    });
  });

  test("what a key signs can be checked with the PEM that the graph looked up", async () => {
    const { environment } = (await act(world, { verb: "see" })) as { environment: Record<string, string> };
    const { PublicKey } = await world.clients.kms.send(new GetPublicKeyCommand({ KeyId: "alias/fixture-signing" }));
    const found = createPublicKey(String(environment.PEM)).export({ type: "spki", format: "der" });
    expect(found.equals(Buffer.from(PublicKey ?? []))).toBe(true);
    expect(createPublicKey(String(environment.PEM)).asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
  });

  test("the function sees its own variables, its role's credentials and nothing else", async () => {
    const { environment, remaining } = (await act(world, { verb: "see" })) as { environment: Record<string, string>; remaining: number };
    const others = Object.keys(environment).filter((name) => !/^(AWS_|_HANDLER|LAMBDA_|SST_)/.test(name));
    expect(others.sort()).toEqual([
      "BUCKET",
      "HOLDFAST_TRACE",
      "HOME",
      "KEY",
      "LANG",
      "LAYERS",
      "LD_LIBRARY_PATH",
      "PATH",
      "PEM",
      "TMPDIR",
      "TZ",
    ]);
    expect(environment).toMatchObject({ AWS_REGION: region, AWS_ENDPOINT_URL: world.aws.endpoint, BUCKET: Bucket });
    expect(environment.AWS_ACCESS_KEY_ID).toMatch(/^ASIA/);
    expect(existsSync(String(environment.TMPDIR))).toBe(true);
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(20_000);
  });

  test("a layer lies below /opt, and it is this machine's", async () => {
    expect(await act(world, { verb: "read", file: "$LAYERS/arch" })).toEqual({ content: "this machine's" });
  });

  test("what the function says is in its log group", async () => {
    await act(world, { verb: "refuse" });
    const found = await until("the log line", async () => {
      const { events = [] } = await world.clients.logs.send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/fixture-actor" }));
      return events.find(({ message }) => message?.includes("target is production"));
    });
    expect(found.message).toContain("RestoreRefused");
  });

  test("lock, lifecycle and their filters stand as the graph says, also for an upload in parts", async () => {
    const { s3 } = world.clients;
    const { ObjectLockConfiguration } = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(ObjectLockConfiguration?.Rule?.DefaultRetention).toEqual({ Mode: "COMPLIANCE", Days: 1 });
    const { Rules } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(Rules).toMatchObject([
      { ID: "release", Filter: { Tag: { Key: "release", Value: "30d" } }, Expiration: { Days: 30 } },
      { ID: "rest", Filter: { Prefix: "" }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
    ]);
    const upload = { Bucket, Key: "own/parts" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(upload));
    const { ETag } = await s3.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: "part" }));
    await s3.send(
      new CompleteMultipartUploadCommand({ ...upload, UploadId, IfNoneMatch: "*", MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] } }),
    );
    expect(await s3.send(new HeadObjectCommand(upload))).toMatchObject({ ObjectLockMode: "COMPLIANCE" });
  });

  test("the trace names what was asked of the local AWS, and no secret", async () => {
    await act(world, { verb: "put", key: "own/traced" });
    const text = readFileSync(path.join(trace, "fixture-actor.jsonl"), "utf8");
    const lines = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual({
      function: "fixture-actor",
      service: "s3",
      method: "PUT",
      path: `/${Bucket}/own/traced`,
      query: { "x-id": "PutObject" },
      headers: [],
    });
    expect(lines.some(({ service, target }) => service === "kms" && target === "TrentService.Encrypt")).toBe(true);
    expect(text).not.toMatch(/ASIA|Signature|security-token/i);
  });

  test("the graph tells what was made, with what the local AWS answered", () => {
    const machine = deployed.graph.resources.find(({ type }) => type === "aws:sfn/stateMachine:StateMachine");
    expect(machine).toMatchObject({ name: "Machine", outputs: { arn: outputs().machine }, read: false });
    expect(deployed.graph.resources.find(({ name }) => name === "Box")?.options.protect).toBe(true);
    expect(logOf(world)).not.toContain("refused:");
  });

  test("deploying again on top of it is refused and says why", async () => {
    await expect(world.deploy()).rejects.toMatchObject({ name: "ResourceExists", hint: expect.stringContaining("empty local AWS") });
  });
});

/** Everything that the topic is told from now on, as it arrives at a queue that may take from it. */
async function listen(
  { clients }: World,
  topic: string,
  queue: string,
): Promise<{ find(test: (message: string) => boolean): Promise<string | undefined> }> {
  const arn = topic.replace(":sns:", ":sqs:").replace(/[^:]+$/, queue);
  const policy = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: arn }],
  };
  const { QueueUrl } = await clients.sqs.send(new CreateQueueCommand({ QueueName: queue, Attributes: { Policy: JSON.stringify(policy) } }));
  await clients.sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: "sqs", Endpoint: arn }));
  const heard: string[] = [];
  return {
    async find(test) {
      const { Messages = [] } = await clients.sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      for (const { Body = "", ReceiptHandle } of Messages) {
        heard.push(Body);
        await clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      return heard.find(test);
    },
  };
}
