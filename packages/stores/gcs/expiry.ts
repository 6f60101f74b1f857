import type { Mark } from "@holdfast/core";
import { markOf, type Resource } from "./resource.ts";

const day = 86_400_000;
/** What a dead attempt left is kept that long at least, as in the primary store, so that a mark gone wrong can be noticed. */
const garbageDays = 30;
/** We set the hold, so we may lift it; one that a person set stays. */
const heldKey = "held";

/** What a PATCH of the object changes; null removes a key of the metadata. */
export type Change = { metadata: Record<string, string | null>; customTime?: string; temporaryHold?: boolean };

/** When the mark lets the object expire: counted from when it was made, as the rules of the primary store count. */
function expiryOf({ release, garbage }: Mark, made: Date): Date | undefined {
  const days = release === undefined ? (garbage ? garbageDays : undefined) : Number.parseInt(release, 10);
  return days === undefined ? undefined : new Date(made.getTime() + days * day);
}

/**
 * What makes the object carry this mark and no other. Custom-Time is the object's expiry date; Google lets it be set and moved forward,
 * never back and never off (https://docs.cloud.google.com/storage/docs/metadata#custom-time). So:
 * - an earlier date than the present one leaves the later: the object lives longer than asked, which is the safe side;
 * - a mark that keeps, after one that released, puts a temporary hold on the object, which lifecycle rules respect; the next one that
 *   releases lifts it.
 * Undefined when it carries the mark already.
 */
export function changeFor(object: Resource, mark: Mark): Change | undefined {
  const expiry = expiryOf(mark, new Date(object.timeCreated));
  const present = object.customTime === undefined ? undefined : new Date(object.customTime);
  const later = expiry && (!present || expiry > present) ? { customTime: expiry.toISOString() } : {};
  const hold = holdFor(object, expiry !== undefined, present !== undefined);
  if (sameMark(markOf(object), mark) && Object.keys(later).length === 0 && hold === undefined) return undefined;
  const { release = null, tier = null, garbage } = mark;
  const metadata = { release, tier, garbage: garbage ? "true" : null };
  if (hold === undefined) return { metadata, ...later };
  return { metadata: { ...metadata, [heldKey]: hold ? "true" : null }, ...later, temporaryHold: hold };
}

function holdFor({ temporaryHold, metadata }: Resource, expires: boolean, dated: boolean): boolean | undefined {
  const held = metadata[heldKey] === "true";
  if (!expires && dated && !temporaryHold) return true;
  return expires && held ? false : undefined;
}

const sameMark = (a: Mark | undefined, b: Mark): boolean => a?.release === b.release && a?.tier === b.tier && a?.garbage === b.garbage;
