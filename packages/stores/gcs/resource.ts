import type { Mark, Stored } from "@holdfast/core";
import { z } from "zod";

/** An object as the JSON API describes it, as far as it is asked for. Numbers are text there. */
const resource = z.object({
  name: z.string(),
  generation: z.string(),
  metageneration: z.string().default("1"),
  size: z.string().default("0"),
  timeCreated: z.string(),
  crc32c: z.string().optional(),
  md5Hash: z.string().optional(),
  metadata: z.record(z.string(), z.string()).default({}),
  customTime: z.string().optional(),
  temporaryHold: z.boolean().default(false),
  retention: z.object({ mode: z.string(), retainUntilTime: z.string() }).optional(),
  retentionExpirationTime: z.string().optional(),
});
export type Resource = z.infer<typeof resource>;
export const page = z.object({ items: z.array(resource).default([]), nextPageToken: z.string().optional() });
export { resource };
/** For the parameter `fields`: the rest, access lists among it, stays away. */
export const fields = Object.keys(resource.shape).join(",");

/** As a listing shows it: without mark and sums. */
export function listed(object: Resource): Stored {
  const until = lockedUntil(object);
  return {
    key: object.name,
    version: object.generation,
    bytes: Number(object.size),
    at: new Date(object.timeCreated),
    // Google's archive class answers at once.
    access: "now",
    sums: {},
    ...(until ? { lockedUntil: until } : {}),
  };
}

/** As head() shows it. */
export function stored(object: Resource): Stored {
  const mark = markOf(object);
  return { ...listed(object), sums: sumsOf(object), ...(mark ? { mark } : {}) };
}

const hex = (base64: string): string => Buffer.from(base64, "base64").toString("hex");
/** Objects that came in parts have no MD5. */
const sumsOf = ({ crc32c, md5Hash }: Resource): Stored["sums"] => ({
  ...(crc32c ? { crc32c: hex(crc32c) } : {}),
  ...(md5Hash ? { md5: hex(md5Hash) } : {}),
});

/** Its own retention or that of the bucket, whichever is longer. */
export function lockedUntil({ retention, retentionExpirationTime }: Resource): Date | undefined {
  const dates = [retention?.retainUntilTime, retentionExpirationTime].flatMap((date) => (date ? [new Date(date).getTime()] : []));
  return dates.length > 0 ? new Date(Math.max(...dates)) : undefined;
}

/** Undefined where no metadata is ours. */
export function markOf({ metadata: { release, tier, garbage } }: Resource): Mark | undefined {
  const mark: Mark = {};
  if (release && isDays(release)) mark.release = release;
  if (tier) mark.tier = tier;
  if (garbage === "true") mark.garbage = true;
  return Object.keys(mark).length > 0 ? mark : undefined;
}
const isDays = (text: string): text is `${number}d` => /^\d+d$/.test(text);
