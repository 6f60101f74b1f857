import type { z } from "zod";
import { CaptureInvalid, PreflightRefused } from "./backuperrors.ts";
import { pathed } from "./issues.ts";
import {
  artifactKey,
  type BackupId,
  backupId,
  begunKey,
  evidencePrefix,
  isBegunKey,
  manifestKey,
  noManifest,
  parseBackupKey,
  parseEvidenceKey,
  parseManifestKey,
  signatureKey,
  slotId,
  slotPrefix,
  slotTime,
  sourcePrefix,
} from "./layout.ts";
import { type Artifact, encodeManifest, type Manifest, manifestSchema, sha256 } from "./manifest.ts";
import type { Bytes } from "./ports/bytes.ts";
import type { Context } from "./ports/context.ts";
import { ObjectExists } from "./ports/errors.ts";
import type { Finding } from "./ports/finding.ts";
import type { Kind } from "./ports/kind.ts";
import type { Seal } from "./ports/seal.ts";
import type { Sign } from "./ports/sign.ts";
import type { Capture, Produced } from "./ports/source.ts";
import type { StoreCreate, StoreList } from "./ports/store.ts";
import { once, record } from "./record.ts";
import { version } from "./version.ts";

export type BackupInput = { source: string; at: Date; attempt: string; trigger: Manifest["trigger"] };
export type BackupPorts<Native> = {
  kind: Pick<Kind<unknown, Native>, "name" | "native">;
  capture: Capture<Native>;
  seal: Seal;
  sign: Sign;
  list: StoreList;
  create: StoreCreate;
};
export type BackupOutcome = {
  state: "made" | "exists" | "pending" | "lost";
  id: string;
  bytes?: number;
  artifacts?: number;
  note?: string;
  findings?: readonly Finding[];
};

/**
 * Makes the backup of one slot. Finding it made already is success; of two attempts at once the first manifest wins.
 * Throws {@link PreflightRefused}, what the source throws, and what the store throws; none of them leaves a manifest or an open upload.
 */
export async function backup<Native>(input: BackupInput, ports: BackupPorts<Native>, context: Context): Promise<BackupOutcome> {
  const at: BackupId = { source: input.source, slot: slotId(input.at) };
  const { made, begun } = await lookAt(at, ports.list);
  if (made) return { state: "exists", id: backupId(at) };
  const started = context.now();
  const found = await ports.capture.preflight(context);
  requireNoRefusal(input.source, found);
  context.signal.throwIfAborted();
  const captured = await ports.capture.capture({ source: input.source, at: input.at, attempt: input.attempt, begun }, context);
  if (captured.state === "pending") {
    if (!begun) await noteBegun({ ...at, attempt: input.attempt }, ports, context);
    return { state: "pending", id: backupId(at), note: captured.note };
  }
  if (captured.state === "lost") return await recordLoss(at, captured.finding, ports, context);

  const artifacts: Artifact[] = [];
  for await (const produced of captured.artifacts) artifacts.push(await store(produced, { ...at, attempt: input.attempt }, ports, context));
  const native = fitting(input.source, ports.kind.native, await captured.native());
  requireNoRefusal(input.source, captured.findings);
  const findings = [...found, ...captured.findings];
  const manifest = fitting(input.source, manifestSchema, {
    format: "holdfast-manifest/1",
    source: at.source,
    kind: ports.kind.name,
    slot: at.slot,
    attempt: input.attempt,
    trigger: input.trigger,
    started: started.toISOString(),
    finished: context.now().toISOString(),
    holdfast: version,
    recipients: [...ports.seal.recipients],
    signedBy: ports.sign.keyId,
    artifacts,
    findings,
    native,
  } satisfies Record<keyof Manifest, unknown>);
  context.signal.throwIfAborted();
  const state = await commit(manifest, ports, context);
  return { state, id: backupId(at), artifacts: artifacts.length, bytes: artifacts.reduce((sum, a) => sum + a.bytes, 0), findings };
}

/**
 * Commits what was begun earlier and is finished now: captures each slot again that has no manifest, oldest first, also those of which the source
 * knows nothing any more. Twice is harmless. One slot that fails does not hold up the others; the first error is thrown after the last.
 */
export async function finishBegun<Native>(
  input: { source: string; attempt(): string; trigger(at: Date): BackupInput["trigger"] },
  ports: BackupPorts<Native>,
  context: Context,
): Promise<BackupOutcome[]> {
  const known = (await ports.capture.begun?.(input.source, context)) ?? [];
  const begun = new Map([...known, ...(await unfinished(input.source, ports.list))].map((at) => [at.getTime(), at]));
  const outcomes: BackupOutcome[] = [];
  const failures: unknown[] = [];
  for (const at of [...begun.values()].toSorted((a, b) => a.getTime() - b.getTime())) {
    context.signal.throwIfAborted();
    try {
      outcomes.push(await backup({ source: input.source, at, attempt: input.attempt(), trigger: input.trigger(at) }, ports, context));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return outcomes;
}

/** Evidence that the slot will never have a backup, once; its event tells people. There is no manifest that it could name. */
async function recordLoss<Native>(at: BackupId, finding: Finding, ports: BackupPorts<Native>, context: Context): Promise<BackupOutcome> {
  const outcome: BackupOutcome = { state: "lost", id: backupId(at), note: `${finding.message}. ${finding.hint}`, findings: [finding] };
  for await (const _known of ports.list.list(`${evidencePrefix("lost", at.source)}${at.slot}/`)) return outcome;
  await record(
    {
      format: "holdfast-evidence/1",
      proof: "lost",
      verdict: "failed",
      ...at,
      manifest: noManifest,
      run: at.slot,
      at: context.now().toISOString(),
      seconds: 0,
      holdfast: version,
      findings: [finding],
      details: {},
    },
    ports,
    context,
  );
  return outcome;
}

function requireNoRefusal(source: string, findings: readonly Finding[]): void {
  const refused = findings.filter((f) => f.severity === "refuse");
  if (refused.length > 0) throw new PreflightRefused(source, refused);
}

/** What a kind hands over is checked like any other input: better no backup than one that nobody can read. */
function fitting<T extends z.ZodType>(source: string, schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CaptureInvalid(source, pathed(parsed.error), { cause: parsed.error });
}

/** By listing, because a writer may list its own prefix and read nothing. */
async function lookAt(at: BackupId, { list }: StoreList): Promise<{ made: boolean; begun: Date | undefined }> {
  const found: { made: boolean; begun: Date | undefined } = { made: false, begun: undefined };
  for await (const object of list(slotPrefix(at))) {
    if (object.key === manifestKey(at)) found.made = true;
    if (isBegunKey(object.key) && (!found.begun || object.at < found.begun)) found.begun = object.at;
  }
  return found;
}

/** Slots that were begun, and have neither a manifest nor evidence that they are lost. */
async function unfinished(source: string, { list }: StoreList): Promise<Date[]> {
  const open = new Set<string>();
  const made = new Set<string>();
  for await (const { key } of list(sourcePrefix(source))) {
    if (isBegunKey(key)) open.add(parseBackupKey(key)?.slot ?? "");
    const manifest = parseManifestKey(key);
    if (manifest) made.add(manifest.slot);
  }
  for (const slot of made) open.delete(slot);
  if (open.size > 0) for await (const { key } of list(evidencePrefix("lost", source))) open.delete(parseEvidenceKey(key)?.slot ?? "");
  return [...open].flatMap((slot) => slotTime(slot) ?? []);
}

async function noteBegun<Native>(at: BackupId & { attempt: string }, { create }: BackupPorts<Native>, context: Context): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify({ ...at, begun: context.now().toISOString() })}\n`);
  await create.create(begunKey(at), once(bytes), context, bytes.length);
}

async function store<Native>(
  produced: Produced,
  at: BackupId & { attempt: string },
  ports: BackupPorts<Native>,
  context: Context,
): Promise<Artifact> {
  produced.done.catch(() => {}); // it also reaches us through `gated`; a rejection before that must not end the process
  const { body, sealed } = ports.seal.seal(gated(produced), at, {
    compress: produced.compress,
    progress: (bytes) => context.progress(bytes),
  });
  sealed.catch(() => {});
  await ports.create.create(artifactKey(at, produced.name, produced.compress), body, context);
  return { name: produced.name, compressed: produced.compress, ...(await sealed) };
}

/** The last chunk is followed by the verdict of whoever made the bytes: a dump that died must not end an upload well. */
async function* gated(produced: Produced): Bytes {
  yield* produced.bytes;
  await produced.done;
}

/** Signature first: whoever finds a manifest finds all that it names. */
async function commit<Native>(manifest: Manifest, ports: BackupPorts<Native>, context: Context): Promise<"made" | "exists"> {
  const bytes = encodeManifest(manifest);
  await ports.create.create(signatureKey(manifest), once(await ports.sign.sign(sha256(bytes))), context);
  try {
    await ports.create.create(manifestKey(manifest), once(bytes), context, bytes.length);
    return "made";
  } catch (error) {
    if (error instanceof ObjectExists) return "exists";
    throw error;
  }
}
