import { readFileSync } from "node:fs";
import path from "node:path";
import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { DescribeExecutionCommand, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { act, logOf, openWorld, until, type World } from "./fixture/world.ts";

/** Each by what it is for: whoever takes it away must see something refused. */
const statements = ["Put", "Encrypt", "Measure", "Take", "Tell", "Log", "Start", "Run", "FromRule", "Alarms"];

const refused = (world: World, ...parts: string[]) =>
  until(`the refusal of ${parts.join(" ")}`, () =>
    logOf(world)
      .split("\n")
      .find((line) => line.includes("refused:") && parts.every((part) => line.includes(part))),
  );

describe("the fixture without the rights that services need to act for it", () => {
  let world: World;
  let machine = "";
  let queue = "";
  let ear = "";
  let trace = "";

  beforeAll(async () => {
    world = await openWorld();
    trace = path.join(world.folder, "trace");
    const { outputs } = await world.deploy({ without: statements }, { trace });
    machine = String(outputs.machine);
    queue = String(outputs.queue);
    ear = await listenTo(world, String(outputs.topic));
    await world.clients.sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: JSON.stringify({ detail: { object: {} } }) }));
  });
  afterAll(() => world?.close());

  test.each([
    ["put an object", { verb: "put", key: "own/a" }],
    ["encrypt", { verb: "encrypt", source: "own" }],
    ["publish a metric", { verb: "measure", namespace: "Fixture", value: 1 }],
  ] as const)("the function cannot %s", async (_, what) => {
    expect((await act(world, what)).error).toMatch(/^AccessDenied/);
  });

  test("the scheduler cannot start the function", () =>
    refused(world, "assumed-role/fixture-starter/scheduler", "lambda:InvokeFunction", "function:fixture-actor"));

  test("an alarm cannot be told to the topic", () => refused(world, "cloudwatch.amazonaws.com", "sns:Publish", "alarm:fixture-age"));

  test("the function's mapping cannot take from the queue", () =>
    refused(world, "assumed-role/fixture-actor/lambda", "sqs:ReceiveMessage"));

  test("what the function says is not logged", async () => {
    await act(world, { verb: "see" });
    await refused(world, "assumed-role/fixture-actor/lambda", "logs:CreateLogStream");
  });

  test("the rule cannot put into the queue", async () => {
    await world.clients.s3.send(new PutObjectCommand({ Bucket: "fixture-box", Key: "own/manifest.json", Body: "{}" }));
    await refused(world, "events.amazonaws.com", "sqs:SendMessage", "rule/fixture-manifest");
  });

  test("a failed call cannot be told to its destination", async () => {
    await world.clients.lambda.send(
      new InvokeCommand({ FunctionName: "fixture-actor", InvocationType: "Event", Payload: JSON.stringify({ verb: "refuse" }) }),
    );
    await refused(world, "assumed-role/fixture-actor/lambda", "sns:Publish");
  });

  test("the machine cannot run the function, and fails with the error that AWS would report", async () => {
    const { executionArn } = await world.clients.sfn.send(new StartExecutionCommand({ stateMachineArn: machine, input: `{"verb":"see"}` }));
    const ended = await until("the execution's end", async () => {
      const found = await world.clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
      return found.status !== "RUNNING" && found;
    });
    expect(ended).toMatchObject({ status: "FAILED", error: "Lambda.AWSLambdaException", cause: expect.stringContaining("fixture-runner") });
  });

  test("and nothing of it happened", async () => {
    const asked = readFileSync(path.join(trace, "fixture-actor.jsonl"), "utf8");
    expect(asked).toContain("/own/a");
    expect(asked).not.toMatch(/own\/(scheduled|taken)/);
    expect(await waitingIn(world, queue)).toBe("1");
    expect(await waitingIn(world, ear)).toBe("0");
    const { events } = await world.clients.logs.send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/fixture-actor" }));
    expect(events).toEqual([]);
  });
});

/** A queue that hears what the topic is told. */
async function listenTo({ clients }: World, topic: string): Promise<string> {
  const arn = topic.replace(":sns:", ":sqs:").replace(/[^:]+$/, "ear");
  const allowed = { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: arn };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [allowed] });
  const { QueueUrl = "" } = await clients.sqs.send(new CreateQueueCommand({ QueueName: "ear", Attributes: { Policy } }));
  await clients.sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: "sqs", Endpoint: arn }));
  return QueueUrl;
}

async function waitingIn({ clients }: World, QueueUrl: string): Promise<string | undefined> {
  const { Attributes } = await clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }),
  );
  return Attributes?.ApproximateNumberOfMessages;
}

describe("the fixture whose roles trust nobody", () => {
  let world: World;
  let machine = "";

  beforeAll(async () => {
    world = await openWorld();
    const { outputs } = await world.deploy({ without: ["Trustactor", "Truststarter", "Trustrunner"] });
    machine = String(outputs.machine);
  });
  afterAll(() => world?.close());

  test("no service may assume them", async () => {
    await refused(world, "fixture-starter does not let scheduler.amazonaws.com assume it");
    await refused(world, "fixture-actor does not let lambda.amazonaws.com assume it");
    const { executionArn } = await world.clients.sfn.send(new StartExecutionCommand({ stateMachineArn: machine, input: `{"verb":"see"}` }));
    const ended = await until("the execution's end", async () => {
      const found = await world.clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
      return found.status !== "RUNNING" && found;
    });
    expect(ended).toMatchObject({ cause: expect.stringContaining("fixture-runner does not let states.amazonaws.com assume it") });
  });
});
