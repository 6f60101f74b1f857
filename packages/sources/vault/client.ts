import type { Bytes, Context } from "@holdfast/core";
import { download } from "./download.ts";
import { ConnectionBroken, NodesUnreachable } from "./errors.ts";
import { type Answer, answered, openWire, readAnswer, translated, type Wire, within } from "./http.ts";
import { upload } from "./upload.ts";

export type Asked = {
  token?: string | undefined;
  body?: unknown;
  namespace?: string | undefined;
  /** For the whole answer; default 30. */
  timeoutSeconds?: number | undefined;
};

/** Talks to the nodes of one cluster, for one verb. A token goes to these nodes and to nobody else. Every method rejects with the signal's reason once it aborts. */
export type Client = {
  readonly nodes: readonly string[];
  /**
   * A small question. `path` is without `/v1/`. Any status is an answer, redirects too: they are not followed.
   * Throws {@link NodesUnreachable} (of this node), {@link NodeNotTrusted}, {@link ConnectionBroken}.
   */
  ask(node: string, method: "GET" | "POST" | "PUT", path: string, asked?: Asked): Promise<Answer>;
  /**
   * A large answer; `node` is who gave it, after redirects among the nodes. Throws {@link RedirectRefused}, {@link SnapshotSlow} and what a refusal means;
   * its bytes throw {@link SnapshotSlow}, {@link SnapshotStalled}, {@link ConnectionBroken}. Returning their iterator cuts the connection.
   */
  download(node: string, path: string, token: string): Promise<{ node: string; bytes: Bytes }>;
  /** Sends a raw body and follows nothing. Throws {@link UploadCut}, {@link LeaderMoved}, what `body` throws; an answer that comes before the end counts. */
  upload(node: string, path: string, token: string, body: Bytes): Promise<Answer>;
  /** Cuts what is still open. Twice is harmless. */
  close(): void;
};

/** In seconds; numbers for tests to shorten. */
export type Limits = {
  /** A node reads its whole database once before it sends: minutes, where that is large and the disk is slow. */
  firstByte: number;
  /** Between two pieces of a snapshot; nothing on either side takes a minute for one. */
  idle: number;
  /** From the last byte of an upload to its answer: the node checks all sums meanwhile. */
  verdict: number;
};
const defaults: Limits = { firstByte: 600, idle: 60, verdict: 600 };

export function openClient(
  { nodes, ca }: { nodes: readonly string[]; ca?: string | undefined },
  { signal, now }: Pick<Context, "signal" | "now">,
  some: Partial<Limits> = {},
): Client {
  const wire = openWire(ca, signal);
  const limits = { ...defaults, ...some };
  const client: Client = {
    nodes,
    ask: (node, method, path, asked = {}) => ask(wire, node, method, path, asked),
    download: (node, path, token) => download(client, wire, limits, node, path, token),
    upload: (node, path, token, body) => upload(wire, limits, now, node, path, token, body),
    close: () => wire.close(),
  };
  return client;
}

const PATIENCE = 30;

async function ask(wire: Wire, node: string, method: string, path: string, asked: Asked): Promise<Answer> {
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  const seconds = asked.timeoutSeconds ?? PATIENCE;
  const request = wire.send(node, method, path, headersOf(asked, body));
  const late = () =>
    request.socket?.connecting === false ? new ConnectionBroken(node, `it was asked for ${path}`) : new NodesUnreachable([node]);
  try {
    request.end(body);
    return await within(answered(request).then(readAnswer), seconds, late, wire.signal);
  } catch (error) {
    throw error instanceof ConnectionBroken || error instanceof NodesUnreachable
      ? error
      : translated(error, node, `it was asked for ${path}`, wire.signal);
  } finally {
    request.destroy();
  }
}

function headersOf({ token, namespace }: Asked, body: string | undefined): Record<string, string> {
  return {
    // Vault wants it on requests that a browser could be tricked into.
    "X-Vault-Request": "true",
    ...(token === undefined ? {} : { "X-Vault-Token": token }),
    ...(namespace === undefined ? {} : { "X-Vault-Namespace": namespace }),
    ...(body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(body)) }),
  };
}
