import { DecryptCommand, EncryptCommand, type KMSClient, SignCommand } from "@aws-sdk/client-kms";
import { keyIdOf, type Sign } from "@holdfast/core";
import { NotSigned } from "./errors.ts";

export type EncryptionContext = Record<string, string>;
/**
 * What the age recipient and identity need: https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html (4 KiB at most).
 * Errors are the SDK's own: whether a refusal judges the file or the role is for the one who knows the file.
 */
export type KmsCipher = {
  encrypt(keyId: string, plaintext: Uint8Array, context: EncryptionContext): Promise<Uint8Array>;
  decrypt(keyId: string, ciphertext: Uint8Array, context: EncryptionContext): Promise<Uint8Array>;
};

export function kmsCipher(client: KMSClient): KmsCipher {
  return {
    async encrypt(KeyId, Plaintext, EncryptionContext) {
      return (await client.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext }))).CiphertextBlob ?? new Uint8Array();
    },
    async decrypt(KeyId, CiphertextBlob, EncryptionContext) {
      return (await client.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext }))).Plaintext ?? new Uint8Array();
    },
  };
}

/** Signs with one asymmetric key whose public half is known from the deployment. */
export function kmsSign(client: KMSClient, keyArn: string, publicKeyPem: string): Sign {
  return {
    keyId: keyIdOf(publicKeyPem),
    async sign(digest) {
      try {
        const answer = await client.send(
          new SignCommand({ KeyId: keyArn, Message: digest, MessageType: "DIGEST", SigningAlgorithm: "ECDSA_SHA_256" }),
        );
        return answer.Signature ?? new Uint8Array();
      } catch (error) {
        throw new NotSigned(keyArn, { cause: error });
      }
    },
  };
}
