import http from "node:http";
import type { AddressInfo } from "node:net";
import { takePort } from "./takeport.ts";

export type Request = { method: string; path: string; headers: http.IncomingHttpHeaders; body: string };
export type Response = { status: number; body: string; requestId: string };

/** Far above the longest request of the API. */
const LONGEST = 1024 * 1024;

/** An HTTP server on loopback. `answer` never rejects. */
export async function listen(answer: (request: Request) => Promise<Response>, port = 0): Promise<{ port: number; close(): Promise<void> }> {
  const server = http.createServer(async (incoming, outgoing) => {
    const body = await read(incoming);
    if (body === undefined) return outgoing.writeHead(413).end();
    const { method = "", url = "/", headers } = incoming;
    const { status, body: text, requestId } = await answer({ method, path: url, headers, body });
    outgoing.writeHead(status, { "content-type": "text/xml", "x-amzn-requestid": requestId }).end(text);
  });
  // A caller that was kept waiting for the processor would meet a connection that was closed meanwhile.
  server.keepAliveTimeout = 0;
  await takePort(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(incoming: http.IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
