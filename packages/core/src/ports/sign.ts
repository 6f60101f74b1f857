/** Signs with one KMS key (ECDSA P-256, SHA-256). Only the digest travels. */
export interface Sign {
  /** The id that manifests and evidence name, and `keys/{id}.pem` holds: first 16 hexadecimal digits of the SHA-256 of the public key's DER. */
  readonly keyId: string;
  /** `digest`: 32 bytes. Returns a DER-encoded signature. */
  sign(digest: Uint8Array): Promise<Uint8Array>;
}
/** Public keys that a reader trusts, by key id, as PEM. They come from the plan and the deployment, never from the store. */
export type TrustedKeys = Readonly<Record<string, string>>;
