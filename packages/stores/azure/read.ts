import { type Mark, ObjectMissing, type Ref, StoreDenied, type StoreRead } from "@holdfast/core";
import { type Answer, type At, beyond, type Getting, placeOf, rangeOf, resumed, type Span } from "../resumed.ts";
import { type Azure, call, stream } from "./call.ts";
import { head, headWithMore } from "./head.ts";
import { markOf, one, pinned, versionOf } from "./stored.ts";

export function azureRead(azure: Azure): StoreRead {
  const getting: Getting = { head: (at) => head(azure, at), get: (at, span, signal) => get(azure, at, span, signal) };
  return {
    async head(at) {
      const found = await headWithMore(azure, at);
      if (!found || found.tags === 0) return found?.stored;
      const mark = await visibleMark(azure, found.stored);
      return mark ? { ...found.stored, mark } : found.stored;
    },
    read: (at, range, signal) => resumed(getting, at, range, signal),
  };
}

/** Undefined also where the role may read the object and not its tags. */
async function visibleMark(azure: Azure, at: Ref): Promise<Mark | undefined> {
  try {
    return await tags(azure, at);
  } catch (error) {
    if (error instanceof StoreDenied || error instanceof ObjectMissing) return undefined;
    throw error;
  }
}

/** The mark that stands on one version. Index tags are read by a right of their own. Throws {@link ObjectMissing}. */
export async function tags(azure: Azure, { key, version }: Ref): Promise<Mark | undefined> {
  // Tags take no ETag: where there are no versions, they are those of whatever stands there.
  const { query } = pinned(version);
  const { body } = await call(azure, { action: "Get Blob Tags", method: "GET", key, query: { comp: "tags", ...query } });
  return markOf(body);
}

async function get(azure: Azure, at: At, span: Span, signal: AbortSignal | undefined): Promise<Answer> {
  const { query, headers: pin } = pinned(at.version);
  const range = rangeOf(span);
  const { headers, body } = await stream(azure, {
    action: "Get Blob",
    method: "GET",
    key: at.key,
    query,
    headers: { ...pin, ...(range === undefined ? {} : { range }) },
    signal,
  }).catch((error) => {
    if (error.cause?.name === "InvalidRange") throw beyond(at, span);
    throw error;
  });
  const place = placeOf(headers["content-range"], Number(headers["content-length"]));
  return { body, version: versionOf(one(headers["x-ms-version-id"]), headers.etag), ...place };
}
