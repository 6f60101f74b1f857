import { fakeGcsServer } from "./install.ts";
import { ask } from "./loopback.ts";
import { listens, withPorts } from "./ports.ts";
import { launch } from "./process.ts";
import { inRun, type Run } from "./runs.ts";

export type FakeGcsOptions = {
  /** Taken when it is free. Default: any free one. */
  port?: number;
  /** Where it logs to. Default: a file in its folder. */
  log?: string;
};
export type FakeGcs = {
  /** All of Google's APIs that it knows; it asks nobody who they are. */
  readonly endpoint: string;
  readonly pid: number;
  readonly folder: string;
  readonly log: string;
  /** Makes a bucket with Object Versioning. */
  bucket(name: string): Promise<void>;
  /** Twice is harmless. */
  stop(): Promise<void>;
};

/**
 * Starts fake-gcs-server, which keeps what it holds in memory. Ready in about 0.2 s. It knows neither uploads in parts nor preconditions on
 * resumable ones. Throws {@link ServiceNotReady}, {@link ServiceNotInstalled}.
 */
export async function fakeGcs(options: FakeGcsOptions = {}): Promise<FakeGcs> {
  return await withPorts({ count: 1, preferred: options.port }, ([port = 0]) =>
    inRun("fakegcs", undefined, (run) => start(run, port, options)),
  );
}

async function start(run: Run, port: number, { log }: FakeGcsOptions): Promise<FakeGcs> {
  const host = `127.0.0.1:${port}`;
  const endpoint = `http://${host}`;
  const {
    pid,
    log: written,
    stop,
  } = await launch(run, {
    title: "fake-gcs-server",
    program: fakeGcsServer(),
    args: ["-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-port", `${port}`, ...addresses(host), "-log-level", "warn"],
    env: { GOMEMLIMIT: "300MiB" },
    ready: async (pid) => listens(pid, port) && (await ask(`${endpoint}/_internal/healthcheck`)).status === 200,
    stop: { signal: "KILL", seconds: 5 },
    log,
  });
  return { endpoint, pid, folder: run.folder, log: written, bucket: (name) => makeBucket(endpoint, name), stop };
}

/** It answers only for the host that it knows as its own, and sends uploads to the address that it thinks it has. */
const addresses = (host: string): string[] => ["-public-host", host, "-external-url", `http://${host}`];

async function makeBucket(endpoint: string, name: string): Promise<void> {
  const body = JSON.stringify({ name, versioning: { enabled: true } });
  const { status } = await ask(`${endpoint}/storage/v1/b?project=local`, "POST", body);
  if (status !== 200) throw new Error(`fake-gcs-server made no bucket ${name}: ${status}`);
}
