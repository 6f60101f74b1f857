import { counted } from "@holdfast/cli/src/wording.ts";
import {
  backupId,
  catalogue,
  type Entry,
  type Evidence,
  evidenceLimit,
  type EvidenceName,
  type FoundEvidence,
  type Proof,
  proofs,
  readEvidence,
  recordedProof,
  whole,
} from "@holdfast/core";
import { kinds } from "@holdfast/sources";
import { DemoFailed } from "./errors.ts";
import type { Made, Watching } from "./scheduled.ts";
import { tries, watchForTrouble } from "./trouble.ts";
import { waitFor } from "./wait.ts";

/** A queue that is slow, and one retry. */
const patience = 120;

/** What verify does with a backup of each recorded proof, and what it means that it is proven. */
const words = {
  readable: {
    doing: "reads every byte of it",
    told: "verified: signature, digests, decryption, and the archive read to its end",
  },
  present: {
    doing: "asks RDS for the snapshot and KMS for its key",
    told: "verified: signature; RDS has the snapshot, whole and unchanged, and its key is enabled",
  },
} as const;

/** Waits until the event of the manifest has led to signed evidence of what can be proven of such a backup without restoring it. */
export async function awaitVerification(made: Made, watching: Watching): Promise<Evidence> {
  const { source, kind } = made.loaded.manifest;
  const proof = recordedProof(kinds[kind]?.kind ?? { verified: ["readable"] });
  const { doing, told } = words[proof];
  return await watching.steps.of(source).run(
    "verification",
    async (say) => {
      say(`S3 event → EventBridge → queue → verify-${kind} ${doing}`);
      return await awaitEvidence(proof, made, watching);
    },
    ({ findings }) => `${told}${findings.length > 0 ? `; ${counted(findings.length, "note")}` : ""}`,
  );
}

type Looked = Pick<Made, "entry" | "loaded">;
/** Who makes evidence, how often a function tries, and which of several is meant. */
type Maker = { name: string; most: number; which?(about: readonly FoundEvidence[]): FoundEvidence | undefined };

/** Evidence of one proof about that very manifest, its signature checked. Throws {@link DemoFailed} when its verdict is not `ok`. */
export async function awaitEvidence(proof: EvidenceName, made: Looked, watching: Watching, by?: Maker): Promise<Evidence> {
  const { place, store, trusted, signal } = watching;
  const { which = first, ...maker } = by ?? { name: `verify-${made.loaded.manifest.kind}`, most: tries.queue };
  const troubled = watchForTrouble(maker, place, signal);
  const ref = await waitFor(`evidence "${proof}" of ${backupId(made.entry)}`, patience, signal, async () => {
    await troubled();
    const entry = await entryOf(made.entry, store.list);
    return which((entry?.evidence[proof] ?? []).filter(({ digest8 }) => made.loaded.digest.startsWith(digest8)));
  });
  const evidence = readEvidence(await whole(store.read.read({ key: ref.key }, undefined, signal), evidenceLimit), ref, trusted);
  if (evidence.verdict !== "ok" || evidence.manifest !== made.loaded.digest)
    throw new DemoFailed(
      `"${proof}" of ${backupId(made.entry)} is ${evidence.verdict}: ${evidence.findings.map(({ message }) => message).join("; ")}`,
      "The evidence says why; so do the logs.",
    );
  return evidence;
}

const first = ([one]: readonly FoundEvidence[]) => one;
const entryOf = async ({ source, slot }: Entry, list: Watching["store"]["list"]): Promise<Entry | undefined> =>
  (await catalogue(list, source)).find((entry) => entry.slot === slot);

/** The proofs that these stand for: each includes those below it, but `copied`. */
export const proven = (found: readonly Proof[]): Proof[] => {
  const highest = Math.max(...found.map((proof) => proofs.indexOf(proof)));
  return proofs.filter((proof, i) => i <= highest && (proof !== "copied" || found.includes(proof)));
};
