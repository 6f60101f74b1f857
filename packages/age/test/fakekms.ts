import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { KmsClient } from "../src/kms.ts";

class KmsError extends Error {
  constructor(name: string) {
    super(name);
    this.name = name;
  }
}

/**
 * Symmetric keys as KMS documents them (https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html): the context is authenticated
 * and must be given again exactly; a disabled key refuses both calls; a key that is named and not the ciphertext's own is refused.
 * With `lenient` it behaves as MiniStack does with a changed ciphertext: it answers with other bytes.
 */
export class FakeKms implements KmsClient {
  readonly #keys = new Map<string, { secret: Buffer; enabled: boolean }>();
  readonly calls: { call: "encrypt" | "decrypt"; keyId: string; context: Record<string, string> }[] = [];
  lenient = false;

  addKey(keyId: string, secret: Buffer = randomBytes(32)): Buffer {
    this.#keys.set(keyId, { secret, enabled: true });
    return secret;
  }

  disable(keyId: string): void {
    this.#usable(keyId).enabled = false;
  }

  async encrypt(keyId: string, plaintext: Uint8Array, context: Record<string, string>): Promise<Uint8Array> {
    this.calls.push({ call: "encrypt", keyId, context });
    if (plaintext.length < 1 || plaintext.length > 4096) throw new KmsError("ValidationException");
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#usable(keyId).secret, iv).setAAD(canonical(context));
    return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  async decrypt(keyId: string, ciphertext: Uint8Array, context: Record<string, string>): Promise<Uint8Array> {
    this.calls.push({ call: "decrypt", keyId, context });
    const { secret } = this.#usable(keyId);
    const decipher = createDecipheriv("aes-256-gcm", secret, ciphertext.subarray(0, 12)).setAAD(canonical(context));
    const plaintext = decipher.update(ciphertext.subarray(12, -16));
    if (this.lenient) return plaintext;
    try {
      decipher.setAuthTag(ciphertext.subarray(-16)).final();
    } catch {
      throw new KmsError("InvalidCiphertextException");
    }
    return plaintext;
  }

  #usable(keyId: string): { secret: Buffer; enabled: boolean } {
    const key = this.#keys.get(keyId);
    if (key === undefined) throw new KmsError("NotFoundException");
    if (!key.enabled) throw new KmsError("DisabledException");
    return key;
  }
}

const canonical = (context: Record<string, string>): Buffer => Buffer.from(JSON.stringify(Object.entries(context).sort()));
