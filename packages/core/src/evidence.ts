import { z } from "zod";
import { BackupForged, ManifestInvalid } from "./backuperrors.ts";
import { pathed } from "./issues.ts";
import { type EvidenceRef, evidenceNames, slotSchema } from "./layout.ts";
import { checkSignature, sha256 } from "./manifest.ts";
import { finding } from "./ports/finding.ts";
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

/** Evidence is stored as a DSSE envelope, so that stock in-toto tools check it: https://github.com/secure-systems-lab/dsse */
const envelopeSchema = z.strictObject({
  payloadType: z.string(),
  payload: z.base64(),
  signatures: z.array(z.strictObject({ keyid: z.string(), sig: z.base64() })).length(1),
});
const payloadType = "application/vnd.holdfast.evidence+json";
/** Findings are few and short; 256 KiB holds thousands. */
export const evidenceLimit = 262_144;

/** Pre-authentication encoding: the type is signed with the body. */
function authenticated(payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
}

export async function encodeEvidence(evidence: Evidence, signer: Sign): Promise<Uint8Array> {
  const payload = Buffer.from(JSON.stringify(evidence));
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
  const { proof, verdict, source, slot, manifest } = parsed.data;
  if (proof !== ref.proof || verdict !== ref.verdict || source !== ref.source || slot !== ref.slot || !manifest.startsWith(ref.digest8))
    throw new BackupForged(`${what} was written for another backup, proof or verdict than its key says`);
  return parsed.data;
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  if (bytes.length > evidenceLimit) throw new ManifestInvalid(`${what} has ${bytes.length} bytes, over the limit of ${evidenceLimit}`);
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (cause) {
    throw new ManifestInvalid(`${what} is not JSON`, { cause });
  }
}
