import { DecryptCommand, EncryptCommand, type KMSClient, SignCommand } from "@aws-sdk/client-kms";
import { keyIdOf, type Sign } from "@holdfast/core";
import { kmsError } from "./errors.ts";

export type EncryptionContext = Record<string, string>;
/** What the age recipient and identity need: https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html (4 KiB at most). */
export type KmsCipher = {
  encrypt(keyId: string, plaintext: Uint8Array, context: EncryptionContext): Promise<Uint8Array>;
  decrypt(keyId: string, ciphertext: Uint8Array, context: EncryptionContext): Promise<Uint8Array>;
};

/** Throws {@link KeyUnavailable} when the key refuses, {@link KmsUnavailable} when KMS does not answer. */
export function kmsCipher(client: KMSClient, signal?: AbortSignal): KmsCipher {
  const options = signal ? { abortSignal: signal } : {};
  const call = async (action: string, keyId: string, send: () => Promise<Uint8Array | undefined>) => {
    try {
      return (await send()) ?? new Uint8Array();
    } catch (error) {
      throw kmsError(action, keyId, error);
    }
  };
  return {
    encrypt: (KeyId, Plaintext, EncryptionContext) =>
      call(
        "encrypt",
        KeyId,
        async () => (await client.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext }), options)).CiphertextBlob,
      ),
    decrypt: (KeyId, CiphertextBlob, EncryptionContext) =>
      call(
        "decrypt",
        KeyId,
        async () => (await client.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext }), options)).Plaintext,
      ),
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
        throw kmsError("sign", keyArn, error);
      }
    },
  };
}
