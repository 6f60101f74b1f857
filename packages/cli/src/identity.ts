import { readFile } from "node:fs/promises";
import { createUnseal, parseIdentities } from "@holdfast/age";
import { HoldfastError, type Unseal } from "@holdfast/core";
import { FileUnusable, KeyMissing } from "./errors.ts";
import type { Place } from "./place.ts";

/** Opens files with the offline keys in a file, as `holdfast keygen` and `age-keygen` write it, and with nothing else. */
export async function unsealWith(identityFile: string): Promise<Unseal> {
  let text: string;
  try {
    text = await readFile(identityFile, "utf8");
  } catch (cause) {
    throw new FileUnusable(`the identity file ${identityFile} cannot be read`, "It is the file that `holdfast keygen` wrote.", { cause });
  }
  return createUnseal({ identities: parseIdentities(text) });
}

/** Opens files with the deployment's envelope key, by the rights of whoever runs the command. Throws {@link KeyMissing} with the other way. */
export async function unsealByKms(place: Place): Promise<Unseal> {
  try {
    const keys = [await place.cloud.keys.arnOf(`alias/${place.name("envelope")}`)];
    return createUnseal({ kms: { client: place.cloud.keys.cipher, keys } });
  } catch (cause) {
    if (!(cause instanceof HoldfastError)) throw cause;
    throw new KeyMissing(
      `no offline key was given, and KMS does not open the backup: ${cause.message}`,
      `${cause.hint} Or open it with the file that \`holdfast keygen\` wrote: --offline-key FILE.`,
      { cause },
    );
  }
}
