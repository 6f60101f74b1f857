import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { KMSClient } from "@aws-sdk/client-kms";
import { type Clock, scaled } from "./clock.ts";
import { openDisk } from "./disk.ts";
import { offered } from "./engines.ts";
import { tellEvents } from "./events.ts";
import { fillDefaults } from "./groups.ts";
import { goOn, type Home } from "./home.ts";
import { scrap } from "./instances.ts";
import { openKeys } from "./keys.ts";
import { type Knobs, knobs } from "./knobs.ts";
import { listen } from "./listen.ts";
import { defaultQuotas, type Quotas } from "./quotas.ts";
import { askedOf } from "./rights/asked.ts";
import { openToAll } from "./rights/open.ts";
import { serve } from "./serve.ts";
import { estate } from "./state.ts";

/** The local AWS that the double asks about callers and keys and tells its events. */
export type LocalAws = { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };

export type RdsOptions = {
  /** Taken when it is free. Default: any free one. */
  port?: number;
  /** Without it everybody is root, every key is usable, and events are remembered only. */
  aws?: LocalAws;
  /** Default 000000000000. */
  account?: string;
  /** Default: a minute of RDS's time passes in 60 ms. */
  clock?: Clock;
  quotas?: Partial<Quotas>;
  /** The folder of other PostgreSQL programs. Default: the pinned PostgreSQL 17. */
  bin?: string;
  /** Paths of a certificate and its key in PEM. Endpoints then take encrypted connections only, as RDS does by default. */
  tls?: { cert: string; key: string };
};
export type Rds = Knobs & {
  /** For `AWS_ENDPOINT_URL_RDS`. */
  readonly endpoint: string;
  /** Stops every server and forgets everything. Twice is harmless. */
  stop(): Promise<void>;
};

/**
 * Starts the RDS API on loopback. Instances and clusters of PostgreSQL are real servers on 127.0.0.1, started by the first request that
 * makes one. Throws {@link ServiceNotReady}, {@link ServiceNotInstalled}.
 */
export async function rdsDouble(options: RdsOptions = {}): Promise<Rds> {
  const { account = "000000000000", clock = scaled(0.001), aws } = options;
  const over = new AbortController();
  const versions = offered();
  const tasks: Home["tasks"] = new Set();
  const certificate = options.tls && { cert: readFileSync(options.tls.cert), key: readFileSync(options.tls.key) };
  const rights = aws ? askedOf(aws, account) : openToAll(account);
  const disk = await openDisk();
  const home: Home = {
    clock,
    versions,
    tasks,
    over: over.signal,
    failures: [],
    estate: estate((region) => fillDefaults(region, versions)),
    rack: {
      disk,
      admin: { user: "rdsadmin", password: randomBytes(24).toString("base64url") },
      postgres: options.bin ? { bin: options.bin } : {},
      certificate,
    },
    events: tellEvents({
      clock,
      over: over.signal,
      client: aws && ((region) => new EventBridgeClient({ ...aws, region })),
      goOn: (work) => goOn(home, work),
    }),
    quotas: { ...defaultQuotas, ...options.quotas },
    mayConnect: rights.mayConnect,
    keys: openKeys(aws && ((region) => new KMSClient({ ...aws, region }))),
  };
  const own = knobs(home, account);
  const server = await listen((request) => serve(home, rights, own.trouble, request), options.port);
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await server.close();
    over.abort();
    await Promise.allSettled(tasks);
    await Promise.all(volumes(home).map((volume) => scrap(home, volume)));
    await disk.stop();
  };
  return { ...own.knobs, endpoint: `http://127.0.0.1:${server.port}`, stop: () => (stopping ??= stop()) };
}

function volumes({ estate }: Home) {
  return estate
    .all()
    .flatMap(({ instances, clusters }) => [...instances.values(), ...clusters.values()].flatMap(({ volume }) => volume ?? []));
}
