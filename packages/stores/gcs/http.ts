import http, { type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import https from "node:https";

export type Request = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: string;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | string;
  /** Milliseconds without a byte after which the connection counts as dead. */
  patience?: number;
  signal?: AbortSignal | undefined;
};
/** Any status, redirects included: none is followed. The body is the caller's to read or destroy. */
export type Response = { status: number; headers: IncomingHttpHeaders; body: IncomingMessage };
/** Rejects when no answer came. */
export type Send = (request: Request) => Promise<Response>;

/** A connection that moves no byte for so long is dead; a reader that pauses for longer goes on over a new one. */
const silence = 60_000;
/** Large bodies go to the socket slice by slice: as one buffer, Node would encrypt all of it at once and hold it twice. */
const slice = 262_144;

/** Sends over connections of its own, which are used again. */
export function sender(): Send {
  const agents = { "http:": new http.Agent({ keepAlive: true }), "https:": new https.Agent({ keepAlive: true }) };
  return (request) =>
    new Promise((resolve, reject) => {
      const { protocol } = new URL(request.url);
      const secure = protocol === "https:";
      const body = typeof request.body === "string" ? Buffer.from(request.body) : request.body;
      const outgoing = (secure ? https : http).request(request.url, {
        method: request.method,
        agent: secure ? agents["https:"] : agents["http:"],
        headers: { ...request.headers, ...(body ? { "content-length": body.length } : {}) },
        timeout: request.patience ?? silence,
        ...(request.signal ? { signal: request.signal } : {}),
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error("the connection was silent for too long")));
      outgoing.on("error", reject);
      outgoing.on("response", (answer) => {
        // Whoever reads the body sees its error; one that nobody reads any more must not end the process.
        answer.on("error", () => {});
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
      });
      write(outgoing, body ?? new Uint8Array());
    });
}

function write(outgoing: http.ClientRequest, body: Uint8Array, from = 0): void {
  for (let at = from; at < body.length; at += slice) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(body.subarray(at, at + slice)) && at + slice < body.length) {
      outgoing.once("drain", () => write(outgoing, body, at + slice));
      return;
    }
  }
  outgoing.end();
}

/** More than a page of a listing ever has. */
const longest = 64 * 1024 * 1024;
/** The whole body. Rejects when it breaks off. */
export async function textOf(body: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > longest) throw new Error(`an answer of more than ${longest} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
