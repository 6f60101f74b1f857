import { ObjectMissing, type StoreMark } from "@holdfast/core";
import { type Azure, call } from "./call.ts";
import { lockUntil } from "./lock.ts";
import { tags } from "./read.ts";
import { pinned, tagsOf } from "./stored.ts";

/** Marks are index tags, which lifecycle rules can filter by and which a role can write that reads no byte. They are replaced as a set. */
export function azureMark(azure: Azure, locks: boolean): StoreMark {
  const mark: StoreMark = {
    marked: (at) => tags(azure, at),
    async mark({ key, version }, wanted) {
      const { query } = pinned(version);
      // Tags take no condition by ETag, so what names no version would mark the newest, whichever that is.
      if (azure.versions && !query.versionid) throw new ObjectMissing(key);
      const headers = { "content-type": "application/xml" };
      await call(azure, { action: "Set Blob Tags", method: "PUT", key, query: { comp: "tags", ...query }, headers, body: tagsOf(wanted) });
    },
  };
  return locks ? { ...mark, lockUntil: (at, until) => lockUntil(azure, at, until) } : mark;
}
