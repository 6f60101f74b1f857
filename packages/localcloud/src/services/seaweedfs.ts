import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { weed } from "./install.ts";
import { ask } from "./loopback.ts";
import { listens, withPorts } from "./ports.ts";
import { type Launched, launch } from "./process.ts";
import { inRun, type Run } from "./runs.ts";

/** A policy in AWS's own language. */
export type Policy = { Version: "2012-10-17"; Statement: readonly Record<string, unknown>[] };
/** Somebody who may do what the policies allow. Not the older `actions`: there `Write` also allows DELETE. */
export type Identity = { name: string; policies: Readonly<Record<string, Policy>> };
export type Credentials = { accessKeyId: string; secretAccessKey: string };
/** Whose JWTs its STS takes, and for which of its roles: by their subject. `issuer` also tells its keys, at `/jwks`. */
export type Federation = { issuer: string; audience: string; roles: Readonly<Record<string, { subject: string; policy: Policy }>> };
export type SeaweedfsOptions = {
  /** Taken when it is free. Default: any free one. */
  port?: number;
  /** Where it logs to. Default: a file in its folder. */
  log?: string;
  identities?: readonly Identity[];
  /** It is its own STS, at the address where it is a store. */
  federation?: Federation;
};
export const seaweedRole = (name: string): string => `arn:aws:iam::role/${name}`;
export type Seaweedfs = {
  readonly endpoint: string;
  readonly region: string;
  /** Its administrator. */
  readonly credentials: Credentials;
  /** Of each identity that was asked for, by name. */
  readonly identities: Readonly<Record<string, Credentials>>;
  readonly pid: number;
  readonly folder: string;
  readonly log: string;
  /** Twice is harmless. */
  stop(): Promise<void>;
};

const NAMES = ["s3", "s3Grpc", "master", "masterGrpc", "volume", "volumeGrpc", "filer", "filerGrpc"] as const;
type Ports = Record<(typeof NAMES)[number], number>;

/** Starts SeaweedFS: an S3-compatible store that is not AWS, and that enforces locks and checksums. Ready in about 2 s. Throws {@link ServiceNotReady}, {@link ServiceNotInstalled}. */
export async function seaweedfs(options: SeaweedfsOptions = {}): Promise<Seaweedfs> {
  const wanted = { count: NAMES.length, preferred: options.port, suits: hasNoSocket };
  return await withPorts(wanted, (numbers) => {
    const ports = Object.fromEntries(NAMES.map((name, i) => [name, numbers[i] ?? 0])) as Ports;
    return inRun("seaweedfs", undefined, (run) => start(run, ports, options), sockets(ports));
  });
}

async function start(run: Run, ports: Ports, options: SeaweedfsOptions): Promise<Seaweedfs> {
  const credentials = newCredentials();
  const identities = Object.fromEntries((options.identities ?? []).map(({ name }) => [name, newCredentials()]));
  writeFileSync(config(run), configuration(options, credentials, identities), { mode: 0o600 });
  if (options.federation) writeFileSync(iamConfig(run), federated(options.federation), { mode: 0o600 });
  mkdirSync(path.join(run.folder, "data"));
  const launched = await started(run, ports, options);
  return {
    endpoint: `http://127.0.0.1:${ports.s3}`,
    region: "us-east-1",
    credentials,
    identities,
    pid: launched.pid,
    folder: run.folder,
    log: launched.log,
    stop: launched.stop,
  };
}

function started(run: Run, ports: Ports, { log, federation }: SeaweedfsOptions): Promise<Launched> {
  return launch(run, {
    title: "SeaweedFS",
    program: weed(),
    args: ["-logtostderr", "server", ...flags(run, ports), ...(federation ? [`-s3.iam.config=${iamConfig(run)}`] : [])],
    env: { GOMEMLIMIT: "300MiB", WEED_S3_SSE_KEK: randomBytes(32).toString("hex") },
    ready: async (pid) =>
      listens(pid, ports.s3) && (await ask(`http://127.0.0.1:${ports.s3}/healthz`)).status === 200 && (await hasVolumes(ports)),
    // Asked kindly it takes 16 s, and nothing of it is kept.
    stop: { signal: "KILL", seconds: 5 },
    leaves: sockets(ports),
    log,
  });
}

function flags(run: Run, ports: Ports): string[] {
  const { master, masterGrpc, volume, volumeGrpc, filer, filerGrpc, s3, s3Grpc } = ports;
  const listeners = [
    `-master.port=${master}`,
    `-master.port.grpc=${masterGrpc}`,
    `-volume.port=${volume}`,
    `-volume.port.grpc=${volumeGrpc}`,
  ];
  const gateways = [`-filer.port=${filer}`, `-filer.port.grpc=${filerGrpc}`, `-s3.port=${s3}`, `-s3.port.grpc=${s3Grpc}`];
  const unused = ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"];
  const local = [`-filer.localSocket=${path.join(run.folder, "filer.sock")}`, `-s3.localSocket=${path.join(run.folder, "s3.sock")}`];
  const where = [`-dir=${path.join(run.folder, "data")}`, "-ip=127.0.0.1", "-ip.bind=127.0.0.1", `-s3.config=${config(run)}`];
  // `peers=none` makes it its own leader at once; an election may end after the volume server asked, which then waits 5 s.
  const quick = ["-master.peers=none", "-master.heartbeatInterval=100ms", "-volume.preStopSeconds=0"];
  return [
    ...where,
    "-filer=true",
    "-s3",
    ...listeners,
    ...gateways,
    ...unused,
    ...local,
    ...quick,
    "-master.volumeSizeLimitMB=1024",
    "-volume.max=100",
  ];
}

const GRPC_SERVERS = ["master", "volume", "filer", "s3"] as const;
/** Its gRPC servers put these into /tmp whatever TMPDIR says, and leave some behind. */
const grpcSocket = (server: string, port: number): string => `/tmp/seaweedfs-${server}-grpc-${port}.sock`;
const sockets = (ports: Ports): string[] => GRPC_SERVERS.map((server) => grpcSocket(server, ports[`${server}Grpc`]));
const hasNoSocket = (port: number): boolean => !GRPC_SERVERS.some((server) => existsSync(grpcSocket(server, port)));
const config = (run: Run): string => path.join(run.folder, "s3.json");
const iamConfig = (run: Run): string => path.join(run.folder, "iam.json");

/** The gateway is healthy before a volume server has joined; until then every write fails. */
async function hasVolumes(ports: Ports): Promise<boolean> {
  const { body } = await ask(`http://127.0.0.1:${ports.master}/dir/status`);
  const status = JSON.parse(body) as { Topology?: { Max?: number } };
  return (status.Topology?.Max ?? 0) > 0;
}

function newCredentials(): Credentials {
  return { accessKeyId: randomBytes(10).toString("hex"), secretAccessKey: randomBytes(20).toString("hex") };
}

function configuration({ identities = [] }: SeaweedfsOptions, admin: Credentials, keys: Record<string, Credentials>): string {
  const key = (credentials: Credentials | undefined) => [{ accessKey: credentials?.accessKeyId, secretKey: credentials?.secretAccessKey }];
  const policies = identities.flatMap((identity) =>
    Object.entries(identity.policies).map(([name, content]) => ({ name: `${identity.name}-${name}`, content: JSON.stringify(content) })),
  );
  const listed = identities.map(({ name, policies: own }) => ({
    name,
    credentials: key(keys[name]),
    policyNames: Object.keys(own).map((policy) => `${name}-${policy}`),
  }));
  return JSON.stringify({ identities: [{ name: "admin", credentials: key(admin), actions: ["Admin"] }, ...listed], policies });
}

/** https://github.com/seaweedfs/seaweedfs/blob/master/test/s3/iam/STS_DISTRIBUTED.md */
function federated({ issuer, audience, roles }: Federation): string {
  const provider = { name: "aws", type: "oidc", enabled: true, config: { issuer, clientId: audience, jwksUri: `${issuer}/jwks` } };
  const trusts = (subject: string) => ({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: provider.name },
        Action: ["sts:AssumeRoleWithWebIdentity"],
        Condition: { StringEquals: { "oidc:sub": subject } },
      },
    ],
  });
  const signingKey = randomBytes(32).toString("base64");
  return JSON.stringify({
    sts: { tokenDuration: "1h", maxSessionLength: "12h", issuer: "seaweedfs", signingKey, providers: [provider] },
    policy: { defaultEffect: "Deny", storeType: "memory" },
    roles: Object.entries(roles).map(([name, { subject }]) => ({
      roleName: name,
      roleArn: seaweedRole(name),
      trustPolicy: trusts(subject),
      attachedPolicies: [name],
    })),
    policies: Object.entries(roles).map(([name, { policy }]) => ({ name, document: policy })),
  });
}
