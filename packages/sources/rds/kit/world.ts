import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateDBInstanceCommand, DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { Backup, Capture, Captured, Context, Execution, Needs, Opened, Surroundings } from "@holdfast/core";
import pg from "pg";
import { vi } from "vitest";
import { nobody } from "../../../../test/kit/identity.ts";
import { completed } from "../../../localcloud/src/deploy/completed.ts";
import { type Clock, type LocalAws, lost, type Rds, rdsDouble } from "../../../localcloud/src/rds/index.ts";
import { ministack } from "../../../localcloud/src/services/index.ts";
import { makeCertificate } from "../../../localcloud/src/services/certificate.ts";

export const region = "eu-central-1";
export const login = { MasterUsername: "holdfast", MasterUserPassword: "correct-horse" };

export type World = {
  rds: Rds;
  /** Where the local AWS is, and its root. */
  aws: LocalAws;
  api: RDSClient;
  kms: KMSClient;
  surroundings: Surroundings;
  /** Puts a secret and gives its name. */
  secret(name: string, value: object): string;
  query<T>(id: string, text: string): Promise<T[]>;
  key(): Promise<string>;
  /** From now on new clients have the rights that a kind says it needs for a source (shop), and no others; undefined: all. */
  act(needs?: Needs, source?: string): Promise<void>;
  end(): Promise<void>;
};

/**
 * The double beside a local AWS of its own, as the demo has it: in one that is not completed no key is AWS's own. Surroundings are those of a function,
 * where the SDK finds both by the environment. With `tls` its endpoints take encrypted connections alone.
 */
export async function openWorld(clock?: Clock, tls?: Trust): Promise<World> {
  const aws = await ministack({ region, env: completed() });
  const { endpoint, root } = aws;
  const rds = await rdsDouble({
    aws: { endpoint, region, credentials: root },
    ...(clock ? { clock } : {}),
    ...(tls ? { tls: tls.files } : {}),
  });
  // They are hints, and nobody listens here.
  rds.events.fate = lost;
  vi.stubEnv("AWS_ENDPOINT_URL_RDS", rds.endpoint);
  vi.stubEnv("AWS_ENDPOINT_URL_KMS", endpoint);
  vi.stubEnv("AWS_ENDPOINT_URL_STS", endpoint);
  vi.stubEnv("AWS_REGION", region);
  be(root);
  const secrets = new Map<string, string>();
  const sessions = new Map<string, Keys>();
  const kms = new KMSClient({ endpoint, region, credentials: root });
  const world: World = {
    rds,
    aws: { endpoint, region, credentials: root },
    kms,
    api: new RDSClient({ endpoint: rds.endpoint, region, credentials: root }),
    surroundings: {
      region,
      project: PROJECT,
      identity: nobody,
      scratch: "",
      layer: (name) => name,
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
    query: (id, text) => query(rds, id, text, tls?.ca),
    key: async () => (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? "",
    async act(needs, source = "shop") {
      if (!needs) return be(root);
      const name = JSON.stringify([source, needs.allow]);
      const session = sessions.get(name) ?? (await sessionOf({ endpoint, region, credentials: root }, needs, source));
      sessions.set(name, session);
      be(session);
    },
    async end() {
      await rds.stop();
      await aws.stop();
    },
  };
  return world;
}

export type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
export function be({ accessKeyId, secretAccessKey, sessionToken }: Keys): void {
  vi.stubEnv("AWS_ACCESS_KEY_ID", accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", secretAccessKey);
  vi.stubEnv("AWS_SESSION_TOKEN", sessionToken);
}

const ACCOUNT = "000000000000";
const PROJECT = "acme-test";
/** A session of a new role with the statements that infrastructure would write. */
export async function sessionOf(aws: LocalAws, { allow }: Pick<Needs, "allow">, source = "shop"): Promise<Keys> {
  const iam = new IAMClient(aws);
  const RoleName = `rds-${randomUUID()}`;
  const trust = { Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: "sts:AssumeRole" }] };
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const Statement = allow.map(({ actions, resources, conditions }) => ({
    Effect: "Allow",
    Action: actions,
    Resource: resources,
    ...(conditions ? { Condition: conditions } : {}),
  }));
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement })
    .replaceAll("{region}", aws.region)
    .replaceAll("{account}", ACCOUNT)
    .replaceAll("{project}", PROJECT)
    .replaceAll("{source}", source);
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument }));
  const assume = new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/${RoleName}`, RoleSessionName: "test" });
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = (await new STSClient(aws).send(assume)).Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

/** PEM of an authority, and paths of what it signed for the endpoints, which are all 127.0.0.1. */
export type Trust = { ca: string; files: { cert: string; key: string } };
export async function trustIn(scratch: string): Promise<Trust> {
  const authority = makeCertificate("RDS");
  const own = makeCertificate("endpoint", authority, ["127.0.0.1"]);
  const files = { cert: join(scratch, "rds.crt"), key: join(scratch, "rds.key") };
  await Promise.all([writeFile(files.cert, own.cert), writeFile(files.key, own.key)]);
  return { ca: authority.cert, files };
}

async function query<T>(rds: Rds, id: string, text: string, ca: string | undefined): Promise<T[]> {
  const client = new pg.Client({ ...rds.connection(region, id), ...(ca ? { ssl: { ca } } : {}) });
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
  const deadline = performance.now() + 120_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error("what was waited for did not happen within two minutes");
    await pause(10);
  }
}
