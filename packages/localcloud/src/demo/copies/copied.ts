import { bytes, took } from "@holdfast/cli/src/wording.ts";
import { backupId, type Evidence, lastSaid } from "@holdfast/core";
import { z } from "zod";
import { DemoFailed } from "../errors.ts";
import type { Made, Watching } from "../scheduled.ts";
import { tries } from "../trouble.ts";
import { awaitEvidence } from "../verified.ts";

/** A copy of a backup, as its signed evidence tells. `proof`: what shows that it is the same. */
export type Copied = { store: string; bytes: number; seconds: number; proof: string };
const details = z.object({ store: z.string(), bytes: z.number(), seconds: z.number(), proof: z.string() });

/** Waits until a backup stands in each store that its source names; none for one that cannot leave. Throws {@link DemoFailed}. */
export async function awaitCopies(made: Made, watching: Watching): Promise<Copied[]> {
  const { source } = made.loaded.manifest;
  const stores = watching.place.plan.sources[source]?.copies ?? [];
  if (stores.length === 0) return [];
  return await watching.steps.of(source).run(
    "copies",
    async (say) => {
      const landed: string[] = [];
      return await Promise.all(
        stores.map(async (store) => {
          const copied = await awaitCopy(store, made, watching);
          say(`in ${landed.push(store)} of ${stores.length} stores`);
          return copied;
        }),
      );
    },
    tellCopies,
  );
}

async function awaitCopy(store: string, made: Made, watching: Watching): Promise<Copied> {
  const which: Which = (about) => lastSaid(about, store);
  return copyOf(store, made, await awaitEvidence("copied", made, watching, { name: `copy-${store}`, most: tries.queue, which }));
}
type Which = NonNullable<NonNullable<Parameters<typeof awaitEvidence>[3]>["which"]>;

/** What evidence says of a copy. Throws {@link DemoFailed} where that is not the backup that was made. */
export function copyOf(store: string, { entry, bytes: made }: Pick<Made, "entry" | "bytes">, evidence: Pick<Evidence, "details">): Copied {
  const told = details.parse(evidence.details);
  if (told.store !== store || told.bytes !== made)
    throw new DemoFailed(
      `the evidence of ${backupId(entry)} in ${store} is about ${told.bytes} bytes in ${told.store}, and the backup has ${made}`,
      "The evidence must be about the copy that was made.",
    );
  return told;
}

/** `copied 3.8 MiB to azure in 1.2 s, google in 0.9 s; proven by sha256 read, crc64nvme stored, crc32c stored`. */
export function tellCopies(copies: readonly Copied[]): string {
  const each = copies.map(({ store, seconds }) => `${store} in ${took(seconds)}`);
  const proofs = new Set(copies.flatMap(({ proof }) => proof.split(/[,;] /)));
  return `copied ${bytes(copies[0]?.bytes ?? 0)} to ${each.join(", ")}; proven by ${[...proofs].join(", ")}`;
}
