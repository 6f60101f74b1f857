import path from "node:path";
import { python } from "./install.ts";
import { ask } from "./loopback.ts";
import { listens, withPorts } from "./ports.ts";
import { type Launched, launch } from "./process.ts";
import { inRun, type Run } from "./runs.ts";

export type MinistackOptions = {
  /** Taken when it is free. Default: any free one. */
  port?: number;
  /** Where it logs to. Default: a file in its folder. */
  log?: string;
  /** False: no signature and no policy is checked. Default true. */
  authenticated?: boolean;
  /** Default eu-central-1. */
  region?: string;
  /** How much of each `Wait` of a state machine passes really. Default 0.1. */
  waitScale?: number;
  /** MiniStack's own log. Default WARNING; INFO tells each request. */
  logLevel?: "DEBUG" | "INFO" | "WARNING" | "ERROR";
  /** What its functions see beside their own variables: `AWS_ENDPOINT_URL_RDS` for instance. */
  env?: Readonly<Record<string, string>>;
};
export type Ministack = {
  readonly endpoint: string;
  readonly region: string;
  readonly account: string;
  /**
   * The account's root. MiniStack takes the key `test`, and any account number as key, for root whatever the signature is, so it is
   * as open as the loopback interface; every other key must exist, sign rightly, and have a policy that allows the call.
   */
  readonly root: { accessKeyId: string; secretAccessKey: string };
  readonly pid: number;
  /** Its own folder; gone after stop. */
  readonly folder: string;
  readonly log: string;
  /** Forgets everything that it holds: buckets, roles, functions. */
  reset(): Promise<void>;
  /** Twice is harmless. */
  stop(): Promise<void>;
};

const ACCOUNT = "000000000000";

/** Starts MiniStack: AWS on loopback, with IAM switched on. Ready in about 1 s. Throws {@link ServiceNotReady}, {@link ServiceNotInstalled}. */
export async function ministack(options: MinistackOptions = {}): Promise<Ministack> {
  const { region = "eu-central-1" } = options;
  return await withPorts({ count: 1, preferred: options.port }, ([port = 0]) =>
    inRun("ministack", undefined, async (run) => {
      const endpoint = `http://127.0.0.1:${port}`;
      return described(run, await start(run, port, endpoint, { ...options, region }), endpoint, region);
    }),
  );
}

function start(run: Run, port: number, endpoint: string, options: MinistackOptions & { region: string }): Promise<Launched> {
  const { command, modules } = python();
  return launch(run, {
    title: "MiniStack",
    program: command,
    args: ["-m", "ministack"],
    env: {
      PYTHONPATH: modules,
      PYTHONNOUSERSITE: "1",
      PYTHONDONTWRITEBYTECODE: "1",
      ...settings(run, port, endpoint, options),
      ...options.env,
    },
    ready: async (pid) => listens(pid, port) && (await ask(`${endpoint}/_ministack/health`)).status === 200,
    stop: { signal: "TERM", seconds: 5 },
    log: options.log,
  });
}

function settings(run: Run, port: number, endpoint: string, options: MinistackOptions & { region: string }): Record<string, string> {
  return {
    GATEWAY_PORT: String(port),
    BIND_HOST: "127.0.0.1",
    MINISTACK_HOST: "127.0.0.1",
    MINISTACK_REGION: options.region,
    MINISTACK_ACCOUNT_ID: ACCOUNT,
    AUTH: String(options.authenticated ?? true),
    LAMBDA_EXECUTOR: "local",
    LOG_LEVEL: options.logLevel ?? "WARNING",
    SFN_WAIT_SCALE: String(options.waitScale ?? 0.1),
    // Functions with a runtime of their own are told no endpoint by MiniStack, and would call real AWS.
    AWS_ENDPOINT_URL: endpoint,
    // It removes containers of older MiniStacks at start: a person's own Docker is none of its business. Two listeners are never used.
    DOCKER_HOST: `unix://${path.join(run.folder, "no-docker")}`,
    SFTP_ENABLED: "0",
    IOT_MTLS_ENABLED: "0",
  };
}

function described(run: Run, launched: Launched, endpoint: string, region: string): Ministack {
  return {
    endpoint,
    region,
    account: ACCOUNT,
    root: { accessKeyId: "test", secretAccessKey: "test" },
    pid: launched.pid,
    folder: run.folder,
    log: launched.log,
    reset: async () => {
      const answer = await ask(`${endpoint}/_ministack/reset`, "POST");
      if (answer.status !== 200) throw new Error(`MiniStack would not reset: HTTP ${answer.status}`);
    },
    stop: launched.stop,
  };
}
