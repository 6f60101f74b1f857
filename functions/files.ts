import { createSeal, createUnseal, createUnsealRange } from "@holdfast/age";
import type { Seal, Store, Unseal, UnsealRange } from "@holdfast/core";
import { s3 } from "@holdfast/stores/s3/kind.ts";
import { open } from "@holdfast/stores/s3/open.ts";
import { cipher, identity, secrets } from "./clients.ts";
import { environment } from "./environment.ts";

let opened: Promise<Store> | undefined;
export const now = (): Date => new Date();

/** The primary store. A verb takes from it only the ports that it needs, and the role, its only credential, allows no more. */
export function primary(): Promise<Store> {
  opened ??= open(s3.config.parse({ bucket: environment.HOLDFAST_BUCKET }) as Parameters<typeof open>[0], {
    secrets,
    identity,
    region: environment.AWS_REGION,
    use: "read",
    now,
  });
  return opened;
}

/** Seals for the plan's offline keys and for KMS, which opens without a stored secret inside the account. */
export const sealing = (offlineKeys: readonly string[]): Seal =>
  createSeal({ offlineKeys, kms: { client: cipher, keyId: environment.HOLDFAST_ENVELOPE_KEY } });
const byKms = () => ({ kms: { client: cipher, keys: [environment.HOLDFAST_ENVELOPE_KEY] } });
export const opening = (): Unseal => createUnseal(byKms());
export const openingRanges = (): UnsealRange => createUnsealRange(byKms());
