import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { ServiceNotInstalled } from "./errors.ts";
import { ask } from "./loopback.ts";
import { listens, withPorts } from "./ports.ts";
import { launch } from "./process.ts";
import { inRun, type Run } from "./runs.ts";

export type AzuriteOptions = {
  /** Taken when it is free. Default: any free one. */
  port?: number;
  /** Where it logs to. Default: a file in its folder. */
  log?: string;
};
export type Azurite = {
  /** The blob service of its one account: names of containers and blobs follow as a path. */
  readonly endpoint: string;
  readonly account: string;
  /** The account's key, base64, made for this start: not the one that Azurite's manual gives to everybody. */
  readonly key: string;
  readonly pid: number;
  readonly folder: string;
  readonly log: string;
  /** Twice is harmless. */
  stop(): Promise<void>;
};

const require = createRequire(import.meta.url);
const ACCOUNT = "holdfastlocal";
/** It keeps blobs in memory, half of the machine's unless told; whoever needs more has the wrong store. */
const MEMORY_MB = 512;

/** Starts Azurite's blob service, which keeps what it holds in memory. Ready in about 1 s. Throws {@link ServiceNotReady}, {@link ServiceNotInstalled}. */
export async function azurite(options: AzuriteOptions = {}): Promise<Azurite> {
  return await withPorts({ count: 1, preferred: options.port }, ([port = 0]) =>
    inRun("azurite", undefined, (run) => start(run, port, options)),
  );
}

async function start(run: Run, port: number, { log }: AzuriteOptions): Promise<Azurite> {
  const key = randomBytes(64).toString("base64");
  const endpoint = `http://127.0.0.1:${port}/${ACCOUNT}`;
  const launched = await launch(run, {
    title: "Azurite",
    program: process.execPath,
    args: [program(), ...flags(port)],
    env: { AZURITE_ACCOUNTS: `${ACCOUNT}:${key}` },
    // Anonymous requests are refused: that is its answer once it listens.
    ready: async (pid) => listens(pid, port) && (await ask(`${endpoint}?comp=list`)).status === 403,
    stop: { signal: "KILL", seconds: 5 },
    log,
  });
  return { endpoint, account: ACCOUNT, key, pid: launched.pid, folder: run.folder, log: launched.log, stop: launched.stop };
}

function flags(port: number): string[] {
  const where = ["--blobHost", "127.0.0.1", "--blobPort", String(port)];
  const quiet = ["--silent", "--disableTelemetry", "--disableProductStyleUrl"];
  return [...where, ...quiet, "--inMemoryPersistence", "--extentMemoryLimit", String(MEMORY_MB), "--skipApiVersionCheck"];
}

/** The package's own program for blobs alone; `azurite` would start queues and tables as well. */
function program(): string {
  try {
    return require.resolve("azurite/dist/src/blob/main.js");
  } catch (cause) {
    throw new ServiceNotInstalled("Azurite", { cause });
  }
}
