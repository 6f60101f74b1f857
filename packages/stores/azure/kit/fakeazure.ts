import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeContainer, FakeError, type FakeOptions } from "./fakeblobs.ts";
import { callOf, handlers, rights, type Seen, type Told } from "./fakecalls.ts";

/**
 * What becomes of a request instead of what it asks for: another answer; `reset`: the connection breaks in the middle of its body;
 * `lose`: it takes effect and the answer never comes; `corrupt`: one bit of its body changes on the way; `cut`: the answer breaks off;
 * `hang`: nothing ever comes.
 */
export type Meddling = Told | "reset" | "lose" | "corrupt" | "cut" | "hang" | undefined;
export type FakeAzure = {
  endpoint: string;
  container: FakeContainer;
  /** Every request that arrived, oldest first, also those that were refused. */
  seen: Seen[];
  /** Asked of every request; `nth` counts those of its call, from 1. */
  meddle: (seen: Seen, nth: number) => Meddling;
  /** What each token may do, in the letters of a SAS. A request without a token that stands here is refused. */
  tokens: Map<string, string>;
  close(): Promise<void>;
};

const account = "holdfastfake";
export const containerName = "backups";

/** What Azure does and Azurite does not: CRC64, versions, immutability, rehydration, rights. One container, in this process. */
export async function fakeAzure(options: FakeOptions = {}): Promise<FakeAzure> {
  const server = http.createServer((request, response) => void answer(fake, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakeAzure = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${account}`,
    container: new FakeContainer(options),
    seen: [],
    meddle: () => undefined,
    tokens: new Map([["all", "rwcldti"]]),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

async function answer(fake: FakeAzure, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const seen = await seenOf(request);
    fake.seen.push(seen);
    const meddling = fake.meddle(seen, fake.seen.filter(({ call }) => call === seen.call).length);
    if (meddling === "reset") return void request.socket.destroy();
    if (meddling === "hang") return;
    if (meddling === "corrupt" && seen.body.length > 0) seen.body[0] = (seen.body[0] ?? 0) ^ 1;
    const told = typeof meddling === "object" ? meddling : tell(fake, seen);
    if (meddling === "lose") return void request.socket.destroy();
    send(response, seen, told, meddling === "cut");
  } catch {
    // The client went away in the middle of its request.
    request.socket.destroy();
  }
}

async function seenOf(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const [path = "", query] = (request.url ?? "").split("?");
  const { method = "" } = request;
  const parameters = new URLSearchParams(query);
  const key = path.split("/").slice(3).map(decodeURIComponent).join("/");
  const headers = request.headers as Record<string, string | undefined>;
  return { call: callOf(method, parameters), method, key, query: parameters, headers, body: Buffer.concat(chunks) };
}

function tell({ container, tokens }: FakeAzure, seen: Seen): Told {
  try {
    if (!seen.headers["x-ms-version"] || !seen.headers["x-ms-date"]) throw new FakeError(400, "MissingRequiredHeader");
    if (seen.method === "PUT" && seen.headers["content-length"] === undefined) throw new FakeError(411, "MissingContentLengthHeader");
    const allowed = tokens.get(seen.headers.authorization?.replace("Bearer ", "") ?? "");
    if (allowed === undefined) throw new FakeError(401, "InvalidAuthenticationInfo");
    const needed = [...(rights[seen.call] ?? "?")].filter((letter) => allowed.includes(letter));
    if (needed.length === 0) throw new FakeError(403, "AuthorizationPermissionMismatch");
    if (needed.join() === "c" && container.current(seen.key)) throw new FakeError(403, "UnauthorizedBlobOverwrite");
    const handler = handlers[seen.call];
    if (!handler) throw new FakeError(400, "UnsupportedQueryParameter");
    return handler(container, seen);
  } catch (error) {
    if (!(error instanceof FakeError)) throw error;
    return refusal(error.status, error.code);
  }
}

/** As the service refuses: the code in a header and, but for HEAD, in XML. */
export function refusal(status: number, code: string, headers: Record<string, string> = {}): Told {
  const body = `\uFEFF<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${code} it is.\nRequestId:1\nTime:now</Message></Error>`;
  return { status, headers: { "x-ms-error-code": code, ...headers }, body };
}

function send(response: ServerResponse, { method }: Seen, { status, headers = {}, body = "" }: Told, cut: boolean): void {
  const whole = Buffer.from(body as string);
  response.writeHead(status, {
    ...{ "x-ms-request-id": "00000000-fake", "content-length": String(whole.length) },
    ...headers,
  });
  if (!cut) return void response.end(method === "HEAD" ? undefined : whole);
  response.write(whole.subarray(0, Math.ceil(whole.length / 2)), () => response.destroy());
}
