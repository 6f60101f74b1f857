import { type Deployment, logical } from "./deployment.ts";

export type SigningKey = { arn: $util.Output<string>; pem: $util.Output<string> };
export type Keys = { envelope: $util.Output<string>; manifest: SigningKey; proof: SigningKey };

/**
 * Three keys: `envelope` wraps the key of each file (multi-Region, so that a replica survives the loss of this region), `manifest` and
 * `proof` sign. Use is given by roles alone; the key policies only let the account's own IAM decide.
 */
export function keys(d: Deployment): Keys {
  const policy = $jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "LetIamDecide",
        Effect: "Allow",
        Principal: { AWS: $interpolate`arn:aws:iam::${d.account}:root` },
        Action: "kms:*",
        Resource: "*",
      },
    ],
  });
  const key = (name: string, args: aws.kms.KeyArgs) => {
    const made = new aws.kms.Key(
      logical(name, "key"),
      { ...args, policy, deletionWindowInDays: 30 },
      { retainOnDelete: d.keep, protect: d.keep },
    );
    new aws.kms.Alias(logical(name, "alias"), { name: `alias/${d.name(name)}`, targetKeyId: made.keyId });
    return made;
  };
  const signing = (name: string): SigningKey => {
    const made = key(name, {
      description: `Holdfast signs each ${name} with it`,
      keyUsage: "SIGN_VERIFY",
      customerMasterKeySpec: "ECC_NIST_P256",
    });
    return { arn: made.arn, pem: aws.kms.getPublicKeyOutput({ keyId: made.arn }).publicKeyPem };
  };
  const envelope = key("envelope", {
    description: "Holdfast wraps the key of each backup file with it",
    multiRegion: true,
    enableKeyRotation: true,
  });
  return { envelope: envelope.arn, manifest: signing("manifest"), proof: signing("proof") };
}
