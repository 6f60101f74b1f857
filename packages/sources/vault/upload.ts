import type { ClientRequest } from "node:http";
import type { Bytes, Context } from "@holdfast/core";
import type { Limits } from "./client.ts";
import { ConnectionBroken, LeaderMoved, UploadCut } from "./errors.ts";
import { type Answer, answered, readAnswer, translated, type Wire, within } from "./http.ts";
import { originOf, wordsOf } from "./refusal.ts";

/** See {@link Client.upload}. A body can be sent once, so it goes straight to the active node. */
export async function upload(
  wire: Wire,
  limits: Limits,
  now: Context["now"],
  node: string,
  path: string,
  token: string,
  body: Bytes,
): Promise<Answer> {
  const started = now();
  const request = wire.send(node, "POST", path, {
    "X-Vault-Token": token,
    "X-Vault-Request": "true",
    "Content-Type": "application/octet-stream",
    "Transfer-Encoding": "chunked",
  });
  const cut = (cause: unknown) => new UploadCut(node, Math.round((now().getTime() - started.getTime()) / 1000), { cause });
  const head = answered(request);
  head.catch(() => {});
  try {
    await pump(body, request, head);
    const late = () => new ConnectionBroken(node, `it was to judge the upload: no answer within ${limits.verdict} seconds`);
    const response = await within(head, limits.verdict, late, wire.signal).catch((error) => failed(error, node, wire, cut));
    const answer = await within(readAnswer(response), limits.verdict, late, wire.signal).catch((error) => failed(error, node, wire, cut));
    if (answer.status >= 300 && answer.status < 400) throw new LeaderMoved(node, originOf(response.headers.location));
    // Go tells a handler that its listener's time for reading is over, and the handler tells us.
    if (answer.status >= 400 && /i\/o timeout/.test(wordsOf(answer.json))) throw cut(new Error(wordsOf(answer.json, [token])));
    return answer;
  } finally {
    request.destroy();
  }
}

/** Writes as fast as the node reads, until the end of the body or until there is an answer or an error: then nobody reads the rest. */
async function pump(body: Bytes, request: ClientRequest, head: Promise<unknown>): Promise<void> {
  const chunks = body[Symbol.asyncIterator]();
  let over = false;
  let wake = () => {};
  const stop = () => {
    over = true;
    wake();
  };
  head.then(stop, stop);
  while (!over) {
    // Waiting must not depend on whoever makes the body: it may itself wait for something that never comes.
    const next = await new Promise<IteratorResult<Uint8Array> | undefined>((resolve, reject) => {
      wake = () => resolve(undefined);
      chunks.next().then(resolve, reject);
    });
    if (next?.done) return void request.end();
    if (next && !request.write(next.value)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        request.once("drain", resolve);
        if (over) resolve();
      });
    }
  }
  chunks.return?.().catch(() => {});
}

function failed(error: unknown, node: string, { signal }: Wire, cut: (cause: unknown) => Error): never {
  if (error instanceof ConnectionBroken) throw error;
  const told = translated(error, node, "it took the upload", signal);
  throw told instanceof ConnectionBroken ? cut(error) : told;
}
