import { recorder, type RecorderAt } from "./recorder.ts";
import type { Statement } from "./role.ts";

/**
 * What a function needs that opens backups of certain sources and records what it found: nobody else decrypts, but for the sample of copies. What it may read beside backups is
 * its own affair. `files`: whether there is anything to decrypt.
 */
export function prover(at: RecorderAt, sources: string[], proof: "present" | "readable" | "restored", files: boolean) {
  const { statements, environment } = recorder(at, sources, proof);
  const opens = opener(at, sources);
  return {
    statements: files ? [...statements, ...opens.statements] : statements,
    environment: { ...environment, ...opens.environment },
  };
}

/** What opens files of certain sources, and of no other: KMS is asked for a file's key with the source that it was sealed for. */
export function opener({ keys }: RecorderAt, sources: string[]) {
  const decrypt: Statement = {
    sid: "UnwrapFileKeys",
    actions: ["kms:Decrypt"],
    resources: [keys.envelope],
    conditions: { StringEquals: { "kms:EncryptionContext:source": sources } },
  };
  return { statements: [decrypt], environment: { HOLDFAST_ENVELOPE_KEY: keys.envelope } };
}
