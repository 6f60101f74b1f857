import { z } from "zod";
import { BackupForged, ManifestInvalid } from "./backuperrors.ts";
import { pathed } from "./issues.ts";
import { type EvidenceRef, evidenceKey, evidenceNames, slotSchema } from "./layout.ts";
import { checkSignature, sha256 } from "./manifest.ts";
import { type Finding, finding } from "./ports/finding.ts";
import type { Sign, TrustedKeys } from "./ports/sign.ts";

export const evidenceSchema = z.strictObject({
  format: z.literal("holdfast-evidence/1"),
  proof: z.enum(evidenceNames),
  verdict: z.enum(["ok", "doubt", "failed"]),
  source: z.string(),
  slot: slotSchema,
  /** SHA-256 of the manifest; evidence counts for nothing else. */
  manifest: z.string().regex(/^[0-9a-f]{64}$/),
  /** What asked for it: the event's manifest version, the execution, the person. */
  run: z.string(),
  at: z.iso.datetime(),
  seconds: z.number(),
  holdfast: z.string(),
  findings: z.array(finding),
  /** Numbers and words that a person wants beside the verdict. Never a name or a row from inside the backup. */
  details: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type Evidence = z.infer<typeof evidenceSchema>;

/** Only the one spelling of its bytes, so that no bit of an envelope can change unnoticed. */
const base64 = z.base64().refine((text) => Buffer.from(text, "base64").toString("base64") === text, "is not canonical base64");
/** Evidence is stored as a DSSE envelope, so that stock in-toto tools check it: https://github.com/secure-systems-lab/dsse */
const envelopeSchema = z.strictObject({
  payloadType: z.string(),
  payload: base64,
  signatures: z.array(z.strictObject({ keyid: z.string(), sig: base64 })).length(1),
});
const payloadType = "application/vnd.holdfast.evidence+json";
/** Findings are few and short; 256 KiB holds thousands. */
export const evidenceLimit = 262_144;
/** What base64 and the envelope leave of it for findings. */
const findingsLimit = 180_000;

/** Pre-authentication encoding: the type is signed with the body. */
function authenticated(payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
}

const weights = { refuse: 0, doubt: 1, note: 2 } as const;
const size = (found: Finding) => Buffer.byteLength(JSON.stringify(found));

/** All of them where they fit; else the gravest that do, and how many are missing: evidence over the limit would count for nothing. */
function fitting(findings: readonly Finding[]): readonly Finding[] {
  if (findings.reduce((sum, found) => sum + size(found), 0) <= findingsLimit) return findings;
  const kept: Finding[] = [];
  let room = findingsLimit;
  for (const found of findings.toSorted((a, b) => weights[a.severity] - weights[b.severity])) {
    const brief = { ...found, name: found.name.slice(0, 100), message: found.message.slice(0, 1000), hint: found.hint.slice(0, 1000) };
    room -= size(brief);
    if (room < 0) break;
    kept.push(brief);
  }
  const left = findings.length - kept.length;
  const hint = "Correct those that are listed first; the next verification lists the others.";
  return [...kept, { name: "findings-left-out", severity: "note", message: `${left} further findings did not fit`, hint }];
}

/** The envelope as it is stored. Findings that would take it over the limit are counted instead of listed. */
export async function encodeEvidence(evidence: Evidence, signer: Sign): Promise<Uint8Array> {
  const payload = Buffer.from(JSON.stringify({ ...evidence, findings: fitting(evidence.findings) }));
  const signature = Buffer.from(await signer.sign(sha256(authenticated(payload))));
  return Buffer.from(
    `${JSON.stringify({ payloadType, payload: payload.toString("base64"), signatures: [{ keyid: signer.keyId, sig: signature.toString("base64") }] })}\n`,
  );
}

/** Parses and checks evidence found under the key of `ref`. Throws {@link ManifestInvalid} or {@link BackupForged}. */
export function readEvidence(bytes: Uint8Array, ref: EvidenceRef, trusted: TrustedKeys): Evidence {
  const what = `the evidence ${ref.proof} of ${ref.source}/${ref.slot}`;
  const envelope = envelopeSchema.safeParse(parseJson(bytes, what));
  if (!envelope.success || envelope.data.payloadType !== payloadType) throw new ManifestInvalid(`${what} is no evidence envelope`);
  const [signature] = envelope.data.signatures;
  const payload = Buffer.from(envelope.data.payload, "base64");
  checkSignature(authenticated(payload), Buffer.from(signature?.sig ?? "", "base64"), signature?.keyid ?? "", trusted, what);
  const parsed = evidenceSchema.safeParse(parseJson(payload, what));
  if (!parsed.success) throw new ManifestInvalid(`${what} is malformed: ${pathed(parsed.error).join("; ")}`, { cause: parsed.error });
  if (evidenceKey({ ...parsed.data, digest8: parsed.data.manifest.slice(0, 8) }) !== evidenceKey(ref))
    throw new BackupForged(`${what} was written for another backup, proof, verdict or run than its key says`);
  return parsed.data;
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  if (bytes.length > evidenceLimit) throw new ManifestInvalid(`${what} has ${bytes.length} bytes, over the limit of ${evidenceLimit}`);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ManifestInvalid(`${what} is not JSON`, { cause });
  }
}
