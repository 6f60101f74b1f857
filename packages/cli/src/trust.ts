import { createHash, createPublicKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { BackupForged, keyIdOf, type Store, type TrustedKeys, whole } from "@holdfast/core";
import { FileUnusable, KeyUntrusted } from "./errors.ts";
import type { Place } from "./place.ts";

/** `trust`: files. `trustKey`: ids or SHA-256 of keys, of 16 to 64 hexadecimal digits. */
export type TrustOptions = { trust?: string[]; trustKey?: string[]; from?: string };
type Reading = Pick<Store, "read" | "list">;

/**
 * The keys whose signatures count: those that a person brings or names, and those of the plan. Without `from` and without any that were brought
 * also the deployment's own, by KMS. A copy is read where AWS may be gone, so there nothing is asked of it. Throws {@link FileUnusable}, {@link KeyUntrusted}.
 */
export async function trustedKeys(options: TrustOptions, place: Place, store: Reading, cwd: string): Promise<TrustedKeys> {
  const brought = await broughtKeys(options, store, cwd);
  const known = { ...place.plan.trust, ...brought };
  return options.from === undefined && Object.keys(brought).length === 0 ? await deployedKeys(place) : known;
}

export async function broughtKeys({ trust = [], trustKey = [] }: TrustOptions, store: Reading, cwd: string): Promise<TrustedKeys> {
  const files = await Promise.all(trust.map((file) => readKey(path.resolve(cwd, file))));
  return byId([...files, ...(await Promise.all(trustKey.map((id) => namedKey(id, store))))]);
}

/** The deployment's own signing keys, asked of KMS and never of a store, and those that the plan lists. */
export async function deployedKeys(place: Place): Promise<TrustedKeys> {
  const pems = await Promise.all(
    ["manifest", "proof"].map(async (key) => (await place.cloud.keys.publicKey(`alias/${place.name(key)}`)).pem),
  );
  return { ...place.plan.trust, ...byId(pems) };
}

const byId = (pems: readonly string[]): TrustedKeys => Object.fromEntries(pems.map((pem) => [keyIdOf(pem), pem]));
/** SHA-256 of the key's DER (SubjectPublicKeyInfo), of which the id is the beginning. */
const sha256Of = (pem: string): string =>
  createHash("sha256")
    .update(createPublicKey(pem).export({ type: "spki", format: "der" }))
    .digest("hex");

async function readKey(file: string): Promise<string> {
  const hint = "It is keys/{key id}.pem of any store, compared with what you wrote down when you deployed.";
  try {
    return pemOf(await readFile(file));
  } catch (cause) {
    throw new FileUnusable(`${file} is no public key in PEM`, hint, { cause });
  }
}
const pemOf = (bytes: Uint8Array): string => createPublicKey(Buffer.from(bytes)).export({ type: "spki", format: "pem" }).toString();

/** The key that a person named, wherever it lies: what was named is a digest of it. */
async function namedKey(id: string, store: Reading): Promise<string> {
  const found = await keysIn(store);
  const named = found.find(({ sha256 }) => sha256.startsWith(id));
  if (named) return named.pem;
  throw new KeyUntrusted(`the store holds no key ${id}`, `${listed(found)} Or bring the key itself: --trust FILE.`);
}

type Found = { sha256: string; pem: string };
const pemLimit = 4096;
/** Whatever lies in `keys/` there and is a key, whatever it is called. Nothing is believed of it. */
async function keysIn(store: Reading): Promise<Found[]> {
  const found: Found[] = [];
  for await (const object of store.list.list("keys/")) {
    const pem = await whole(store.read.read({ key: object.key }), pemLimit)
      .then(pemOf)
      .catch(() => undefined);
    if (pem !== undefined) found.push({ sha256: sha256Of(pem), pem });
  }
  return found;
}
const listed = (found: readonly Found[]): string =>
  found.length === 0 ? "There is none at all." : `Those there have the SHA-256 ${found.map(({ sha256 }) => sha256).join(" and ")}.`;

/**
 * Does the work, and where a key that nobody trusts is in its way says which ones lie in the store, and how a person answers for them: they
 * compare. Throws {@link KeyUntrusted}.
 */
export async function explained<T>(store: Reading, trusted: TrustedKeys, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof BackupForged) || cause.untrusted === undefined) throw cause;
    const unknown = (await keysIn(store)).filter(({ pem }) => !Object.hasOwn(trusted, keyIdOf(pem)));
    throw new KeyUntrusted(cause.message.replace("the plan does not trust", "neither the plan nor you trust"), answering(unknown), {
      cause,
    });
  }
}

function answering(unknown: readonly Found[]): string {
  const kept = "Bring the keys that you kept when you deployed (--trust FILE), or list them under trust in holdfast.config.ts.";
  if (unknown.length === 0) return `${kept} The store has no other key either.`;
  const flags = unknown.map(({ sha256 }) => `--trust-key ${sha256}`).join(" ");
  return `${kept} Keys that lie beside a backup prove nothing: compare with what you wrote down, and only if it is the same say ${flags}.`;
}
