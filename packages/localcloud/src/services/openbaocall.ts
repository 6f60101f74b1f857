import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { ServiceNotReady } from "./errors.ts";

export type Reply<Body> = {
  status: number;
  headers: http.IncomingHttpHeaders;
  bytes: Buffer;
  /** The JSON that came, of the shape that the caller expects; an empty object where none came. */
  body: Body;
};
/**
 * One request to one node: `path` is what stands after `/v1/`, an object goes as JSON, bytes as they are. No redirect is followed and no
 * status is an error; only a node that cannot be reached throws.
 */
export type Call = <Body = Record<string, unknown>>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: object | Uint8Array,
  token?: string,
  headers?: Readonly<Record<string, string>>,
) => Promise<Reply<Body>>;

/** Longer than anything here takes on a busy machine; a node that lost its leader holds requests for a while. */
const ANSWER_MS = 60_000;
/** As many as OpenBao works at together; agents of our own, because with NODE_USE_ENV_PROXY set Node's would ask a person's proxy. */
const POOL = { keepAlive: true, maxSockets: 64 };
const plain = new http.Agent(POOL);
const secure = new https.Agent(POOL);

/** Calls to the node at `url`, on connections that are kept. `ca` is the path of the authority that its certificate is verified with. */
export function caller(url: string, ca?: string): Call {
  return async (method, path, body, token, headers) => {
    const options = { method, headers: { ...(token && { "X-Vault-Token": token }), ...headers }, timeout: ANSWER_MS };
    const address = `${url}/v1/${path}`;
    const request = ca
      ? https.request(address, { ...options, agent: secure, ca: readFileSync(ca) })
      : http.request(address, { ...options, agent: plain });
    request.on("timeout", () => request.destroy(new Error(`${address} did not answer`)));
    request.end(body instanceof Uint8Array || body === undefined ? body : JSON.stringify(body));
    return await replyTo(request);
  };
}

function replyTo<Body>(request: http.ClientRequest): Promise<Reply<Body>> {
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode: status = 0, headers } = response;
        const bytes = Buffer.concat(chunks);
        const isJson = headers["content-type"]?.startsWith("application/json") && bytes.length > 0;
        resolve({ status, headers, bytes, body: JSON.parse(isJson ? bytes.toString() : "{}") });
      });
    });
  });
}

/** What a node answered when it did as it was asked. Throws {@link ServiceNotReady} with the node's words otherwise. */
export async function granted<Body>(reply: Promise<Reply<Body>>, what: string): Promise<Body> {
  const { status, body, bytes } = await reply;
  if (status >= 200 && status < 300) return body;
  const { errors } = body as { errors?: readonly string[] };
  throw new ServiceNotReady("OpenBao", `would not ${what}: HTTP ${status}`, errors?.join("\n") ?? bytes.toString().slice(0, 500));
}
