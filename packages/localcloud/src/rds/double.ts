import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { KMSClient } from "@aws-sdk/client-kms";
import { type Clock, scaled } from "./clock.ts";
import { type Disk, openDisk } from "./disk.ts";
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
import type { Demand } from "./rights/evaluate.ts";
import { openToAll } from "./rights/open.ts";
import type { Rights } from "./rights/rights.ts";
import { serve } from "./serve.ts";
import { estate } from "./state.ts";

/** The local AWS that the double asks about callers and keys and tells its events. */
export type LocalAws = { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };

export type RdsOptions = {
  /** Taken when it is free. Default: any free one. */
  port?: number;
  /**
   * Without it everybody is root, every key is usable, and events are remembered only. A function is asked when it is first needed: the
   * local AWS can then be started after the double and tell its functions the double's endpoint.
   */
  aws?: LocalAws | (() => LocalAws);
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
/** A right that a request needed. `caller`: the ARN of a role's session or of a user. */
export type Demanded = { caller: string; action: string; resource: string };
export type Rds = Knobs & {
  /** For `AWS_ENDPOINT_URL_RDS`. */
  readonly endpoint: string;
  /** What anybody but root was asked to be allowed, allowed or not, each once: what a role is really in need of. */
  demanded(): Demanded[];
  /** Stops every server and forgets everything. Twice is harmless. */
  stop(): Promise<void>;
};

/**
 * Starts the RDS API on loopback. Instances and clusters of PostgreSQL are real servers on 127.0.0.1, started by the first request that
 * makes one. Throws {@link ServiceNotReady}, {@link ServiceNotInstalled}.
 */
export async function rdsDouble(options: RdsOptions = {}): Promise<Rds> {
  const account = options.account ?? "000000000000";
  const aws = lazily(options.aws);
  const demanded = new Map<string, Demanded>();
  const remember = (caller: string, { action, resource }: Demand) =>
    void demanded.set(`${caller} ${action} ${resource}`, { caller, action, resource });
  const rights = aws ? askedOf(aws, account, remember) : openToAll(account);
  const over = new AbortController();
  const disk = await openDisk();
  try {
    const home = homeOf({ ...options, aws }, account, rights, disk, over.signal);
    const own = knobs(home, account);
    const server = await listen((request) => serve(home, rights, own.trouble, request), options.port);
    let stopping: Promise<void> | undefined;
    const stop = async () => {
      await server.close();
      over.abort();
      await Promise.all(home.tasks);
      await Promise.all(volumes(home).map((volume) => scrap(home, volume)));
      await disk.stop();
    };
    const endpoint = `http://127.0.0.1:${server.port}`;
    return { ...own.knobs, endpoint, demanded: () => [...demanded.values()], stop: () => (stopping ??= stop()) };
  } catch (error) {
    await disk.stop();
    throw error;
  }
}

function lazily(aws: RdsOptions["aws"]): (() => LocalAws) | undefined {
  return typeof aws === "object" ? () => aws : aws;
}

type Furnishing = Omit<RdsOptions, "aws"> & { aws: (() => LocalAws) | undefined };

function homeOf(options: Furnishing, account: string, rights: Rights, disk: Disk, over: AbortSignal): Home {
  const { aws, bin, tls, quotas, clock = scaled(0.001) } = options;
  const versions = offered();
  const certificate = tls && { cert: readFileSync(tls.cert), key: readFileSync(tls.key) };
  const admin = { user: "rdsadmin", password: randomBytes(24).toString("base64url") } as const;
  const buses = aws && byRegion((region) => new EventBridgeClient({ ...aws(), region }));
  const kms = aws && byRegion((region) => new KMSClient({ ...aws(), region }));
  const home: Home = {
    clock,
    versions,
    over,
    tasks: new Set(),
    failures: [],
    estate: estate((region) => fillDefaults(region, versions)),
    rack: { disk, admin, certificate, postgres: bin ? { bin } : {} },
    events: tellEvents({ clock, over, client: buses, goOn: (work) => goOn(home, work) }),
    quotas: { ...defaultQuotas, ...quotas },
    mayConnect: rights.mayConnect,
    keys: openKeys(kms, account),
  };
  return home;
}

function byRegion<T>(make: (region: string) => T): (region: string) => T {
  const made = new Map<string, T>();
  return (region) => {
    const found = made.get(region) ?? make(region);
    made.set(region, found);
    return found;
  };
}

function volumes({ estate }: Home) {
  return estate
    .all()
    .flatMap(({ instances, clusters }) => [...instances.values(), ...clusters.values()].flatMap(({ volume }) => volume ?? []));
}
