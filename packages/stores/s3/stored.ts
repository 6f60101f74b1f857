import type { Mark, Stored, Sum } from "@holdfast/core";

/** Fields of the SDK's answers, as far as they tell of an object. */
type Sums = {
  ChecksumType?: string | undefined;
  ChecksumCRC32?: string | undefined;
  ChecksumCRC32C?: string | undefined;
  ChecksumCRC64NVME?: string | undefined;
  ChecksumSHA256?: string | undefined;
};
const fields = { crc32: "ChecksumCRC32", crc32c: "ChecksumCRC32C", crc64nvme: "ChecksumCRC64NVME", sha256: "ChecksumSHA256" } as const;
type Kept = keyof typeof fields;

/** Digests of the whole object. Those of parts put together (COMPOSITE, a value that ends in `-N`) say nothing about it. */
export function sumsOf(answer: Sums): Stored["sums"] {
  const sums: Partial<Record<Sum, string>> = {};
  if (answer.ChecksumType === "COMPOSITE") return sums;
  for (const sum of Object.keys(fields) as Kept[]) {
    const value = answer[fields[sum]];
    if (value && !value.includes("-")) sums[sum] = Buffer.from(value, "base64").toString("hex");
  }
  return sums;
}

/** The same digests as fields of a request. */
export function asFields(sums: Partial<Record<Sum, string>>): Partial<Record<(typeof fields)[Kept], string>> {
  const given = Object.keys(fields) as Kept[];
  return Object.fromEntries(given.flatMap((sum) => (sums[sum] ? [[fields[sum], Buffer.from(sums[sum], "hex").toString("base64")]] : [])));
}

const archives = new Set(["GLACIER", "DEEP_ARCHIVE"]);
/** `restore` is x-amz-restore: absent, ongoing, or done until a date. Intelligent-Tiering tells of its archive tiers in `archive`. */
export function accessOf(storageClass: string | undefined, restore: string | undefined, archive?: string): Stored["access"] {
  if (restore?.includes('ongoing-request="true"')) return "thawing";
  if (restore?.includes('ongoing-request="false"')) return "now";
  return archive !== undefined || (storageClass !== undefined && archives.has(storageClass)) ? "archived" : "now";
}

export const bare = (etag: string | undefined): string => etag?.replaceAll('"', "") ?? "";

type Tag = { Key: string | undefined; Value: string | undefined };
export function tagsOf({ release, tier, garbage }: Mark): { Key: string; Value: string }[] {
  return [
    ...(release === undefined ? [] : [{ Key: "release", Value: release }]),
    ...(tier === undefined ? [] : [{ Key: "tier", Value: tier }]),
    ...(garbage === undefined ? [] : [{ Key: "garbage", Value: "true" }]),
  ];
}
/** Undefined where no tag is ours. */
export function markOf(tags: readonly Tag[] | undefined): Mark | undefined {
  const value = (key: string) => tags?.find(({ Key }) => Key === key)?.Value;
  const [release, tier, garbage] = [value("release"), value("tier"), value("garbage")];
  const mark: Mark = {};
  if (release !== undefined && isDays(release)) mark.release = release;
  if (tier !== undefined) mark.tier = tier;
  if (garbage === "true") mark.garbage = true;
  return Object.keys(mark).length > 0 ? mark : undefined;
}
const isDays = (text: string): text is `${number}d` => /^\d+d$/.test(text);
