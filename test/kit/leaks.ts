import { CloudWatchLogsClient, FilterLogEventsCommand, paginateDescribeLogGroups } from "@aws-sdk/client-cloudwatch-logs";
import { GetExecutionHistoryCommand, ListExecutionsCommand, ListStateMachinesCommand } from "@aws-sdk/client-sfn";
import { SQSClient } from "@aws-sdk/client-sqs";
import { whole } from "@holdfast/core";
import type { TestCloud } from "./cloud.ts";
import { readMail } from "./mail.ts";

/** Something that people or programs can read later. */
export type Written = { where: string; text: string };

/** All that stands in logs, notices, executions and unsealed objects. */
export async function everythingWritten(c: TestCloud): Promise<Written[]> {
  return (await Promise.all([logged(c), noticed(c), executed(c), stored(c)])).flat();
}

async function logged({ local }: TestCloud): Promise<Written[]> {
  const client = new CloudWatchLogsClient(local.client);
  const found: Written[] = [];
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, {}))
    for (const { logGroupName = "" } of logGroups) {
      let nextToken: string | undefined;
      do {
        const page = await client.send(new FilterLogEventsCommand({ logGroupName, ...(nextToken ? { nextToken } : {}) }));
        found.push(...(page.events ?? []).map(({ message = "" }) => ({ where: `the log ${logGroupName}`, text: message })));
        nextToken = page.nextToken;
      } while (nextToken);
    }
  return found;
}

async function noticed({ local, mail }: TestCloud): Promise<Written[]> {
  const queues = new SQSClient(local.client);
  for (let more = await readMail(queues, local.mailbox); more.length > 0; more = await readMail(queues, local.mailbox)) mail.push(...more);
  return mail.map((text) => ({ where: "a notice", text }));
}

async function executed({ machines }: TestCloud): Promise<Written[]> {
  const { stateMachines = [] } = await machines.send(new ListStateMachinesCommand({}));
  const found: Written[] = [];
  for (const { stateMachineArn } of stateMachines) {
    const { executions = [] } = await machines.send(new ListExecutionsCommand({ stateMachineArn }));
    for (const { executionArn = "" } of executions) {
      const { events } = await machines.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
      found.push({ where: executionArn, text: JSON.stringify(events) });
    }
  }
  return found;
}

async function stored({ store }: TestCloud): Promise<Written[]> {
  const found: Written[] = [];
  for await (const { key } of store.list.list(""))
    if (!key.endsWith(".age")) found.push({ where: key, text: plainOf((await whole(store.read.read({ key }), 2 ** 20)).toString()) });
  return found;
}

/** Evidence is in an envelope, which holds it as base64. */
const plainOf = (text: string) => text.replace(/"payload":"([^"]+)"/, (_, payload: string) => Buffer.from(payload, "base64").toString());

/** What nobody may read in access keys and signatures, in each way in which it may be written. */
export function hiddenIn(secrets: Readonly<Record<string, object>>): string[] {
  const hidden = Object.values(secrets).flatMap((secret) => {
    const { secretAccessKey, sas } = secret as { secretAccessKey?: string; sas?: string };
    return [secretAccessKey, new URLSearchParams(sas).get("sig")].filter((value) => typeof value === "string");
  });
  return [...new Set(hidden.flatMap((value) => [value, encodeURIComponent(value)]))];
}

/**
 * What gives itself away by its looks: tokens of AWS, Google, Entra and Yandex, and keys that end. An envelope of evidence holds JSON in base64 too, and no
 * dots.
 */
const tokens: readonly RegExp[] = [
  /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/,
  /\bBearer\s+[\w.~+/-]{12,}/i,
  /\bya29\.[\w-]{12,}/,
  /\bt1\.[\w-]{8,}\.[\w-]{16,}/,
  /\b(IQoJ|FwoG)[\w+/=]{60,}/,
  /(security|session)[-_]?token"?\s*[:=]\s*"?[\w+/=.-]{16,}/i,
  /\b(WebIdentityToken|client_assertion|subject_token)=[\w.%-]{16,}/,
];
/** The first token that stands in a text, whoever gave it out. */
export const tokenIn = (text: string): string | undefined =>
  tokens.map((shape) => shape.exec(text)?.[0]).find((found) => found !== undefined);
