import type { Stored, StoreList } from "@holdfast/core";
import { ask, bucketUrl, type Gcs } from "./call.ts";
import { jsonOf } from "../json.ts";
import { notUnderstood, translate } from "./errors.ts";
import { fields, listed, page, type Resource } from "./resource.ts";

/** Google lists by name, in UTF-8 byte order: https://docs.cloud.google.com/storage/docs/json_api/v1/objects/list */
export function gcsList(gcs: Gcs): StoreList {
  return {
    async *list(prefix): AsyncIterable<Stored> {
      for await (const object of objects(gcs, prefix, false)) yield listed(object);
    },
  };
}

/** One object by the listing: writers and markers may look at metadata and not at bytes. With a version: that one, whether it is current or not. */
export async function look(gcs: Gcs, key: string, version?: string, signal?: AbortSignal): Promise<Resource | undefined> {
  for await (const object of objects(gcs, key, version !== undefined, signal)) {
    // A key comes before all that begin with it.
    if (object.name !== key) return undefined;
    if (version === undefined || object.generation === version) return object;
  }
  return undefined;
}

async function* objects(gcs: Gcs, prefix: string, versions: boolean, signal?: AbortSignal): AsyncIterable<Resource> {
  const about = { permission: "storage.objects.list", bucket: gcs.bucket, key: prefix };
  let pageToken: string | undefined;
  do {
    const query = { prefix, versions: versions || undefined, maxResults: gcs.page, pageToken, fields: `nextPageToken,items(${fields})` };
    const answer = await ask(gcs, { method: "GET", url: bucketUrl(gcs, "o", query), signal });
    if (answer.status !== 200) throw translate(answer.status === 404 ? missingBucket(answer) : answer, about);
    const parsed = page.safeParse(jsonOf(answer.text));
    if (!parsed.success) throw notUnderstood(about, { cause: parsed.error });
    yield* parsed.data.items;
    pageToken = parsed.data.nextPageToken || undefined;
  } while (pageToken !== undefined);
}

/** Nothing else can be missing from a listing. */
const missingBucket = <A extends { text: string }>(answer: A): A => ({ ...answer, text: "<Code>NoSuchBucket</Code>" });
