import { HoldfastError } from "../errors.ts";
import type { StandingBackup } from "../judge.ts";
import { artifactKey, manifestKey, parseEvidenceKey, publicKeyKey, signatureKey } from "../layout.ts";
import { type Loaded, loadManifest } from "../opened.ts";
import type { Context } from "../ports/context.ts";
import type { TrustedKeys } from "../ports/sign.ts";
import type { StoreList } from "../ports/store.ts";
import type { Origins } from "./pinned.ts";
import { isKey, keysPrefix } from "./placerest.ts";

/** Keys of what a copy should have. `files`: of the backup itself · `evidence`: about it · `different`: files that stand there with another length. */
export type Lack = { files: string[]; evidence: string[]; different: string[] };
const none: Lack = { files: [], evidence: [], different: [] };

/**
 * What a copy does not have of a backup that stands in both stores, by their listings. Only where those differ is the manifest read, which tells the
 * backup's own from what another attempt left in its slot, and from evidence about another manifest. What the first store does not have whole itself
 * is for its own verification to tell.
 */
export async function lackOf(
  here: StandingBackup,
  there: StandingBackup,
  { first, trusted }: { first: Origins; trusted: TrustedKeys },
  context: Context,
): Promise<Lack> {
  const [files, found] = [sizes(here), sizes(there)];
  const gone = [...files.keys()].filter((key) => !found.has(key));
  const other = [...files].flatMap(([key, bytes]) => (found.has(key) && found.get(key) !== bytes ? [key] : []));
  const told = new Set(evidenceKeys(there));
  const untold = evidenceKeys(here).filter((key) => !told.has(key));
  if (gone.length + other.length + untold.length === 0) return none;
  const loaded = await believed(here, first, trusted, context);
  if (!loaded) return none;
  const own = ownFiles(loaded);
  return {
    files: gone.filter((key) => own.has(key)),
    different: other.filter((key) => own.has(key)),
    evidence: untold.filter((key) => loaded.digest.startsWith(parseEvidenceKey(key)?.digest8 ?? "none")),
  };
}

const sizes = ({ manifest, objects }: StandingBackup) => new Map([manifest, ...objects].map(({ key, bytes }) => [key, bytes]));
const evidenceKeys = ({ evidence }: StandingBackup) => Object.values(evidence).flatMap((found) => found.map(({ key }) => key));

const ownFiles = ({ manifest }: Loaded): ReadonlySet<string> =>
  new Set([
    manifestKey(manifest),
    signatureKey(manifest),
    ...manifest.artifacts.map(({ name, compressed }) => artifactKey(manifest, name, compressed)),
  ]);

async function believed(
  at: StandingBackup,
  { read, list }: Origins,
  trusted: TrustedKeys,
  { signal }: Context,
): Promise<Loaded | undefined> {
  try {
    return await loadManifest(at, { store: read, list, trusted }, signal);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.fault === "world") throw error;
    signal.throwIfAborted(); // what was cut off looks broken to whoever read it
    return undefined;
  }
}

/** Public keys that a copy is believed by and does not have: those of the first store, and those that are trusted. */
export async function lackingKeys(from: StoreList, to: StoreList, trusted: TrustedKeys): Promise<string[]> {
  const [here, there] = [await keysIn(from), new Set(await keysIn(to))];
  return [...new Set([...here, ...Object.keys(trusted).map(publicKeyKey)])].filter((key) => !there.has(key));
}

const keysIn = async (list: StoreList): Promise<string[]> =>
  (await Array.fromAsync(list.list(keysPrefix))).map(({ key }) => key).filter(isKey);
