import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bao } from "./install.ts";
import { type Call, caller } from "./openbaocall.ts";
import { listens } from "./ports.ts";
import { type Launched, launch } from "./process.ts";
import type { Run } from "./runs.ts";

/** How a cluster opens: by shares of a key that people hold, or by itself with a key of 32 bytes that its nodes can read. */
export type Seal = { type: "shamir"; shares: number; threshold: number } | { type: "static"; id: string; key: Buffer };
/** Paths in PEM; the certificate must be valid for 127.0.0.1. `ca` is who signed it. Default: the certificate itself. */
export type Tls = { cert: string; key: string; ca?: string };

export type OpenbaoNode = {
  readonly id: string;
  readonly url: string;
  readonly log: string;
  /** Of its present or last process. */
  readonly pid: number;
  readonly call: Call;
  /** Asks it to end; an active node hands over before. Twice is harmless. */
  stop(): Promise<void>;
  /** Starts it again with its data, after it was stopped or killed. Under a Shamir seal it comes up sealed. */
  start(): Promise<void>;
};

export type NodeSettings = {
  run: Run;
  id: string;
  /** Of the API, and for the other nodes. */
  ports: { api: number; cluster: number };
  seal: Seal;
  log: string;
  tls?: Tls | undefined;
  readTimeout?: string | undefined;
};

/** A node that is not running yet, in a folder of its own inside the run's. */
export function openbaoNode(settings: NodeSettings): OpenbaoNode {
  const { id, log, tls } = settings;
  const url = `${tls ? "https" : "http"}://127.0.0.1:${settings.ports.api}`;
  const call = caller(url, tls?.ca ?? tls?.cert);
  let launched: Launched | undefined;
  const stop = async () => launched?.stop();
  const start = async () => {
    await stop();
    launched = await begin(settings, url, call);
  };
  return {
    id,
    url,
    log,
    get pid() {
      return launched?.pid ?? 0;
    },
    call,
    stop,
    start,
  };
}

function begin(settings: NodeSettings, url: string, call: Call): Promise<Launched> {
  const { run, ports, log } = settings;
  const folder = folderOf(settings);
  mkdirSync(path.join(folder, "data"), { recursive: true });
  const file = path.join(folder, "openbao.hcl");
  writeFileSync(file, configuration(settings, url), { mode: 0o600 });
  return launch(run, {
    title: "OpenBao",
    program: bao(),
    args: ["server", `-config=${file}`],
    // Autopilot lets a node vote only after it has watched it for a while: three nodes would take twice as long.
    env: { BAO_RAFT_AUTOPILOT_DISABLE: "1" },
    ready: async (pid) => listens(pid, ports.api) && (await call("GET", "sys/health")) !== undefined,
    stop: { signal: "TERM", seconds: 10 },
    restarts: true,
    log,
  });
}

/** Elections take a fifth of their usual time with `performance_multiplier = 1`. */
function configuration(settings: NodeSettings, url: string): string {
  const { id, ports, tls, readTimeout } = settings;
  const listener = [
    `address = "127.0.0.1:${ports.api}"`,
    `cluster_address = "127.0.0.1:${ports.cluster}"`,
    ...(tls ? [`tls_cert_file = ${text(tls.cert)}`, `tls_key_file = ${text(tls.key)}`] : ["tls_disable = true"]),
    ...(readTimeout ? [`http_read_timeout = ${text(readTimeout)}`] : []),
  ];
  const storage = [`path = ${text(path.join(folderOf(settings), "data"))}`, `node_id = ${text(id)}`, "performance_multiplier = 1"];
  const addresses = [`api_addr = "${url}"`, `cluster_addr = "https://127.0.0.1:${ports.cluster}"`];
  return [stanza(`storage "raft"`, storage), stanza(`listener "tcp"`, listener), ...sealStanza(settings), ...addresses, ""].join("\n");
}

function sealStanza(settings: NodeSettings): string[] {
  const { seal } = settings;
  if (seal.type === "shamir") return [];
  const file = path.join(folderOf(settings), "seal.key");
  writeFileSync(file, seal.key, { mode: 0o600 });
  return [stanza(`seal "static"`, [`current_key_id = ${text(seal.id)}`, `current_key = ${text(`file://${file}`)}`])];
}

const folderOf = ({ run, id }: NodeSettings): string => path.join(run.folder, id);
const stanza = (head: string, lines: readonly string[]): string => `${head} {\n${lines.map((line) => `  ${line}\n`).join("")}}`;
const text = (value: string): string => JSON.stringify(value);
