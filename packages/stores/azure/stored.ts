import type { IncomingHttpHeaders } from "node:http";
import type { Mark, Stored } from "@holdfast/core";
import { document, element, elements, escaped, text } from "./xml.ts";

/** `YYYY-MM-DDThh:mm:ss.fffffffZ`: no ETag looks like that. */
const versionId = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
/** Names one version in a request: by its id, or by its ETag where it has none. */
export function pinned(version: string | undefined): { query: Record<string, string>; headers: Record<string, string> } {
  if (version === undefined) return { query: {}, headers: {} };
  return versionId.test(version) ? { query: { versionid: version }, headers: {} } : { query: {}, headers: { "if-match": `"${version}"` } };
}

/** The id of a version, else its ETag: without quotes, as listings have it. */
export const versionOf = (id: string | undefined, etag: string | undefined): string => id || (etag ?? "").replaceAll('"', "");
export const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

/**
 * What a blob's writer says of it: by which upload it was made, and the CRC64NVME of the whole, joined from those that the service checked. The service
 * keeps what it is told and checks none of it, so neither is a sum: a blob by another token may hold any bytes.
 */
export type Claim = { token: string; crc: string };
export const claimed = ({ token, crc }: Claim): Record<string, string> => ({ "x-ms-meta-upload": token, "x-ms-meta-crc64nvme": crc });
export const claimOf = (headers: IncomingHttpHeaders): Partial<Claim> => {
  const [token, crc] = [one(headers["x-ms-meta-upload"]), one(headers["x-ms-meta-crc64nvme"])];
  return { ...(token !== undefined && { token }), ...(crc !== undefined && { crc }) };
};

/** As the answer to Get Blob Properties has it. */
export function fromHead(key: string, headers: IncomingHttpHeaders): Stored {
  const until = one(headers["x-ms-immutability-policy-until-date"]);
  return {
    key,
    version: versionOf(one(headers["x-ms-version-id"]), headers.etag),
    bytes: Number(headers["content-length"] ?? 0),
    at: new Date(headers["last-modified"] ?? 0),
    access: accessOf(one(headers["x-ms-access-tier"]), one(headers["x-ms-archive-status"])),
    sums: {},
    ...(until === undefined ? {} : { lockedUntil: new Date(until) }),
  };
}

export type Page = { blobs: Stored[]; next: string };
/** As the answer to List Blobs has it; where versions are listed, only the current ones. */
export function fromListing(xml: string): Page {
  const blobs = [...elements(xml, "Blob")].filter(({ inner }) => isCurrent(inner));
  return { blobs: blobs.map(({ inner }) => listed(inner)), next: text(element(xml, "NextMarker") ?? "") };
}
/** A version that was written over or deleted is listed without `IsCurrentVersion`; a blob without versions has no `VersionId` either. */
const isCurrent = (blob: string): boolean => !element(blob, "VersionId") || element(blob, "IsCurrentVersion") === "true";

function listed(blob: string): Stored {
  const [name] = elements(blob, "Name");
  const key = text(name?.inner ?? "");
  return {
    // Names that XML cannot hold come percent-encoded and say so.
    key: name?.attributes.includes('Encoded="true"') ? decodeURIComponent(key) : key,
    version: versionOf(element(blob, "VersionId"), text(element(blob, "Etag") ?? "")),
    bytes: Number(element(blob, "Content-Length") ?? 0),
    at: new Date(element(blob, "Last-Modified") ?? 0),
    access: accessOf(element(blob, "AccessTier"), element(blob, "ArchiveStatus")),
    sums: {},
  };
}

/** A blob that is being rehydrated stays in the archive tier until it is done. */
export function accessOf(tier: string | undefined, status: string | undefined): Stored["access"] {
  if (status?.startsWith("rehydrate-pending")) return "thawing";
  return tier === "Archive" ? "archived" : "now";
}

export function tagsOf({ release, tier, garbage }: Mark): Uint8Array {
  const tags = { release, tier, garbage: garbage && "true" };
  const set = Object.entries(tags).flatMap(([key, value]) =>
    value === undefined ? [] : [`<Tag><Key>${key}</Key><Value>${escaped(value)}</Value></Tag>`],
  );
  return document(`<Tags><TagSet>${set.join("")}</TagSet></Tags>`);
}
/** Undefined where no tag is ours. */
export function markOf(xml: string): Mark | undefined {
  const tags = new Map(
    [...elements(xml, "Tag")].map(({ inner }) => [text(element(inner, "Key") ?? ""), text(element(inner, "Value") ?? "")]),
  );
  const [release, tier, garbage] = [tags.get("release"), tags.get("tier"), tags.get("garbage")];
  const mark: Mark = {};
  if (release !== undefined && isDays(release)) mark.release = release;
  if (tier !== undefined) mark.tier = tier;
  if (garbage === "true") mark.garbage = true;
  return Object.keys(mark).length > 0 ? mark : undefined;
}
const isDays = (value: string): value is `${number}d` => /^\d+d$/.test(value);
