import { readdir, stat } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { Bundler, emptyBundler } from "./bundler.ts";
import { type Bundle, isRecord } from "./graph.ts";
import { buildHandler, isHandlerInput } from "./handler.ts";

/** The server that `sst deploy` runs beside its program, as far as the components that Holdfast uses call it. */
export type Rpc = { url: string; bundles: Record<string, Bundle>; close(): Promise<void> };

/** Names of SST's own bucket and tables, which hold no data of ours; functions' code passes through the first. */
const bootstrap = { asset: "sst-asset", assetEcrRegistryId: "", assetEcrUrl: "", state: "sst-state", appsyncHttp: "", appsyncRealtime: "" };

export async function openRpc(root: string, work: string, wanted?: readonly string[]): Promise<Rpc> {
  const bundles: Record<string, Bundle> = {};
  const into = path.join(work, "handlers");
  const bundler = new Bundler(root, into);
  const underWay = new Set<Promise<unknown>>();
  const methods: Record<string, (params: unknown) => Promise<unknown>> = {
    "Provider.Aws.Bootstrap": async () => bootstrap,
    "Provider.Aws.Appsync": async () => ({ http: "", realtime: "" }),
    "Runtime.AddTarget": async () => true,
    "Runtime.Build": async (params) => {
      if (!isHandlerInput(params)) throw new Error("Runtime.Build without a handler");
      const real = wanted?.includes(params.functionID) ?? true;
      const made = await buildHandler(root, real ? bundler : emptyBundler(into), params);
      if (real && made.errors.length === 0)
        bundles[params.functionID] = { folder: made.out, handler: made.handler, bytes: await bytesOf(made.out) };
      return made;
    },
  };
  const server = http.createServer((request, response) => {
    const answered = answer(request, methods)
      .catch((error: unknown) => ({ error: String(error) }))
      .then((body) => response.end(JSON.stringify(body)))
      .finally(() => underWay.delete(answered));
    underWay.add(answered);
  });
  // A program that computes for seconds would meet a connection that was closed meanwhile, and SST's client asks once.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    bundles,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      // What is being bundled would be written into a folder that is being removed.
      await Promise.allSettled(underWay);
    },
  };
}

async function answer(request: http.IncomingMessage, methods: Record<string, (params: unknown) => Promise<unknown>>): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const asked: unknown = JSON.parse(Buffer.concat(chunks).toString());
  const { method, params } = isRecord(asked) ? asked : {};
  const known = typeof method === "string" ? methods[method] : undefined;
  return known ? { result: await known(Array.isArray(params) ? params[0] : undefined) } : { error: `rpc: can't find method ${method}` };
}

async function bytesOf(folder: string): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
