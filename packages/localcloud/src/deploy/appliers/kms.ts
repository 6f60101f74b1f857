import { CreateAliasCommand, CreateKeyCommand, EnableKeyRotationCommand, GetPublicKeyCommand } from "@aws-sdk/client-kms";
import { z } from "zod";
import { type Applier, applier, type Site } from "./applier.ts";

const key = applier({
  type: "aws:kms/key:Key",
  inputs: z.strictObject({
    description: z.string().optional(),
    keyUsage: z.enum(["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC"]).optional(),
    customerMasterKeySpec: z.string().optional(),
    multiRegion: z.boolean().optional(),
    enableKeyRotation: z.boolean().optional(),
    policy: z.string().optional(),
  }),
  ignores: {
    deletionWindowInDays: "nothing deletes a key here; the local AWS forgets everything when it stops",
    tags: "nothing reads a key's tags",
  },
  differs: ["A tampered ciphertext may decrypt to wrong bytes instead of failing.", "A multi-Region key exists in one region."],
  async make({ inputs, site }) {
    const { kms } = site.clients;
    const { KeyMetadata } = await kms.send(
      new CreateKeyCommand({
        Description: inputs.description,
        KeyUsage: inputs.keyUsage,
        KeySpec: inputs.customerMasterKeySpec as "ECC_NIST_P256" | undefined,
        MultiRegion: inputs.multiRegion,
        Policy: inputs.policy,
      }),
    );
    const keyId = KeyMetadata?.KeyId;
    if (!keyId || !KeyMetadata?.Arn) throw new Error("CreateKey answered without a key");
    if (inputs.enableKeyRotation) await kms.send(new EnableKeyRotationCommand({ KeyId: keyId }));
    return { id: keyId, keyId, arn: KeyMetadata.Arn };
  },
});

const alias = applier({
  type: "aws:kms/alias:Alias",
  inputs: z.strictObject({ name: z.string(), targetKeyId: z.string() }),
  async make({ inputs, site }) {
    await site.clients.kms.send(new CreateAliasCommand({ AliasName: inputs.name, TargetKeyId: inputs.targetKeyId }));
    return undefined;
  },
});

/** PEM of a key's public half. */
export async function publicKey(keyId: string, { clients }: Site): Promise<string> {
  const { PublicKey } = await clients.kms.send(new GetPublicKeyCommand({ KeyId: keyId }));
  const lines =
    Buffer.from(PublicKey ?? [])
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN PUBLIC KEY-----\n${lines.join("\n")}\n-----END PUBLIC KEY-----\n`;
}

export const kms: Applier[] = [key, alias];
