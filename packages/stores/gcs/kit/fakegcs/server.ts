import http from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { Bucket } from "./bucket.ts";
import { Identities } from "./identities.ts";
import { jsonApi, uploadApi } from "./jsonapi.ts";
import { type Asked, jsonRefusal, Refusal, type Reply } from "./reply.ts";
import { xmlApi } from "./xmlapi.ts";

/**
 * What happens to the next `times` (default 1) calls of that name, once `after` of them went well.
 * - `answer`: instead of taking effect. - `alter`: one bit of the body changes on the way.
 * - `instead`: it takes effect and is answered with that. - `hang`: it is never answered.
 * - `early`: answered before the body has come.
 * - `reset`: the connection breaks before it took effect, when a grain of the body had come, or after, so that the answer is lost.
 */
export type Fault = { call: string; after?: number; times?: number } & (
  | { answer: Reply }
  | { alter: true }
  | { early: Reply }
  | { instead: Reply }
  | { hang: true }
  | { reset: "before" | "midway" | "after" }
);
export type FakeGcs = {
  origin: string;
  bucket: Bucket;
  identities: Identities;
  /** Every request, in order. */
  asked: Asked[];
  faults: Fault[];
  /** Bytes after which every body that is read breaks off. */
  cut: number | undefined;
  /** Called with each request before it is answered, for what happens meanwhile. */
  meanwhile: ((asked: Asked) => void) | undefined;
  /** How many are open now. */
  connections(): Promise<number>;
  stop(): Promise<void>;
};

/**
 * Google Cloud Storage as its documents say it is, in this process: preconditions, digests that are refused, Custom-Time that never goes
 * back, retention, permissions, uploads in parts that take no precondition. For what fake-gcs-server gets wrong or has not.
 */
export async function fakeGcs({ minPart = 262_144 } = {}): Promise<FakeGcs> {
  const fake = {
    bucket: new Bucket("acme-backups", minPart),
    identities: new Identities(),
    asked: [],
    faults: [],
    cut: undefined,
    meanwhile: undefined,
  };
  const server = http.createServer();
  const world: FakeGcs = {
    ...fake,
    origin: "",
    connections: () => promisify(server.getConnections.bind(server))(),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.on("request", (request, response) => void answer(world, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  world.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return world;
}

/** What a session keeps of a piece that broke off: multiples of it. */
const grain = 262_144;

async function answer(world: FakeGcs, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "", world.origin);
  const { method = "" } = request;
  const call = nameOf(method, url);
  const fault = strike(world, call);
  const reset = fault && "reset" in fault ? fault.reset : undefined;
  if (reset === "before") return void request.socket.destroy();
  if (fault && "hang" in fault) return;
  if (fault && "early" in fault) return void response.writeHead(fault.early.status).end(fault.early.body);
  const chunks: Buffer[] = [];
  const enough = Math.min(grain, Number(request.headers["content-length"] ?? 0) / 2);
  for await (const chunk of request) {
    chunks.push(chunk);
    if (reset === "midway" && chunks.reduce((sum, { length }) => sum + length, 0) >= enough)
      return breakMidway(world, url, request, chunks);
  }
  const body = Buffer.concat(chunks);
  if (fault && "alter" in fault) body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
  const asked: Asked = { method, path: url.pathname, query: url.searchParams, headers: request.headers, body, call };
  world.asked.push(asked);
  world.meanwhile?.(asked);
  const reply = fault && "answer" in fault ? fault.answer : replyTo(world, asked);
  if (fault && "instead" in fault) return void response.writeHead(fault.instead.status, fault.instead.headers).end(fault.instead.body);
  if (reset === "after") return void request.socket.destroy();
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(reply.status === 204 ? {} : { "content-length": Buffer.byteLength(reply.body ?? "") }),
  });
  if (call !== "GET media" || world.cut === undefined || reply.status >= 300) return void response.end(reply.body);
  response.flushHeaders();
  const cut = Buffer.from(reply.body ?? "").subarray(0, world.cut);
  if (cut.length === Buffer.byteLength(reply.body ?? "")) return void response.end(cut);
  response.write(cut, () => request.socket.destroySoon());
}

/** A session keeps what came, in whole grains; everything else loses it. */
function breakMidway({ bucket }: FakeGcs, url: URL, request: http.IncomingMessage, chunks: Buffer[]): void {
  const session = bucket.sessions.get(url.searchParams.get("upload_id") ?? "");
  const came = Buffer.concat(chunks);
  if (session) session.held = Buffer.concat([session.held, came.subarray(0, came.length - (came.length % grain))]);
  request.socket.destroy();
}

function strike({ faults }: FakeGcs, call: string): Fault | undefined {
  const fault = faults.find((one) => one.call === call);
  if (!fault) return undefined;
  if (fault.after) {
    fault.after -= 1;
    return undefined;
  }
  fault.times = (fault.times ?? 1) - 1;
  if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1);
  return fault;
}

function nameOf(method: string, { pathname, searchParams: query }: URL): string {
  if (pathname === "/v1/token") return "POST sts";
  if (pathname === "/token") return `${method} oauth`;
  if (pathname.endsWith(":generateAccessToken")) return "POST account";
  if (pathname.startsWith("/upload/")) return `${method} ${query.has("upload_id") ? "session" : query.get("uploadType")}`;
  if (query.has("partNumber")) return "PUT part";
  if (query.has("uploads")) return "POST uploads";
  if (query.has("uploadId")) return { POST: "POST complete", GET: "GET parts" }[method] ?? `${method} upload`;
  if (pathname.endsWith("/iam/testPermissions")) return "GET testPermissions";
  return /\/b\/[^/]+\/o$/.test(pathname) ? "GET list" : `${method} ${query.get("alt") === "media" ? "media" : "object"}`;
}

function replyTo(world: FakeGcs, asked: Asked): Reply {
  try {
    return world.identities.answer(asked) ?? storage(world, asked);
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    throw error;
  }
}

function storage({ bucket, identities }: FakeGcs, asked: Asked): Reply {
  // A session's address is enough.
  const may = asked.call.endsWith(" session") ? () => {} : identities.requirer(asked);
  const [, upload, name, rest = ""] = /^(\/upload)?\/storage\/v1\/b\/([^/]+)\/(.+)$/.exec(asked.path) ?? [];
  const [, inPath, key = ""] = /^\/([^/]+)\/(.+)$/.exec(asked.path) ?? [];
  if ((name ?? inPath) !== bucket.name) throw jsonRefusal(404, "notFound", "The specified bucket does not exist.");
  if (upload) return uploadApi(bucket, asked, may);
  return name === undefined ? xmlApi(bucket, decodeURIComponent(key), asked, may) : jsonApi(bucket, rest, asked, may);
}
