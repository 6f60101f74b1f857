import type { Keys } from "./keys.ts";
import type { Statement } from "./role.ts";

type At = { bucket: aws.s3.Bucket; keys: Keys };

/**
 * What a function needs that opens backups of certain sources and records what it found as one proof of its own: nobody else decrypts, and
 * nobody writes two proofs. What it may read beside backups is its own affair. `files`: whether there is anything to decrypt.
 */
export function prover(at: At, sources: string[], proof: "present" | "readable" | "restored", files: boolean) {
  const statements: Statement[] = [
    {
      sid: "ListBackupsAndEvidence",
      actions: ["s3:ListBucketVersions"],
      resources: [at.bucket.arn],
      conditions: { StringLike: { "s3:prefix": sources.flatMap((source) => [`backups/${source}/*`, `evidence/*/${source}/*`]) } },
    },
    {
      sid: "RecordProof",
      actions: ["s3:PutObject"],
      resources: sources.map((source) => $interpolate`${at.bucket.arn}/evidence/${proof}/${source}/*`),
    },
    ...(files
      ? [
          {
            sid: "UnwrapFileKeys",
            actions: ["kms:Decrypt"],
            resources: [at.keys.envelope],
            conditions: { StringEquals: { "kms:EncryptionContext:source": sources } },
          },
        ]
      : []),
    { sid: "SignProof", actions: ["kms:Sign"], resources: [at.keys.proof.arn] },
  ];
  const environment = {
    HOLDFAST_BUCKET: at.bucket.bucket,
    HOLDFAST_ENVELOPE_KEY: at.keys.envelope,
    HOLDFAST_MANIFEST_PEM: at.keys.manifest.pem,
    HOLDFAST_SIGNING_KEY: at.keys.proof.arn,
    HOLDFAST_SIGNING_PEM: at.keys.proof.pem,
  };
  return { statements, environment };
}
