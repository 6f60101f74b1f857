import { z } from "zod";
import { type Census, KEYRING, RECOVERY_CONFIG, SEAL_CONFIG, STORED_KEYS } from "./census.ts";
import { SnapshotBroken, SnapshotHollow } from "./errors.ts";
import type { Native } from "./native.ts";
import { fieldsOf } from "./protobuf.ts";

/** As servers write it: `{"type":"shamir","secret_shares":3,"secret_threshold":2,…}`. */
const sealConfig = z.object({
  type: z.string().min(1).max(64),
  secret_shares: z.int().nonnegative(),
  secret_threshold: z.int().nonnegative(),
});

/** Fields of BlobInfo and of the KeyInfo inside. https://github.com/openbao/go-kms-wrapping/blob/main/types.proto */
const KEY_INFO = 5;
const KEY_ID = 3;

/** How a cluster that comes from these entries is unsealed. Throws {@link SnapshotHollow} where none can come. */
export function sealOf({ values }: Census): Native["seal"] {
  const missing = [KEYRING, SEAL_CONFIG].filter((key) => !values.get(key)?.length);
  const seal = configIn(values.get(SEAL_CONFIG), SEAL_CONFIG);
  // A seal that opens by itself has one key of its own; people hold recovery keys.
  const opens = seal !== undefined && seal.type !== "shamir";
  const recovery = opens ? configIn(values.get(RECOVERY_CONFIG), RECOVERY_CONFIG) : undefined;
  if (opens && !recovery) missing.push(RECOVERY_CONFIG);
  if (!seal || missing.length > 0) throw new SnapshotHollow(missing);
  const { secret_shares: shares, secret_threshold: threshold } = recovery ?? seal;
  return { type: seal.type, shares, threshold, ...(opens ? keyIn(values.get(STORED_KEYS)) : {}) };
}

function configIn(value: Buffer | undefined, key: string): z.infer<typeof sealConfig> | undefined {
  if (!value?.length) return undefined;
  try {
    return sealConfig.parse(JSON.parse(value.toString()));
  } catch (error) {
    throw new SnapshotBroken(`${key} does not tell how to unseal it`, { cause: error });
  }
}

/** The id that the seal's wrapper wrote beside the stored root key. Nothing where it is of another format (Enterprise's several seals) or empty. */
function keyIn(value: Buffer | undefined): { key?: string } {
  const info = bytesOf(value, KEY_INFO);
  const key = Buffer.from(bytesOf(info, KEY_ID) ?? []).toString();
  return /^[\x21-\x7e]{1,2048}$/.test(key) ? { key } : {};
}

function bytesOf(message: Uint8Array | undefined, number: number): Uint8Array | undefined {
  const value = message && fieldsOf(message)?.findLast((field) => field.number === number)?.value;
  return typeof value === "object" ? value : undefined;
}
