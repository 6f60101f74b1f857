import { ObjectMissing, StoreDenied, type Stored, type StoreRead } from "@holdfast/core";
import { type Answer, type At, beyond, type Getting, placeOf, rangeOf, resumed, type Span } from "../resumed.ts";
import { ask, type Gcs, objectUrl } from "./call.ts";
import { jsonOf } from "../json.ts";
import { notUnderstood, translate } from "./errors.ts";
import { look } from "./list.ts";
import { fields, resource, stored } from "./resource.ts";

export function gcsRead(gcs: Gcs): StoreRead {
  const getting: Getting = { head: (at) => head(gcs, at), get: (at, span, signal) => get(gcs, at, span, signal) };
  return {
    head: (at) => head(gcs, at),
    read: (at, range, signal) => resumed(getting, at, range, signal),
  };
}

const aboutOf = (gcs: Gcs, { key }: At) => ({ permission: "storage.objects.get", bucket: gcs.bucket, key });
/** What is no number is no generation; Google would call the request itself wrong. */
const isGeneration = ({ version }: At): boolean => version === undefined || /^\d{1,19}$/.test(version);

/** Who may only list sees the same there: a copy is looked at by somebody who cannot read it. */
async function head(gcs: Gcs, at: At): Promise<Stored | undefined> {
  if (!isGeneration(at)) return undefined;
  try {
    return await shown(gcs, at);
  } catch (error) {
    if (!(error instanceof StoreDenied)) throw error;
    const found = await look(gcs, at.key, at.version);
    return found && stored(found);
  }
}

async function shown(gcs: Gcs, at: At): Promise<Stored | undefined> {
  const url = objectUrl(gcs, at.key, { generation: at.version, fields });
  const answer = await ask(gcs, { method: "GET", url });
  if (answer.status !== 200) {
    const error = translate(answer, aboutOf(gcs, at));
    if (error instanceof ObjectMissing) return undefined;
    throw error;
  }
  const parsed = resource.safeParse(jsonOf(answer.text));
  if (!parsed.success) throw notUnderstood(aboutOf(gcs, at), { cause: parsed.error });
  return stored(parsed.data);
}

async function get(gcs: Gcs, at: At, span: Span, signal: AbortSignal | undefined): Promise<Answer> {
  if (!isGeneration(at)) throw new ObjectMissing(at.key);
  const range = rangeOf(span);
  const url = objectUrl(gcs, at.key, { alt: "media", generation: at.version });
  const answer = await ask(gcs, { method: "GET", url, headers: range === undefined ? {} : { range }, signal, stream: true });
  if (answer.status === 416) throw beyond(at, span);
  if (!answer.body) throw translate(answer, aboutOf(gcs, at));
  const place = placeOf(answer.headers["content-range"], Number(answer.headers["content-length"]));
  const version = answer.headers["x-goog-generation"];
  if (typeof version !== "string" || !Number.isSafeInteger(place.total)) {
    answer.body.destroy();
    throw notUnderstood(aboutOf(gcs, at));
  }
  return { body: answer.body, version, ...place };
}
