import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { aCluster, apply, type Cluster } from "./fakecluster.ts";
import type { Asked, FakeVault } from "./fakeport.ts";
import { route } from "./fakeroutes.ts";
import { snapshotOf } from "./fakesnapshot.ts";
import { aSnapshot } from "./snapshot.ts";

export type FakeOptions = {
  nodes?: number;
  /** Without it the nodes speak plain HTTP. */
  tls?: { cert: string; key: string };
  cluster?: Cluster;
  snapshot?: FakeVault["snapshot"];
  now?: () => Date;
};

/** Starts the nodes on ports of loopback that are free. `end` them all. */
export async function openFakeVault({
  nodes = 1,
  tls,
  cluster = aCluster(),
  snapshot = (fake) => aSnapshot(snapshotOf(fake)),
  now = () => new Date(),
}: FakeOptions = {}): Promise<FakeVault> {
  const servers: Server[] = [];
  const fake: FakeVault = {
    urls: [],
    cluster,
    asked: [],
    overrides: [],
    apiAddresses: [],
    snapshot,
    mounts: {},
    now,
    waiting: undefined,
    apply() {
      if (fake.waiting) apply(fake.cluster, fake.waiting);
      fake.waiting = undefined;
    },
    connections: async () => (await Promise.all(servers.map(count))).reduce((a, b) => a + b, 0),
    stopNode: (node) => stop(servers[node]),
    end: async () => {
      await Promise.all(servers.map(stop));
    },
  };
  for (let node = 0; node < nodes; node++)
    servers.push(await listen((request, response) => void serve(fake, node, request, response), tls));
  const urls = servers.map((server) => `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return Object.assign(fake, { urls, apiAddresses: [...urls] });
}

async function listen(listener: RequestListener, tls: FakeOptions["tls"]): Promise<Server> {
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const count = (server: Server) => new Promise<number>((resolve) => server.getConnections((_error, open) => resolve(open ?? 0)));

async function stop(server: Server | undefined): Promise<void> {
  if (!server?.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, "close");
}

async function serve(fake: FakeVault, node: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const asked = await read(node, request);
    fake.asked.push(asked);
    for (const override of fake.overrides.toReversed()) if (await override(asked, response, request)) return;
    await route(fake, asked, request, response);
  } catch (error) {
    // A client that leaves is no fault; anything else is the fake's own, and the test should see it.
    if (!response.headersSent) response.writeHead(599).end(String(error));
    else response.destroy();
  }
}

async function read(node: number, request: IncomingMessage): Promise<Asked> {
  const { method = "", headers, url = "" } = request;
  const json = headers["content-type"] === "application/json";
  const header = (name: string) => (typeof headers[name] === "string" ? headers[name] : undefined);
  return {
    node,
    method,
    path: decodeURI(url).replace(/^\/v1\//, ""),
    token: header("x-vault-token"),
    namespace: header("x-vault-namespace"),
    headers,
    body: json ? JSON.parse((await buffer(request)).toString()) : {},
  };
}
