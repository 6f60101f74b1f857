import { readFile } from "node:fs/promises";
import { connect, isIP } from "node:net";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { LocalNotRunning, LocalRefused } from "./errors.ts";

/** What `npm run local` and `npm run demo -- --keep` leave in `.local/local.json`. `plan`: its file, from the repository's root. */
const schema = z.object({
  endpoint: z.url({ protocol: /^https?$/ }),
  region: z.string(),
  account: z.string().regex(/^\d{12}$/),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  stage: z.string(),
  plan: z.string(),
});
export type LocalCloud = z.infer<typeof schema>;

export const localFile = (root: string): string => path.join(root, ".local", "local.json");

/** Throws {@link LocalNotRunning} when there is none or nobody answers, {@link LocalRefused} when it is not this machine. */
export async function findLocal(root: string): Promise<LocalCloud> {
  const found = parse(await read(localFile(root)), localFile(root));
  const { hostname, port, protocol } = new URL(found.endpoint);
  if (!isLoopback(hostname))
    throw new LocalRefused(
      `${localFile(root)} names ${hostname}, which is not this machine`,
      "Only a loopback endpoint is ever called with --local. Remove the file and run `npm run local`.",
    );
  if (!(await answers(hostname.replaceAll(/[[\]]/g, ""), Number(port || (protocol === "https:" ? 443 : 80)))))
    throw new LocalNotRunning(`nobody answers at ${found.endpoint}, where the local cloud was`);
  return found;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new LocalNotRunning("no local cloud was started here", { cause });
  }
}

function parse(text: string, file: string): LocalCloud {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new LocalNotRunning(`${file} is not what this version of Holdfast writes`, { cause });
  }
}

/** `localhost` stands for loopback by RFC 6761; of addresses, 127.0.0.0/8 and ::1. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.replaceAll(/[[\]]/g, "").toLowerCase();
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

const answerMillis = 2_000;
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: answerMillis });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}

/**
 * Takes every AWS variable out of `env` and puts the local cloud's in: clients that an adapter makes by itself must not find a profile,
 * an endpoint or a role of the person's shell either. No shared file is read, and no metadata service asked.
 */
export function isolate(env: Record<string, string | undefined>, local: LocalCloud): void {
  for (const name of Object.keys(env))
    if (/^(AWS|AMAZON)_/i.test(name) || /^(NODE_USE_ENV|https?|all|no)_proxy$/i.test(name)) delete env[name];
  Object.assign(env, {
    AWS_ENDPOINT_URL: local.endpoint,
    AWS_REGION: local.region,
    AWS_ACCESS_KEY_ID: local.accessKeyId,
    AWS_SECRET_ACCESS_KEY: local.secretAccessKey,
    AWS_CONFIG_FILE: os.devNull,
    AWS_SHARED_CREDENTIALS_FILE: os.devNull,
    AWS_EC2_METADATA_DISABLED: "true",
  });
}
