import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Limits } from "@holdfast/core";
import type { Access } from "./access.ts";
import { mayPass } from "../retry.ts";
import { delay, maxTries, type Pause } from "./backoff.ts";
import { type Request, type Send, textOf } from "./http.ts";

/** Where Google's services answer: origins without a slash at the end. */
export type Hosts = { storage: string; sts: string; iam: string; oauth: string };
export type Line = { send: Send; pause: Pause; hosts: Hosts };
/** What every port of one GCS store works with. */
export type Gcs = Line & {
  access: Access;
  bucket: string;
  limits: Limits;
  /** Preferred size of a part, bytes. */
  part: number;
  /** Keys that a listing asks for at once. */
  page: number;
};

/** `status` 0: no answer came, `cause` says why. */
export type Answer = {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** How often it was sent. */
  tries: number;
  /** Of one try or more nobody knows whether it took effect. */
  lost: boolean;
  cause?: unknown;
  /** Instead of `text`, where a stream was asked for and came. */
  body?: IncomingMessage;
};
export type Ask = Request & {
  /** Wants a good answer's body as a stream. */
  stream?: boolean;
  /** Default {@link maxTries}; only what may be sent twice is. */
  tries?: number;
};

/** Asks until there is an answer that waiting would not change. Throws the signal's reason. */
export async function insist({ send, pause }: Line, request: Ask): Promise<Answer> {
  const most = request.tries ?? maxTries;
  let lost = false;
  for (let tries = 1; ; tries++) {
    const answer = await once(send, request);
    request.signal?.throwIfAborted();
    lost ||= answer.status === 0 || answer.status >= 500;
    if (!mayPass(answer.status) || tries >= most) return { ...answer, tries, lost };
    await pause(delay(tries, answer.headers), request.signal);
  }
}

type Once = Omit<Answer, "tries" | "lost">;
async function once(send: Send, request: Ask): Promise<Once> {
  try {
    request.signal?.throwIfAborted();
    const { status, headers, body } = await send(request);
    if (request.stream && status >= 200 && status < 300) return { status, headers, text: "", body };
    return { status, headers, text: await textOf(body) };
  } catch (cause) {
    return { status: 0, headers: {}, text: "", cause };
  }
}

/** Asks with a token. One that is refused is replaced once: it may have ended while the runner was frozen. */
export async function ask(gcs: Gcs, request: Ask): Promise<Answer> {
  const first = await gcs.access.token();
  const answer = await insist(gcs, withToken(request, first));
  if (answer.status !== 401 || first === undefined) return answer;
  gcs.access.refused(first);
  return insist(gcs, withToken(request, await gcs.access.token()));
}

const withToken = (request: Ask, token: string | undefined): Ask =>
  token === undefined ? request : { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };

type Query = Readonly<Record<string, string | number | boolean | undefined>>;
const queryOf = (query: Query): string => {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? "" : `?${given}`;
};
/** Addresses of the JSON API, of its uploads, and of the XML API. A key is one segment, whatever it holds. */
export const objectUrl = ({ hosts, bucket }: Gcs, key: string, query: Query = {}): string =>
  `${hosts.storage}/storage/v1/b/${bucket}/o/${encodeURIComponent(key)}${queryOf(query)}`;
export const bucketUrl = ({ hosts, bucket }: Gcs, what: string, query: Query): string =>
  `${hosts.storage}/storage/v1/b/${bucket}/${what}${queryOf(query)}`;
export const uploadUrl = ({ hosts, bucket }: Gcs, query: Query): string =>
  `${hosts.storage}/upload/storage/v1/b/${bucket}/o${queryOf(query)}`;
export const xmlUrl = ({ hosts, bucket }: Gcs, key: string, query: Query): string =>
  `${hosts.storage}/${bucket}/${encodeURIComponent(key)}${queryOf(query)}`;
