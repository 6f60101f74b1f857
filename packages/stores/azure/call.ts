import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Limits } from "@holdfast/core";
import { type Credential, onTheWire } from "./credential.ts";
import { type About, translate } from "./errors.ts";
import { type Exchange, textOf } from "../exchange.ts";
import { lostBy, Refusal, refusalOf } from "./refusal.ts";
import type { Wait } from "../retry.ts";
import { waitAfter } from "./retry.ts";

/** What every port of one container works with. */
export type Azure = {
  exchange: Exchange;
  credential: Credential;
  /** Path of the container at the service, encoded, without a slash at its end. */
  path: string;
  container: string;
  checksum: "crc64nvme" | "md5";
  versions: boolean;
  limits: Limits;
  /** Preferred block size, bytes. */
  part: number;
  /** Bytes that create() may hold in blocks. */
  memory: number;
  /** Blobs that a listing asks for at once. */
  page: number;
  now: () => Date;
  wait: Wait;
};
export type Request = {
  /** As Azure's manual names the call. */
  action: string;
  method: "GET" | "HEAD" | "PUT";
  /** Undefined: the container itself. */
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array;
  signal?: AbortSignal | undefined;
};
export type Answer = { status: number; headers: IncomingHttpHeaders; tries: number; body: string };
export type Streaming = Omit<Answer, "body"> & { body: IncomingMessage };

/** In which immutability, index tags, versions and CRC64 are known, and which is old enough for every cloud of Azure's. */
const apiVersion = "2023-11-03";

/** Makes one call and translates its failure. When `signal` fired, its reason is thrown instead. */
export async function call(azure: Azure, request: Request): Promise<Answer> {
  try {
    return await ask(azure, request);
  } catch (error) {
    throw translate(error, aboutOf(azure, request));
  }
}
export const aboutOf = ({ container }: Azure, { action, key = "" }: Pick<Request, "action" | "key">): About => ({ action, container, key });

/** Like {@link call}, and throws the {@link Refusal} as it came. */
export const ask = (azure: Azure, request: Request): Promise<Answer> => trying(azure, request, textOf);
/** Like {@link call}, and hands out the body while it comes. */
export async function stream(azure: Azure, request: Request): Promise<Streaming> {
  try {
    return await trying(azure, request, async (body) => body);
  } catch (error) {
    throw translate(error, aboutOf(azure, request));
  }
}

type Taken<Body> = Omit<Answer, "body"> & { body: Body };
async function trying<Body>(azure: Azure, request: Request, take: (answer: IncomingMessage) => Promise<Body>): Promise<Taken<Body>> {
  let renewed = false;
  for (let tries = 1; ; tries++) {
    const shown: Record<string, string> = {};
    try {
      return await once(azure, request, tries, shown, take);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (!(error instanceof Refusal)) throw error;
      // A token may end before its time: the machine slept, or somebody took the right away for a moment.
      if (error.status === 401 && !renewed && azure.credential.renew(shown)) [renewed, tries] = [true, tries - 1];
      else if (!(await waitAfter(error, azure.wait, request.signal))) throw error;
    }
  }
}

async function once<Body>(
  azure: Azure,
  request: Request,
  tries: number,
  shown: Record<string, string>,
  take: (answer: IncomingMessage) => Promise<Body>,
): Promise<Taken<Body>> {
  const { method, body, signal } = request;
  const plain = {
    method,
    path: pathOf(azure, request.key),
    query: request.query ?? {},
    headers: headersOf(azure, request),
    bytes: body?.length ?? 0,
  };
  const authorized = await azure.credential.authorize(plain);
  Object.assign(shown, authorized.headers);
  try {
    const answer = await azure.exchange({ ...onTheWire(plain, authorized), ...(body && { body }), ...(signal && { signal }) });
    const { statusCode: status = 0, headers } = answer;
    if (status < 200 || status >= 300) throw refusalOf(status, headers, await textOf(answer), { tries, at: azure.now() });
    return { status, headers, tries, body: await take(answer) };
  } catch (error) {
    throw error instanceof Refusal ? error : lostBy(error, tries);
  }
}

const pathOf = ({ path }: Azure, key: string | undefined): string =>
  key === undefined ? path : `${path}/${key.split("/").map(encodeURIComponent).join("/")}`;
const headersOf = ({ now }: Azure, { headers }: Request): Record<string, string> => ({
  ...headers,
  "x-ms-date": now().toUTCString(),
  "x-ms-version": apiVersion,
});
