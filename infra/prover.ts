import { recorder, type RecorderAt } from "./recorder.ts";
import type { Statement } from "./role.ts";

/**
 * What a function needs that opens backups of certain sources and records what it found: nobody else decrypts. What it may read beside backups is
 * its own affair. `files`: whether there is anything to decrypt.
 */
export function prover(at: RecorderAt, sources: string[], proof: "present" | "readable" | "restored", files: boolean) {
  const { statements, environment } = recorder(at, sources, proof);
  const decrypt: Statement = {
    sid: "UnwrapFileKeys",
    actions: ["kms:Decrypt"],
    resources: [at.keys.envelope],
    conditions: { StringEquals: { "kms:EncryptionContext:source": sources } },
  };
  return {
    statements: files ? [...statements, decrypt] : statements,
    environment: { ...environment, HOLDFAST_ENVELOPE_KEY: at.keys.envelope },
  };
}
