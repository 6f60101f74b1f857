import type { IncomingMessage } from "node:http";
import type { Bytes } from "@holdfast/core";
import type { Client, Limits } from "./client.ts";
import { RedirectRefused, SnapshotSlow, SnapshotStalled } from "./errors.ts";
import { answered, readAnswer, translated, type Wire, within } from "./http.ts";
import { explain } from "./refusal.ts";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const DOING = "it sent the snapshot";

/** See {@link Client.download}. A standby of Vault sends its caller to the leader: to the address that this calls its own, wherever that leads. */
export async function download(client: Client, wire: Wire, limits: Limits, first: string, path: string, token: string) {
  const asked = [first];
  for (;;) {
    const node = asked.at(-1) ?? first;
    const response = await start(wire, limits, node, path, token);
    if (response.statusCode === 200) return { node, bytes: reading(response, node, limits, wire.signal) };
    if (!REDIRECTS.has(response.statusCode ?? 0))
      throw await explain(client, node, { path, token, capability: "read" }, await end(response));
    response.destroy();
    asked.push(nextOf(client.nodes, asked, response.headers.location));
  }
}

async function start(wire: Wire, limits: Limits, node: string, path: string, token: string): Promise<IncomingMessage> {
  const request = wire.send(node, "GET", path, { "X-Vault-Token": token, "X-Vault-Request": "true" });
  try {
    request.end();
    return await within(answered(request), limits.firstByte, () => new SnapshotSlow(node, limits.firstByte), wire.signal);
  } catch (error) {
    request.destroy();
    throw error instanceof SnapshotSlow ? error : translated(error, node, DOING, wire.signal);
  }
}

async function end(response: IncomingMessage) {
  try {
    return await readAnswer(response);
  } finally {
    response.destroy();
  }
}

/** The node among ours that a redirect means; the path stays the one that was asked for. */
function nextOf(nodes: readonly string[], asked: readonly string[], location: string | undefined): string {
  const from = asked.at(-1) ?? "";
  if (location === undefined || !URL.canParse(location, from)) throw new RedirectRefused(from, "nowhere", "which is no address");
  const to = new URL(location, from).origin;
  if (from.startsWith("https:") && !to.startsWith("https:")) throw new RedirectRefused(from, to, "where a token would travel in the clear");
  if (!nodes.includes(to)) throw new RedirectRefused(from, to, "which is not one of the plan's nodes");
  if (asked.includes(to)) throw new RedirectRefused(from, to, "which was asked already: they send their callers round in a circle");
  return to;
}

/** No generator: one that nobody began would not run its `finally`, and leave the connection open. */
function reading(response: IncomingMessage, node: string, limits: Limits, signal: AbortSignal): Bytes {
  const chunks: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]();
  let bytes = 0;
  const late = () => (bytes === 0 ? new SnapshotSlow(node, limits.firstByte) : new SnapshotStalled(node, bytes, limits.idle));
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      try {
        const next = await within(chunks.next(), bytes === 0 ? limits.firstByte : limits.idle, late, signal);
        if (!next.done) bytes += next.value.length;
        return next;
      } catch (error) {
        response.destroy();
        throw error instanceof SnapshotSlow || error instanceof SnapshotStalled ? error : translated(error, node, DOING, signal);
      }
    },
    async return() {
      response.destroy();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
