import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { Readable } from "node:stream";

/** A request as it goes over the wire. `path` is encoded and has the query. */
export type Outgoing = { method: string; path: string; headers: Record<string, string>; body?: Uint8Array; signal?: AbortSignal };
/** Makes one exchange and never follows a redirect. Rejects where no answer came; the body of the answer is still to be read. */
export type Exchange = (request: Outgoing) => Promise<IncomingMessage>;

/** Milliseconds. A connection that moves no byte for so long is dead; a reader that pauses for longer goes on over a new one. */
const patience = { silence: 60_000, connecting: 10_000 };
/** As one buffer, Node encrypts all of a body at once, so every block on its way would be in memory twice. */
const slice = 262_144;

/** Exchanges with one server, over connections of its own: with NODE_USE_ENV_PROXY set, Node's shared ones would go through a proxy. */
export function exchangeWith(server: URL, { silence, connecting } = patience): Exchange {
  const { request, Agent } = server.protocol === "http:" ? http : https;
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = server;
  return async ({ method, path, headers, body = new Uint8Array(), signal }) => {
    signal?.throwIfAborted();
    const asked = request({
      ...{ agent, method, path, host: hostname.replace(/^\[|\]$/g, ""), ...(port && { port }), ...(signal && { signal }) },
      headers: method === "PUT" || method === "POST" ? { ...headers, "content-length": String(body.length) } : headers,
    });
    // What goes wrong after the answer began is told by the answer's own body.
    asked.on("error", () => {});
    asked.setTimeout(silence, () => asked.destroy(new Error(`${hostname} was silent for ${silence / 1_000} s`)));
    limitConnecting(asked, hostname, connecting);
    if (body.length > 0) Readable.from(slices(body), { objectMode: false, highWaterMark: slice }).pipe(asked);
    else asked.end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    return answer;
  };
}

function limitConnecting(asked: http.ClientRequest, host: string, connecting: number): void {
  asked.on("socket", (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => asked.destroy(new Error(`${host} took no connection within ${connecting / 1_000} s`)), connecting);
    for (const event of ["connect", "close"]) socket.once(event, () => clearTimeout(timer));
  });
}

function* slices(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += slice) yield bytes.subarray(at, at + slice);
}

/** The whole of a small body. Rejects when it breaks off. */
export async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/^\uFEFF/, "");
}
