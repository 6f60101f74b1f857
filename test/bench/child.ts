/** One verb in a process of its own, so that its time, its memory and its core are its own. Bundled as functions are, then run. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { createSeal, createUnseal } from "@holdfast/age";
import {
  backup,
  type CaptureFactory,
  type Context,
  free,
  type Kind,
  loadManifest,
  openBackup,
  type ReadFactory,
  type Store,
  type Surroundings,
  slotId,
  verify,
} from "@holdfast/core";
import * as postgresCapture from "@holdfast/sources/postgres/capture.ts";
import * as postgres from "@holdfast/sources/postgres/kind.ts";
import * as postgresRead from "@holdfast/sources/postgres/read.ts";
import * as vaultCapture from "@holdfast/sources/vault/capture.ts";
import * as vault from "@holdfast/sources/vault/kind.ts";
import * as vaultRead from "@holdfast/sources/vault/read.ts";
import { nobody } from "../kit/identity.ts";
import { type Signer, signer } from "../kit/signer.ts";
import { openBucket } from "./bucket.ts";
import { folderStore } from "./folderstore.ts";
import type { Job, Place, Report, Source } from "./job.ts";
import { peakMemory } from "./peak.ts";

type Ports = Pick<Store, "read" | "list" | "create">;
const name = "bench";
const context: Context = { now: () => new Date(), signal: new AbortController().signal, progress: () => {} };

/** The verbs of one kind, as its generated entries put them together. */
type Verbs<Config, Native, Target> = {
  kind: Kind<Config, Native, Target>;
  capture: CaptureFactory<Config, Native>;
  read: ReadFactory<Native>;
};
const kinds = {
  postgres: { ...postgres, ...postgresCapture, ...postgresRead },
  vault: { ...vault, ...vaultCapture, ...vaultRead },
};
const verbsOf = ({ kind }: Source) => kinds[kind] as unknown as Verbs<unknown, unknown, unknown>;

function configOf(source: Source): unknown {
  if (source.kind === "postgres") return { connection: "bench", databases: [source.database] };
  return { nodes: source.nodes, auth: { method: "approle", secret: "bench" } };
}

async function makeBackup(job: Job, { list, create }: Ports, sign: Signer): Promise<void> {
  const { kind, capture } = verbsOf(job.source);
  const wanted = kind.config.parse(configOf(job.source));
  const input = { source: name, at: new Date(job.slot), attempt: randomBytes(8).toString("hex"), trigger: "manual" } as const;
  const seal = createSeal({ offlineKeys: [job.keys.recipient] });
  await backup(input, { kind, capture: capture(wanted, surroundings(job)), seal, sign, list, create }, context);
}

/** Signature, presence, every digest, decryption, decompression, as core reads what a kind left unread; pg_restore is not asked. */
async function unseal(job: Job, ports: Ports): Promise<void> {
  const opening = openPorts(job, ports, job.trusted);
  const loaded = await loadManifest(idOf(job), opening, context.signal);
  const { backup: found, open } = openBackup(loaded, verbsOf(job.source).kind, opening, context.signal);
  for (const { name } of found.artifacts) for await (const chunk of open(name)) free(chunk);
}

async function verifyWhole(job: Job, ports: Ports, sign: Signer): Promise<void> {
  const { kind, read } = verbsOf(job.source);
  const proving = { ...openPorts(job, ports, job.trusted), create: ports.create, kind, read: read(surroundings(job)), sign };
  const run = randomBytes(8).toString("hex");
  const { verdict, findings } = await verify({ ...idOf(job), run }, { ...proving, fits: Number.POSITIVE_INFINITY }, context);
  if (verdict !== "ok") throw new Error(`the backup is ${verdict}: ${findings.map(({ message }) => message).join("; ")}`);
}

const idOf = ({ slot }: Job) => ({ source: name, slot: slotId(new Date(slot)) });
const openPorts = ({ keys }: Job, { read: store, list }: Ports, trusted: Job["trusted"]) => {
  const unsealing = createUnseal({ identities: [keys.identity] });
  return { store, list, unseal: unsealing, trusted };
};

const surroundings = ({ layers, scratch, source: { login } }: Job): Surroundings => ({
  secrets: async () => JSON.stringify(login),
  layer: (name) => path.join(layers, name),
  scratch,
  identity: nobody,
  region: "eu-central-1",
  project: "acme-test",
});

async function opened(place: Place): Promise<Ports> {
  if ("folder" in place) return folderStore(place.folder);
  return openBucket(place);
}

/** Seconds of CPU of the programs that have ended: cutime and cstime of proc(5), in hundredths on every Linux that Node runs on. */
function childrenCpu(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

async function sizes(job: Job, ports: Ports, trusted: Job["trusted"]): Promise<{ plainBytes: number; storedBytes: number }> {
  const { manifest } = await loadManifest(idOf(job), openPorts(job, ports, trusted), context.signal);
  const sum = (of: (typeof manifest.artifacts)[number][], bytes: (one: (typeof of)[number]) => number) =>
    of.reduce((all, one) => all + bytes(one), 0);
  return { plainBytes: sum(manifest.artifacts, (one) => one.plain.bytes), storedBytes: sum(manifest.artifacts, (one) => one.bytes) };
}

async function work(job: Job): Promise<Report> {
  const store = await opened(job.place);
  const sign = signer();
  const verb = { backup: makeBackup, unseal, verify: verifyWhole }[job.verb];
  const began = { at: performance.now(), cpu: process.cpuUsage() };
  await verb(job, store, sign);
  const seconds = (performance.now() - began.at) / 1000;
  const { user, system } = process.cpuUsage(began.cpu);
  const peak = peakMemory();
  const children = childrenCpu();
  const trusted = job.verb === "backup" ? sign.trusted : job.trusted;
  return { seconds, cpu: (user + system) / 1e6, childrenCpu: children, peak, trusted, ...(await sizes(job, store, trusted)) };
}

process.stdout.write(JSON.stringify(await work(JSON.parse(await text(process.stdin)) as Job)));
