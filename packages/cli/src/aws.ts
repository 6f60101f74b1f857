import { createPublicKey } from "node:crypto";
import { CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeKeyCommand, GetPublicKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { DescribeExecutionCommand, paginateGetExecutionHistory, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { identityOf, kmsCipher, kmsSign, secretsOf } from "@holdfast/aws";
import { translate } from "./awserrors.ts";
import type { Answer, Cloud, Functions, Keys, Logs, Look, Machines } from "./cloud.ts";
import { eventOf } from "./history.ts";

/** Without endpoint and credentials: the default chain of the AWS SDK. */
export type Account = { region: string; endpoint?: string; credentials?: { accessKeyId: string; secretAccessKey: string } };

/** Clients are made once and are cheap until they are used. */
export function awsCloud(account: Account): Cloud {
  const sts = new STSClient(account);
  const asked = memo(() => attempt("ask AWS who you are", () => sts.send(new GetCallerIdentityCommand())));
  return {
    account: async () => (await asked()).Account ?? "",
    who: async () => (await asked()).Arn ?? "unknown",
    functions: functions(account),
    machines: machines(new SFNClient(account)),
    logs: logs(new CloudWatchLogsClient(account)),
    keys: keys(new KMSClient(account)),
    secrets: secretsOf(new SecretsManagerClient(account)),
    identity: identityOf(sts),
  };
}

export function memo<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function attempt<T>(doing: string, send: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await send();
  } catch (error) {
    signal?.throwIfAborted();
    throw translate(error, doing);
  }
}

/** A Lambda lives 15 minutes at most, and the answer comes after that; one that is not heard of for longer never comes. */
const longestRunMillis = 16 * 60_000;

function functions(account: Account): Functions {
  // No second attempt: a request whose answer was lost may have begun a run.
  const client = new LambdaClient({
    ...account,
    maxAttempts: 1,
    requestHandler: { requestTimeout: longestRunMillis, socketTimeout: longestRunMillis },
  });
  return {
    invoke: (name, payload, signal) =>
      attempt(
        `run the function ${name}`,
        async () => {
          const command = new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(payload) });
          const { FunctionError, Payload } = await client.send(command, { abortSignal: signal });
          return answerOf(FunctionError !== undefined, Payload?.transformToString() ?? "null");
        },
        signal,
      ),
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html ; a run that Lambda killed has no errorType of ours. */
export function answerOf(failed: boolean, payload: string): Answer {
  const result: unknown = payload === "" ? null : JSON.parse(payload);
  if (!failed) return { ok: true, result };
  const { errorType, errorMessage } = (result ?? {}) as { errorType?: unknown; errorMessage?: unknown };
  return { ok: false, error: String(errorType ?? "Unhandled"), message: String(errorMessage ?? "the function said nothing") };
}

function logs(client: CloudWatchLogsClient): Logs {
  return {
    async since(functionName, at, signal) {
      const asked = { logGroupName: `/aws/lambda/${functionName}`, startTime: at.getTime() };
      const lines: string[] = [];
      try {
        for await (const { events } of paginateFilterLogEvents({ client }, asked, { abortSignal: signal }))
          for (const { message = "" } of events ?? []) lines.push(...message.split("\n"));
        return lines;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Error && error.name === "ResourceNotFoundException") return [];
        throw translate(error, `read the log of ${functionName}`);
      }
    },
  };
}

function machines(client: SFNClient): Machines {
  return {
    start: (stateMachineArn, name, input, signal) =>
      attempt(
        "start the restore",
        async () => {
          const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
          return (await client.send(command, { abortSignal: signal })).executionArn ?? "";
        },
        signal,
      ),
    look: (executionArn, signal) => attempt("look at the restore", () => look(client, executionArn, signal), signal),
  };
}

async function look(client: SFNClient, executionArn: string, signal: AbortSignal): Promise<Look> {
  const abort = { abortSignal: signal };
  const found = await client.send(new DescribeExecutionCommand({ executionArn }), abort);
  const events: Look["events"] = [];
  for await (const page of paginateGetExecutionHistory({ client, pageSize: 1000 }, { executionArn, includeExecutionData: true }, abort))
    events.push(...(page.events ?? []).flatMap(eventOf));
  return {
    status: found.status === "PENDING_REDRIVE" || found.status === undefined ? "RUNNING" : found.status,
    started: found.startDate ?? new Date(0),
    stopped: found.stopDate,
    input: found.input,
    output: found.output,
    error: found.error,
    cause: found.cause,
    events,
  };
}

function keys(client: KMSClient): Keys {
  return {
    publicKey: (alias) =>
      attempt(`read the public key ${alias}`, async () => {
        const { KeyId = alias, PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId: alias }));
        const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: "der", type: "spki" });
        return { arn: KeyId, pem: key.export({ type: "spki", format: "pem" }).toString() };
      }),
    arnOf: (alias) =>
      attempt(
        `look at the key ${alias}`,
        async () => (await client.send(new DescribeKeyCommand({ KeyId: alias }))).KeyMetadata?.Arn ?? alias,
      ),
    sign: (arn, pem) => kmsSign(client, arn, pem),
    cipher: kmsCipher(client),
  };
}
