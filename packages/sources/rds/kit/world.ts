import { setTimeout as pause } from "node:timers/promises";
import { CreateDBInstanceCommand, DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import type { Backup, Capture, Captured, Context, Execution, Opened, Surroundings } from "@holdfast/core";
import pg from "pg";
import { vi } from "vitest";
import { type LocalAws, lost, type Rds, rdsDouble } from "../../../localcloud/src/rds/index.ts";
import { nobody } from "../../../../test/kit/identity.ts";

export const region = "eu-central-1";
export const login = { MasterUsername: "holdfast", MasterUserPassword: "correct-horse" };

export type World = {
  rds: Rds;
  api: RDSClient;
  kms: KMSClient;
  surroundings: Surroundings;
  /** Puts a secret and gives its name. */
  secret(name: string, value: object): string;
  query<T>(id: string, text: string): Promise<T[]>;
  key(): Promise<string>;
  end(): Promise<void>;
};

/** The double beside a local AWS whose KMS it asks, and surroundings as a function has them: the SDK finds both by the environment. */
export async function openWorld(
  { endpoint, region, root }: { endpoint: string; region: string; root: LocalAws["credentials"] },
  layer = "",
) {
  const rds = await rdsDouble({ aws: { endpoint, region, credentials: root } });
  // They are hints, and nobody listens here.
  rds.events.fate = lost;
  vi.stubEnv("AWS_ENDPOINT_URL_RDS", rds.endpoint);
  vi.stubEnv("AWS_ENDPOINT_URL_KMS", endpoint);
  vi.stubEnv("AWS_ACCESS_KEY_ID", root.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", root.secretAccessKey);
  const secrets = new Map<string, string>();
  const kms = new KMSClient({ region });
  const world: World = {
    rds,
    kms,
    api: new RDSClient({ region }),
    surroundings: {
      region,
      identity: nobody,
      scratch: "",
      layer: (name) => `${layer}/${name}`,
      async secrets(name) {
        const found = secrets.get(name);
        if (found === undefined) throw new Error(`no secret ${name}`);
        return found;
      },
    },
    secret(name, value) {
      secrets.set(name, JSON.stringify(value));
      return name;
    },
    query: (id, text) => query(rds, id, text),
    key: async () => (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? "",
    end: () => rds.stop(),
  };
  return world;
}

async function query<T>(rds: Rds, id: string, text: string): Promise<T[]> {
  const client = new pg.Client(rds.connection(region, id));
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

export const aContext = (signal = new AbortController().signal): Context => ({ now: () => new Date(), signal, progress: () => {} });
export const executionOf = (id: string): Execution => ({ id, started: new Date(), running: async () => true });
export const slotAt = (at: string, source = "shop") => ({ source, at: new Date(at), attempt: "attempt1" });

export type Ready<Native> = Extract<Captured<Native>, { state: "ready" }>;
/** Captures the slot again and again until it is ready, as events and the watch do. */
export async function captured<Native>(capture: Capture<Native>, slot: ReturnType<typeof slotAt>): Promise<Ready<Native>> {
  for (;;) {
    const found = await capture.capture(slot, aContext());
    if (found.state === "ready") return found;
    await pause(10);
  }
}

export function openedOf<Native>(native: Native, slot = "20261121T020000Z"): Opened<Native> {
  const backup: Backup<Native> = { source: "shop", slot, manifestSha256: "0".repeat(64), artifacts: [], native };
  return {
    backup,
    open: () => {
      throw new Error("a snapshot has no artifact");
    },
  };
}

export async function anInstance({ api }: World, id: string, more: Partial<ConstructorParameters<typeof CreateDBInstanceCommand>[0]> = {}) {
  await api.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: id,
      DBInstanceClass: "db.t4g.micro",
      Engine: "postgres",
      DBName: "shop",
      ...login,
      ...more,
    }),
  );
  await become(async () => (await describeInstance({ api }, id))?.DBInstanceStatus === "available");
}

export async function describeInstance({ api }: Pick<World, "api">, id: string) {
  return (await api.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }))).DBInstances?.[0];
}

/** Asks until it is so. */
export async function become(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error("what was waited for did not happen within 30 s");
    await pause(10);
  }
}
