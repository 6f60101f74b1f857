import path from "node:path";
import type { Call } from "./openbaocall.ts";
import { activeOf, formCluster, type Secrets, UNINITIALISED, unsealAll } from "./openbaocluster.ts";
import { type OpenbaoNode, openbaoNode, type Seal, type Tls } from "./openbaonode.ts";
import { withPorts } from "./ports.ts";
import { endRun, inRun, type Run } from "./runs.ts";

export type OpenbaoOptions = {
  /** Default 1. */
  nodes?: 1 | 3;
  /** Default: Shamir, one share. */
  seal?: Seal;
  /** Default: plain http, which clients may use on loopback. */
  tls?: Tls;
  /** How long a request may take to arrive, uploads too: `1s`, `5m`. Default: the server's own, 30 s. */
  readTimeout?: string;
  /** False: it runs, and nobody has initialised it. Default true: initialised, open, and one node active. */
  init?: boolean;
  /** Of the first node, taken when it is free. Default: any free one. */
  port?: number;
  /** Where it logs to; of three nodes each adds its id. Default: a file in its folder. */
  log?: string;
};
export type Openbao = {
  readonly nodes: readonly OpenbaoNode[];
  /** Address and process of the first node. */
  readonly url: string;
  readonly pid: number;
  /** Empty while it is not initialised. */
  readonly rootToken: string;
  /** Unseal keys, or recovery keys where the seal opens by itself; base64. Empty while it is not initialised. */
  readonly keys: readonly string[];
  readonly seal: Seal;
  readonly folder: string;
  readonly log: string;
  /** The node that leads now; waits for an election. */
  active(): Promise<OpenbaoNode>;
  /** A request to the node that leads. */
  readonly call: Call;
  /** Opens every sealed node that runs, with its own keys or those of the cluster whose snapshot it was given. */
  unseal(keys?: readonly string[]): Promise<void>;
  /** Twice is harmless. */
  stop(): Promise<void>;
};

/** Starts real OpenBao on raft: a node in about 2 s, three in about 3 s, most of it elections. Throws {@link ServiceNotReady}, {@link ServiceNotInstalled}. */
export async function openbao(options: OpenbaoOptions = {}): Promise<Openbao> {
  const count = options.nodes ?? 1;
  return await withPorts({ count: 2 * count, preferred: options.port }, (ports) =>
    inRun("openbao", undefined, (run) => start(run, ports, { ...options, nodes: count })),
  );
}

async function start(run: Run, ports: readonly number[], options: OpenbaoOptions & { nodes: 1 | 3 }): Promise<Openbao> {
  const { seal = { type: "shamir", shares: 1, threshold: 1 }, tls, readTimeout } = options;
  const ids = Array.from({ length: options.nodes }, (_, i) => `node-${i + 1}`);
  const nodes = ids.map((id, i) => {
    const own = { api: ports[i] ?? 0, cluster: ports[options.nodes + i] ?? 0 };
    return openbaoNode({ run, id, ports: own, seal, log: logOf(run, id, options), tls, readTimeout });
  });
  await Promise.all(nodes.map((node) => node.start()));
  const secrets = options.init === false ? UNINITIALISED : await formCluster(nodes, seal, tls);
  return described(run, nodes, seal, secrets);
}

function described(run: Run, nodes: readonly OpenbaoNode[], seal: Seal, secrets: Secrets): Openbao {
  const active = () => activeOf(nodes);
  return {
    nodes,
    url: nodes[0]?.url ?? "",
    pid: nodes[0]?.pid ?? 0,
    ...secrets,
    seal,
    folder: run.folder,
    log: nodes[0]?.log ?? "",
    active,
    call: async (...request) => await (await active()).call(...request),
    unseal: (keys = secrets.keys) => unsealAll(nodes, keys),
    // Nothing of it is kept, so nobody has to hand over.
    stop: () => endRun(run),
  };
}

function logOf(run: Run, id: string, { log, nodes }: OpenbaoOptions): string {
  if (log === undefined) return path.join(run.folder, `${id}.log`);
  return nodes === 1 ? log : `${log}.${id}`;
}
