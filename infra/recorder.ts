import type { EvidenceName } from "@holdfast/core";
import type { Keys } from "./keys.ts";
import type { Statement } from "./role.ts";

export type RecorderAt = { bucket: aws.s3.Bucket; keys: Keys };

/** What a function needs that looks at certain sources and records what it found as one proof of its own: nobody writes two. */
export function recorder({ bucket, keys }: RecorderAt, sources: string[], proof: EvidenceName) {
  const statements: Statement[] = [
    {
      sid: "ListBackupsAndEvidence",
      actions: ["s3:ListBucketVersions"],
      resources: [bucket.arn],
      conditions: { StringLike: { "s3:prefix": sources.flatMap((source) => [`backups/${source}/*`, `evidence/*/${source}/*`]) } },
    },
    {
      sid: "RecordProof",
      actions: ["s3:PutObject"],
      resources: sources.map((source) => $interpolate`${bucket.arn}/evidence/${proof}/${source}/*`),
    },
    { sid: "SignProof", actions: ["kms:Sign"], resources: [keys.proof.arn] },
  ];
  const environment = {
    HOLDFAST_BUCKET: bucket.bucket,
    HOLDFAST_MANIFEST_PEM: keys.manifest.pem,
    HOLDFAST_SIGNING_KEY: keys.proof.arn,
    HOLDFAST_SIGNING_PEM: keys.proof.pem,
  };
  return { statements, environment };
}

/** What a manifest says, and that it is signed; no file that it names. */
export const readManifests = ({ bucket }: RecorderAt, source: string): Statement => ({
  sid: "ReadManifests",
  actions: ["s3:GetObjectVersion"],
  resources: ["manifest.json", "manifest.sig"].map((file) => $interpolate`${bucket.arn}/backups/${source}/*/${file}`),
});
