import { type ClientRequest, type IncomingMessage, request as plain } from "node:http";
import { request as secure } from "node:https";
import { buffer } from "node:stream/consumers";
import type { Bytes } from "@holdfast/core";
import { ConnectionBroken, NodesUnreachable } from "./errors.ts";
import { mistrust } from "./trust.ts";

/** What a server said to a small question. `json`: the parsed body, its text where it is no JSON, undefined where it is empty. */
export type Answer = { status: number; json: unknown };
export type Send = (node: string, method: string, path: string, headers: Readonly<Record<string, string>>) => ClientRequest;
/** Sends requests to nodes, one connection each, so that none outlives its answer. `close` cuts what is still open. */
export type Wire = { send: Send; signal: AbortSignal; close(): void };

/** Answers that we read whole are a few KiB; a marker has at most the 1 MiB of a raft entry. */
const MOST_BYTES = 4 * 1_048_576;

export function openWire(ca: string | undefined, signal: AbortSignal): Wire {
  const open = new Set<ClientRequest>();
  return {
    signal,
    send(node, method, path, headers) {
      signal.throwIfAborted();
      const url = new URL(node);
      const options = { method, path: `/v1/${encodeURI(path)}`, headers, signal, agent: false as const };
      const request = url.protocol === "https:" ? secure(url, { ...options, ca, rejectUnauthorized: true }) : plain(url, options);
      open.add(request);
      // Whoever waits for the answer hears of the error; without a listener here it would end the process.
      request.on("error", () => {}).once("close", () => open.delete(request));
      return request;
    },
    close() {
      for (const request of open) request.destroy();
    },
  };
}

/** The head of the answer; the body is still to be read. Rejects with Node's error. */
export function answered(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve).once("error", reject);
    request.once("close", () => reject(Object.assign(new Error("closed without an answer"), { code: "ECONNRESET" })));
  });
}

export async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const text = (await buffer(upTo(MOST_BYTES, response))).toString();
  return { status: response.statusCode ?? 0, json: parsed(text) };
}

async function* upTo(most: number, chunks: Bytes): Bytes {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > most) throw new Error(`an answer of more than ${most} bytes`);
    yield chunk;
  }
}

function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Resolves like `promise`, or rejects with `late()` after so many seconds, or with the signal's reason. */
export async function within<T>(promise: Promise<T>, seconds: number, late: () => Error, signal: AbortSignal): Promise<T> {
  const { promise: never, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), seconds * 1000);
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([promise, never]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    promise.catch(() => {});
  }
}

/** Codes of a connection that was never made. */
const UNREACHED = /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ETIMEDOUT)$/;

/** Node's error as ours: the signal's reason, {@link NodeNotTrusted}, {@link NodesUnreachable} of this one node, or {@link ConnectionBroken}. */
export function translated(cause: unknown, node: string, doing: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const untrusted = mistrust(node, code, cause);
  if (untrusted) return untrusted;
  return UNREACHED.test(code) ? new NodesUnreachable([node], { cause }) : new ConnectionBroken(node, doing, { cause });
}
