import { createPublicKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { keyIdOf, type TrustedKeys } from "@holdfast/core";
import { FileUnusable } from "./errors.ts";
import type { Place } from "./place.ts";

/** The deployment's own signing keys, asked of KMS and never of a store, and those that the plan lists. */
export async function deployedKeys(place: Place): Promise<TrustedKeys> {
  const pems = await Promise.all(
    ["manifest", "proof"].map(async (key) => (await place.cloud.keys.publicKey(`alias/${place.name(key)}`)).pem),
  );
  return { ...place.plan.trust, ...byId(pems) };
}

/** Keys that a person brings along when AWS cannot be asked. Throws {@link FileUnusable}. */
export async function keysIn(files: readonly string[]): Promise<TrustedKeys> {
  return byId(await Promise.all(files.map(readKey)));
}

const byId = (pems: readonly string[]): TrustedKeys => Object.fromEntries(pems.map((pem) => [keyIdOf(pem), pem]));

async function readKey(file: string): Promise<string> {
  const hint = "It is keys/{key id}.pem of any store, compared with what you wrote down when you deployed.";
  try {
    return createPublicKey(await readFile(file))
      .export({ type: "spki", format: "pem" })
      .toString();
  } catch (cause) {
    throw new FileUnusable(`${file} is no public key in PEM`, hint, { cause });
  }
}
