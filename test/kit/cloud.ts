import { setTimeout as sleep } from "node:timers/promises";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  DescribeExecutionCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { catalogue, type Entry, type Store, type Verdict } from "@holdfast/core";
import { s3Store } from "@holdfast/stores/s3/s3.ts";
import { type Local, local as openedLocal } from "./e2e.ts";
import { readMail } from "./mail.ts";

/** The deployed graph as a test drives it: as the account's root, by the names that the infrastructure gives. */
export function cloud() {
  const local = openedLocal();
  const s3 = new S3Client({ ...local.client, forcePathStyle: true });
  const lambda = new LambdaClient({ ...local.client, requestHandler: { requestTimeout: 120_000 } });
  const machines = new SFNClient(local.client);
  const store = s3Store(s3, { bucket: local.bucket, checksum: "crc32", versions: true, locks: true, archive: true, limits: {} });
  const machine = `arn:aws:states:${local.client.region}:${local.account}:stateMachine:${local.prefix}-restore`;
  return { local, s3, lambda, machines, store, machine, ...verbs(local, lambda, machines, store, machine) };
}
export type TestCloud = ReturnType<typeof cloud>;

function verbs(local: Local, lambda: LambdaClient, machines: SFNClient, store: Store, machine: string) {
  const invoke = async (name: string, payload: unknown = {}): Promise<{ error?: string; message?: string; result?: unknown }> => {
    const answer = await lambda.send(
      new InvokeCommand({ FunctionName: `${local.prefix}-${name}`, Payload: Buffer.from(JSON.stringify(payload)) }),
    );
    const body = JSON.parse(Buffer.from(answer.Payload ?? new Uint8Array()).toString() || "null");
    return answer.FunctionError ? { error: body.errorType, message: body.errorMessage } : { result: body };
  };
  const secrets = new SecretsManagerClient(local.client);
  const queues = new SQSClient(local.client);
  const mail: string[] = [];
  return {
    /** Notices that were read. */
    mail,
    invoke,
    /** Backs up one slot by invoking the function as the Scheduler would. */
    backup: (source: string, slot: Date) => invoke(`backup-${source}`, { slot: slot.toISOString() }),
    entry: async (source: string, slot: string): Promise<Entry | undefined> =>
      (await catalogue(store.list, source)).find((entry) => entry.slot === slot),
    verdict: (source: string, slot: string, proof: "present" | "readable" = "readable"): Promise<Verdict> =>
      untilFinal(
        `evidence of ${source}/${slot}`,
        async () => (await catalogue(store.list, source)).find((entry) => entry.slot === slot)?.evidence[proof]?.[0]?.verdict,
      ),
    start: async (input: unknown): Promise<string> =>
      (await machines.send(new StartExecutionCommand({ stateMachineArn: machine, input: JSON.stringify(input) }))).executionArn ?? "",
    /** Starts a drill as its schedule would. */
    drill: async (input: { source: string; at?: string }): Promise<string> => {
      const stateMachineArn = machine.replace(/restore$/, "drill");
      return (await machines.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }))).executionArn ?? "";
    },
    ended: (arn: string) =>
      untilFinal(`the end of ${arn}`, async () => {
        const found = await machines.send(new DescribeExecutionCommand({ executionArn: arn }));
        return found.status === "RUNNING" ? undefined : found;
      }),
    /** The next notice that holds `text`. */
    told: (text: string) =>
      untilFinal(`a notice with ${text}`, async () => {
        mail.push(...(await readMail(queues, local.mailbox)));
        return mail.find((notice) => notice.includes(text));
      }),
    /** What an execution asks of somebody; throws what it ended with where it does not wait. */
    async asked(execution: string, text: string): Promise<string> {
      const ended = this.ended(execution).then(({ error, cause }) => {
        throw new Error(`${execution} waits for nobody: ${error}: ${cause}`);
      });
      return await Promise.race([this.told(text), ended]);
    },
    /** Approves a restore as a person with the right would: by the token in the notice. */
    async approve(execution: string) {
      const notice = await this.told(`Execution ${execution}`);
      const taskToken = /--task-token (\S+)/.exec(notice)?.[1];
      await machines.send(new SendTaskSuccessCommand({ taskToken, output: "true" }));
    },
    setSecret: (name: string, value: string) => secrets.send(new PutSecretValueCommand({ SecretId: name, SecretString: value })),
    /** Whether no undo is waiting or under way for a target. */
    resting: async (name: string): Promise<boolean> => {
      const attributes = await queues.send(
        new GetQueueAttributesCommand({
          QueueUrl: `${local.client.endpoint}/${local.account}/${local.prefix}-${name.replace("restore", "undo")}`,
          AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        }),
      );
      return Object.values(attributes.Attributes ?? {}).every((count) => count === "0");
    },
    stop: (arn: string) => machines.send(new StopExecutionCommand({ executionArn: arn })),
  };
}

/** Waits for a condition; a failure names what never came. */
export const until = <T>(what: string, look: () => Promise<T | undefined>, seconds = 240): Promise<T> =>
  looking(what, look, seconds, () => 100);

/**
 * Likewise, for what stays once it is there: looks cost the local AWS the time that the functions wait for, so the longer it takes the more
 * seldom it is looked for.
 */
const untilFinal = <T>(what: string, look: () => Promise<T | undefined>): Promise<T> =>
  looking(what, look, 240, (elapsed) => Math.min(500, Math.max(100, elapsed / 20)));

async function looking<T>(
  what: string,
  look: () => Promise<T | undefined>,
  seconds: number,
  pause: (elapsed: number) => number,
): Promise<T> {
  const begun = performance.now();
  for (;;) {
    let cause: unknown;
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      cause = error;
    }
    const elapsed = performance.now() - begun;
    if (elapsed > seconds * 1000) throw new Error(`${what} did not come within ${seconds} s`, { cause });
    await sleep(pause(elapsed));
  }
}
