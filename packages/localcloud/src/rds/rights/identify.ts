import { createHash } from "node:crypto";
import http from "node:http";
import { common, RdsFault } from "../faults.ts";
import type { Request } from "../listen.ts";
import { scopeOf } from "./credential.ts";
import type { Caller } from "./rights.ts";
import type { Token } from "./token.ts";

/** An agent of its own: with NODE_USE_ENV_PROXY set, Node's shared one would ask a person's proxy for 127.0.0.1. */
const direct = new http.Agent({ keepAlive: true });

/**
 * Asks MiniStack who signed a request. Only it knows the secrets, so the signed headers are passed on to its own RDS with the digest of
 * the true body, and with a body of that length that asks for an action that nobody has: it checks time, token and signature before it
 * looks for the right, and its refusal names the caller. MiniStack believes the digest in the header; should a later one compare it with
 * the body, every request is refused here.
 */
export async function identify(endpoint: string, account: string, request: Request): Promise<Caller> {
  const { accessKeyId, region } = scopeOf(request);
  const { headers, path, body } = request;
  const digest = createHash("sha256").update(body).digest("hex");
  const question = "Action=WhoIsThis".padEnd(Buffer.byteLength(body), "_");
  const options = { method: "POST", path, headers: { ...headers, "x-amz-content-sha256": digest } };
  return rootOf(accessKeyId, account, region) ?? signerOf(await ask(endpoint, options, question), accessKeyId, account, region);
}

/** Asks MiniStack who signed a token for a database: it takes the presigned URL for one of S3's, and refuses an action that nobody has. */
export async function identifyToken(endpoint: string, account: string, { host, path, accessKeyId, region }: Token): Promise<Caller> {
  const options = { method: "GET", path, headers: { host } };
  return rootOf(accessKeyId, account, region) ?? signerOf(await ask(endpoint, options), accessKeyId, account, region);
}

/** MiniStack takes `test`, and any account number, for root, whatever the signature is. */
function rootOf(accessKeyId: string, account: string, region: string): Caller | undefined {
  const root = /^\d{12}$/.test(accessKeyId) ? accessKeyId : accessKeyId === "test" ? account : undefined;
  return root === undefined ? undefined : { account: root, region, arn: `arn:aws:iam::${root}:root`, root: true };
}

function signerOf({ status, body }: Answer, accessKeyId: string, account: string, region: string): Caller {
  const arn = body.match(/<Message>User: (arn:aws:\S+) is not authorized/)?.[1];
  if (arn) return { account: arn.split(":")[4] ?? account, region, arn, root: false };
  if (status === 403) throw new RdsFault(inside(body, "Code") ?? "AccessDenied", 403, inside(body, "Message") ?? "");
  // An action that nobody has was allowed: by a star for every resource, which no role of least privilege holds.
  throw common.InternalFailure(`the double cannot tell who ${accessKeyId} is, because it may do everything`);
}

type Answer = { status: number; body: string };

function ask(endpoint: string, options: http.RequestOptions, body?: string): Promise<Answer> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const asked = http.request({ ...options, hostname, port, agent: direct, setHost: false }, async (answer) => {
      let text = "";
      for await (const chunk of answer.setEncoding("utf8")) text += chunk;
      resolve({ status: answer.statusCode ?? 0, body: text });
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

const inside = (xml: string, name: string): string | undefined => xml.match(new RegExp(`<${name}>([^<]*)</${name}>`))?.[1];
