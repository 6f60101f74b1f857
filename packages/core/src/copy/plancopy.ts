import { copyPart, copyRangesAtMost } from "../margins.ts";
import type { Limits, Ref, Stored } from "../ports/store.ts";
import type { Piece } from "./combine.ts";
import { CopyDiffers, PartTooLarge, TooLargeForStore } from "./errors.ts";
import { compareSums } from "./prove.ts";

/** One artifact on its way: a version in the primary store, and what the signed manifest says of its bytes. JSON. */
export type Sourced = { source: Ref; signed: Piece };
export type CopyStep = Sourced &
  (
    | { do: "nothing"; proof: string }
    /** It stands there with its size, and the store says nothing else of it: it has to be read back. */
    | { do: "read back" }
    | { do: "stream" }
    /** `workers`: how many at most. `standing`: it stands there, so they read that back instead of sending. */
    | { do: "fan out"; workers: number; standing?: Ref }
    | { do: "refuse"; error: CopyDiffers | PartTooLarge | TooLargeForStore }
  );
/** `here`: one runner does all of it in its time. `bytes`: still to be sent. */
export type CopyPlan = { steps: CopyStep[]; bytes: number; here: boolean };
export type CopyLimits = {
  limits: Limits;
  /** Bytes that one runner copies in its time. */
  fits: number;
  /** Bytes that one worker takes of an object that is shared out. */
  range: number;
  /** Bytes of a part that either holds, else `copyPart`. */
  part?: number;
};

/** What to do about each artifact. `standing`: what stands at the destination, by key, with its sums. Pure. */
export function planCopy(
  store: string,
  artifacts: readonly Sourced[],
  standing: ReadonlyMap<string, Stored>,
  { limits, fits, range, part = copyPart }: CopyLimits,
): CopyPlan {
  const steps = artifacts.map((artifact): CopyStep => {
    const { source, signed } = artifact;
    const found = standing.get(source.key);
    const compared = found && compareSums(found, signed);
    if (compared?.is === "equal") return { ...artifact, do: "nothing", proof: `${compared.by} stored` };
    if (compared?.is === "different") return { ...artifact, do: "refuse", error: new CopyDiffers(store, source.key, compared.what) };
    const workers = Math.min(copyRangesAtMost, Math.ceil(signed.bytes / range));
    if (compared && signed.bytes <= fits) return { ...artifact, do: "read back" };
    if (compared) return { ...artifact, do: "fan out", workers, standing: { key: found.key, version: found.version } };
    const error = tooLarge(store, artifact, limits, part);
    if (error) return { ...artifact, do: "refuse", error };
    if (signed.bytes <= fits) return { ...artifact, do: "stream" };
    return { ...artifact, do: "fan out", workers };
  });
  const bytesOf = (which: (step: CopyStep) => boolean) => steps.filter(which).reduce((sum, { signed }) => sum + signed.bytes, 0);
  const here = bytesOf((step) => step.do !== "nothing") <= fits;
  return { steps, bytes: bytesOf((step) => step.do === "stream" || (step.do === "fan out" && !step.standing)), here };
}

function tooLarge(store: string, { source: { key }, signed: { bytes } }: Sourced, { maxObject, maxPart, maxParts }: Limits, part: number) {
  const largest = Math.min(maxObject, maxPart * maxParts);
  if (bytes > largest) return new TooLargeForStore(store, key, bytes, largest);
  return bytes > part * maxParts ? new PartTooLarge(store, key, { bytes, parts: maxParts, part }) : undefined;
}

/** A line for each artifact, for people. */
export const tellCopyPlan = ({ steps }: CopyPlan): string[] =>
  steps.map((step) => `${step.source.key} (${step.signed.bytes} bytes): ${tellStep(step)}`);

function tellStep(step: CopyStep): string {
  switch (step.do) {
    case "nothing":
      return `stands there already, by ${step.proof}`;
    case "read back":
      return "stands there already and is read back, since the store keeps no sum of it";
    case "stream":
      return "sent in one stream";
    case "fan out":
      return step.standing
        ? `stands there already and is read back by up to ${step.workers} workers, since the store keeps no sum of it`
        : `shared out among up to ${step.workers} workers`;
    case "refuse":
      return `refused: ${step.error.message}`;
  }
}
