import { writeFileSync } from "node:fs";
import path from "node:path";
import { CloudWatchLogsClient, paginateDescribeLogGroups, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import type { Cloud } from "../cloud.ts";

/** Writes the log of each function into `{folder}/{function}.log`: they end with the local AWS. */
export async function keepLogs(folder: string, { client }: Pick<Cloud, "client">): Promise<void> {
  const logs = new CloudWatchLogsClient(client);
  try {
    for await (const { logGroups = [] } of paginateDescribeLogGroups({ client: logs }, { logGroupNamePrefix: "/aws/lambda/" }))
      for (const { logGroupName = "" } of logGroups)
        writeFileSync(path.join(folder, `${path.basename(logGroupName)}.log`), await logOf(logs, logGroupName));
  } finally {
    logs.destroy();
  }
}

async function logOf(client: CloudWatchLogsClient, logGroupName: string): Promise<string> {
  const lines: string[] = [];
  for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName }))
    lines.push(...events.map(({ message = "" }) => message.trimEnd()));
  return lines.join("\n");
}
