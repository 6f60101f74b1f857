import { createHash } from "node:crypto";
import { ArtifactMissing, ArtifactTruncated } from "./backuperrors.ts";
import { readBeside } from "./beside.ts";
import { HoldfastError } from "./errors.ts";
import type { Evidence } from "./evidence.ts";
import { free } from "./given.ts";
import {
  artifactKey,
  type BackupId,
  backupId,
  evidenceKey,
  evidencePrefix,
  manifestKey,
  parseEvidenceKey,
  type Verdict,
} from "./layout.ts";
import type { Artifact, Manifest } from "./manifest.ts";
import { lambdaFits } from "./margins.ts";
import { type Loaded, loadManifest, type OpenPorts, openBackup, slotObjects } from "./opened.ts";
import type { Bytes } from "./ports/bytes.ts";
import type { Context } from "./ports/context.ts";
import { TooLargeForLambda } from "./ports/errors.ts";
import type { Finding } from "./ports/finding.ts";
import { type Kind, type Proof, recordedProof } from "./ports/kind.ts";
import type { Sign } from "./ports/sign.ts";
import type { Read } from "./ports/source.ts";
import type { StoreCreate, Stored, StoreList } from "./ports/store.ts";
import { record, unhurried } from "./record.ts";
import { version } from "./version.ts";

export type VerifyInput = BackupId & { version?: string | undefined; run?: string | undefined };
export type VerifyPorts<Native> = OpenPorts & {
  kind: Pick<Kind<unknown, Native>, "name" | "native" | "verified">;
  read: Read<Native>;
  list: StoreList;
  create: StoreCreate;
  sign: Sign;
  /** Plaintext bytes that fit the runner. */
  fits: number;
};
export type VerifyOutcome = { state: "recorded" | "known"; id: string; verdict: Verdict; proof: Proof; findings: readonly Finding[] };
type Result = { findings: Finding[]; details: Evidence["details"] };
export type ExaminePorts<Native> = Omit<VerifyPorts<Native>, "create" | "sign">;
export type Examined = Result & { digest: string; verdict: Verdict };

/**
 * Proves one backup `readable` (or `present`, see {@link recordedProof}): signature, presence and size of each artifact, every byte decrypted, decompressed, digested, and read as
 * its kind reads it; then compared with the newest verified backup before it. Writes signed evidence, also when the backup is broken.
 * An event that comes again finds its evidence and does nothing. Throws what has fault "world" (try again) and {@link TooLargeForLambda};
 * neither says anything about the backup, so nothing is recorded.
 */
export async function verify<Native>(input: VerifyInput, ports: VerifyPorts<Native>, context: Context): Promise<VerifyOutcome> {
  const proof = recordedProof(ports.kind);
  const run = input.run ?? input.version ?? (await slotObjects(input, ports.list)).get(manifestKey(input))?.version ?? "none";
  const known = await findRun(proof, input, run, ports.list);
  if (known) return { state: "known", id: backupId(input), verdict: known, proof, findings: [] };
  const started = context.now();
  const { verdict, ...checked } = await examine(input, ports, context);
  const evidence: Evidence = {
    format: "holdfast-evidence/1",
    proof,
    verdict,
    source: input.source,
    slot: input.slot,
    manifest: checked.digest,
    run,
    at: context.now().toISOString(),
    seconds: (context.now().getTime() - started.getTime()) / 1000,
    holdfast: version,
    findings: checked.findings,
    details: checked.details,
  };
  await record(evidence, ports, { now: () => context.now(), signal: unhurried, progress: () => {} });
  return { state: "recorded", id: backupId(input), verdict, proof, findings: checked.findings };
}

export const verdictOf = (findings: readonly Finding[]): Verdict =>
  findings.some((f) => f.severity === "refuse") ? "failed" : findings.some((f) => f.severity === "doubt") ? "doubt" : "ok";

/** Two runners that took up one event at once may have told different verdicts; the worse one stands. */
async function findRun(proof: Proof, at: BackupId, run: string, list: StoreList): Promise<Verdict | undefined> {
  const found: Verdict[] = [];
  for await (const object of list.list(`${evidencePrefix(proof, at.source)}${at.slot}/`)) {
    const ref = parseEvidenceKey(object.key);
    if (ref && evidenceKey({ ...ref, run }) === object.key) found.push(ref.verdict);
  }
  return (["failed", "doubt", "ok"] as const).find((verdict) => found.includes(verdict));
}

/** What {@link verify} finds out about one backup. Records nothing. Throws as it does. */
export async function examine<Native>(input: VerifyInput, ports: ExaminePorts<Native>, context: Context): Promise<Examined> {
  const checked = await check(input, ports, context);
  return { ...checked, verdict: verdictOf(checked.findings) };
}

async function check<Native>(input: VerifyInput, ports: ExaminePorts<Native>, context: Context): Promise<Result & { digest: string }> {
  let loaded: Loaded | undefined;
  try {
    loaded = await loadManifest(input, ports, context.signal);
    const bytes = loaded.manifest.artifacts.reduce((sum, a) => sum + a.plain.bytes, 0);
    if (bytes > ports.fits)
      throw new TooLargeForLambda(
        `${backupId(input)} holds ${bytes} bytes, and a Lambda reads at most ${ports.fits} in its time`,
        "Run this source's verification where there is no time limit.",
      );
    const result = await readAll(loaded, ports, context);
    return { ...result, digest: loaded.digest };
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.fault !== "backup") throw error;
    context.signal.throwIfAborted(); // what was cut off looks broken to whoever read it
    const findings: Finding[] = [{ name: error.name, severity: "refuse", message: error.message, hint: error.hint }];
    return { findings, details: {}, digest: loaded?.digest ?? (await digestOf(input, ports, context)) };
  }
}

/** A manifest that could not be believed still has bytes, and the evidence against it must name them. */
async function digestOf(input: VerifyInput, ports: OpenPorts, context: Context): Promise<string> {
  const hash = createHash("sha256");
  const key = manifestKey(input);
  const version = input.version ?? (await slotObjects(input, ports.list)).get(key)?.version;
  for await (const chunk of ports.store.read({ key, ...(version === undefined ? {} : { version }) }, undefined, context.signal))
    hash.update(chunk);
  return hash.digest("hex");
}

async function readAll<Native>(loaded: Loaded, ports: ExaminePorts<Native>, context: Context): Promise<Result> {
  const { manifest } = loaded;
  const present = await slotObjects(manifest, ports.list);
  for (const artifact of manifest.artifacts) requirePresent(manifest, artifact, present);
  const seen = new Set<string>();
  const opened = openBackup(loaded, ports.kind, ports, context.signal, (name) => seen.add(name));
  const { findings: compared, with: previous } = await readBeside(opened, manifest, ports, context);
  const findings = [...manifest.findings.filter((f) => f.severity === "doubt"), ...compared];
  for (const { name } of opened.backup.artifacts) if (!seen.has(name)) await readThrough(opened.open(name), context);
  const plain = manifest.artifacts.reduce((sum, a) => sum + a.plain.bytes, 0);
  if (plain > lambdaFits("restore"))
    findings.push({
      name: "restore-needs-runner",
      severity: "note",
      message: `${plain} bytes are more than a Lambda loads in its time`,
      hint: "A restore of this backup is refused until a runner without a time limit exists; fetch and pg_restore by hand work.",
    });
  return {
    findings,
    details: {
      artifacts: manifest.artifacts.length,
      bytes: manifest.artifacts.reduce((sum, a) => sum + a.bytes, 0),
      plainBytes: plain,
      comparedWith: previous ?? "nothing",
    },
  };
}

async function readThrough(bytes: Bytes, context: Context): Promise<void> {
  for await (const chunk of bytes) {
    context.progress(chunk.length);
    free(chunk);
  }
}

/** A truncated or missing object is found before gigabytes are read. */
function requirePresent(manifest: Manifest, artifact: Artifact, present: ReadonlyMap<string, Stored>): void {
  const key = artifactKey(manifest, artifact.name, artifact.compressed);
  const found = present.get(key);
  if (!found) throw new ArtifactMissing(key);
  if (found.bytes !== artifact.bytes) throw new ArtifactTruncated(key, artifact.bytes, found.bytes);
}
