import { ObjectMissing, type Stored } from "@holdfast/core";
import type { At } from "../resumed.ts";
import { type Azure, call } from "./call.ts";
import { fromHead, one, pinned } from "./stored.ts";

/** Without the mark. Undefined where there is no such object or version. */
export async function head(azure: Azure, at: At): Promise<Stored | undefined> {
  return (await headWithTags(azure, at))?.stored;
}

/** And how many tags are on it, as far as the role may know. */
export async function headWithTags(azure: Azure, { key, version }: At): Promise<{ stored: Stored; tags: number } | undefined> {
  try {
    const { headers } = await call(azure, { action: "Get Blob Properties", method: "HEAD", key, ...pinned(version) });
    return { stored: fromHead(key, headers), tags: Number(one(headers["x-ms-tag-count"]) ?? 0) };
  } catch (error) {
    if (error instanceof ObjectMissing) return undefined;
    throw error;
  }
}
