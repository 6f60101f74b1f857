import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Tag } from "@aws-sdk/client-rds";

// What rights depend on.
export { EXECUTION, HANDED_OVER, PROJECT, SOURCE } from "./rights.ts";

/** Tags by name. */
export type Tags = Readonly<Record<string, string>>;

export const SLOT = "holdfast:slot";
/** `taken` or `copied`. */
export const HOW = "holdfast:how";
/** When the data are from, for copies, whose own time is when they were copied. */
export const TAKEN = "holdfast:taken";
/** The state of the database because of which the automated snapshot was copied. */
export const BECAUSE = "holdfast:because";
/** On copies elsewhere: the ARN of the snapshot that it was made from. */
export const COPY_OF = "holdfast:copy-of";
const SETTINGS = "holdfast:settings-";

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html: letters, digits and _ . : / = + - @ */
const LONGEST_VALUE = 256;
/** Far more than any database has settings; a tag may say anything. */
const MOST_BYTES = 64 * 1024;

export const tagsOf = (list: readonly Tag[] | undefined): Tags =>
  Object.fromEntries((list ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
export const listOf = (tags: Tags): Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
export const ours = (tags: Tags): Tags => Object.fromEntries(Object.entries(tags).filter(([name]) => name.startsWith("holdfast:")));

/**
 * Settings as tags of the snapshot itself: they are those of the moment at which it was taken, and outlive a database that is changed or deleted
 * before anybody writes a manifest. Deflated JSON in base64, in pieces.
 */
export function settingsAsTags(settings: unknown): Tags {
  const packed = deflateRawSync(JSON.stringify(settings)).toString("base64");
  const pieces = packed.match(new RegExp(`.{1,${LONGEST_VALUE}}`, "g")) ?? [];
  return Object.fromEntries(pieces.map((piece, at) => [`${SETTINGS}${at + 1}`, piece]));
}

/** Undefined where the tags hold none, or none that can be read. */
export function settingsFromTags(tags: Tags): unknown {
  const pieces = Object.keys(tags).filter((name) => name.startsWith(SETTINGS)).length;
  const packed = Array.from({ length: pieces }, (_, at) => tags[`${SETTINGS}${at + 1}`] ?? "").join("");
  if (packed === "") return undefined;
  try {
    return JSON.parse(inflateRawSync(Buffer.from(packed, "base64"), { maxOutputLength: MOST_BYTES }).toString());
  } catch {
    return undefined;
  }
}

/** On what a restore made: what could not be set when it was made was asked for once already. */
export const ADJUSTED = "holdfast:adjusted";
/** On what a restore made: it gets deletion protection when it is handed over, for undo must be able to delete it until then. */
export const PROTECT = "holdfast:protect";
