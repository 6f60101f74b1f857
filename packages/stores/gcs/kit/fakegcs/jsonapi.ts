import type { Bucket, Kept, Retention } from "./bucket.ts";
import { md5 } from "./bucket.ts";
import { type Asked, json, jsonRefusal, type Reply, type Require } from "./reply.ts";

/** `/storage/v1/b/{bucket}/…` without the bucket. */
export function jsonApi(bucket: Bucket, rest: string, asked: Asked, may: Require): Reply {
  if (rest === "o" && asked.method === "GET") return list(bucket, asked, may);
  if (rest === "iam/testPermissions") return testPermissions(asked, may);
  const name = decodeURIComponent(rest.slice(2));
  if (asked.method === "PATCH") return patch(bucket, name, asked, may);
  may("storage.objects.get");
  const kept = bucket.find(name, asked.query.get("generation"));
  if (!kept) throw jsonRefusal(404, "notFound", `No such object: ${bucket.name}/${name}`);
  return asked.query.get("alt") === "media" ? media(kept, asked) : json(200, resourceOf(bucket, kept));
}

function list(bucket: Bucket, { query }: Asked, may: Require): Reply {
  may("storage.objects.list");
  const prefix = query.get("prefix") ?? "";
  const most = Math.min(Number(query.get("maxResults") ?? 1_000), 1_000);
  const all = bucket.all(query.get("versions") === "true").filter(({ name }) => name.startsWith(prefix));
  const from = Number(query.get("pageToken") ?? 0);
  const more = all.length > from + most ? { nextPageToken: String(from + most) } : {};
  const items = all.slice(from, from + most).map((kept) => resourceOf(bucket, kept));
  return json(200, { kind: "storage#objects", ...more, ...(items.length > 0 ? { items } : {}) });
}

/** Asks with each permission instead of a list of what somebody has, since that is all that `may` knows. */
function testPermissions({ query }: Asked, may: Require): Reply {
  const has = (permission: string) => {
    try {
      may(permission);
      return true;
    } catch {
      return false;
    }
  };
  const permissions = query.getAll("permissions").filter(has);
  return json(200, { kind: "storage#testIamPermissionsResponse", ...(permissions.length > 0 ? { permissions } : {}) });
}

type Change = {
  metadata?: Record<string, string | null>;
  customTime?: string | null;
  temporaryHold?: boolean;
  retention?: Retention | null;
};

function patch(bucket: Bucket, name: string, { query, body }: Asked, may: Require): Reply {
  may("storage.objects.update");
  const kept = bucket.find(name, query.get("generation"));
  if (!kept) throw jsonRefusal(404, "notFound", `No such object: ${bucket.name}/${name}`);
  const match = query.get("ifMetagenerationMatch");
  if (match !== null && match !== String(kept.metageneration))
    throw jsonRefusal(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.");
  const change = JSON.parse(body.toString()) as Change;
  if (change.retention !== undefined) {
    may("storage.objects.setRetention");
    retain(kept, change.retention);
  }
  if (change.customTime !== undefined) kept.customTime = forward(kept, change.customTime);
  if (change.temporaryHold !== undefined) kept.temporaryHold = change.temporaryHold;
  const merged = Object.entries({ ...kept.metadata, ...change.metadata });
  kept.metadata = Object.fromEntries(merged.flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
  kept.metageneration += 1;
  return json(200, resourceOf(bucket, kept));
}

/** https://docs.cloud.google.com/storage/docs/metadata#custom-time */
function forward({ customTime: present }: Kept, wanted: string | null): string {
  if (wanted === null || (present !== undefined && new Date(wanted) < new Date(present)))
    throw jsonRefusal(400, "invalid", "Custom time cannot be removed or set to an earlier date.");
  return new Date(wanted).toISOString();
}

/** https://docs.cloud.google.com/storage/docs/object-lock: a locked configuration may be extended and nothing else. */
function retain(kept: Kept, wanted: Retention | null): void {
  const { retention: present } = kept;
  const shorter = present && (!wanted || new Date(wanted.retainUntilTime) < new Date(present.retainUntilTime));
  if (present?.mode === "Locked" && (shorter || wanted?.mode !== "Locked"))
    throw jsonRefusal(403, "forbidden", "Object is under locked retention and cannot be reduced.");
  if (wanted) kept.retention = wanted;
  else delete kept.retention;
}

function media(kept: Kept, { headers: { range } }: Asked): Reply {
  const size = kept.bytes.length;
  const headers = {
    "content-type": "application/octet-stream",
    "x-goog-generation": String(kept.generation),
    "x-goog-hash": [`crc32c=${kept.crc32c}`, ...(kept.md5Hash ? [`md5=${kept.md5Hash}`] : [])].join(","),
  };
  if (range === undefined) return { status: 200, headers, body: kept.bytes };
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  const from = Number(first);
  const to = Math.min(last ? Number(last) + 1 : size, size);
  if (from >= size)
    return { status: 416, headers: { "content-range": `bytes */${size}` }, body: "<Error><Code>InvalidRange</Code></Error>" };
  return { status: 206, headers: { ...headers, "content-range": `bytes ${from}-${to - 1}/${size}` }, body: kept.bytes.subarray(from, to) };
}

export function resourceOf(bucket: Bucket, kept: Kept): object {
  const { name, crc32c, md5Hash, metadata, customTime, temporaryHold, retention } = kept;
  const policy =
    bucket.retentionSeconds > 0 ? new Date(kept.timeCreated.getTime() + bucket.retentionSeconds * 1_000).toISOString() : undefined;
  return {
    kind: "storage#object",
    name,
    bucket: bucket.name,
    generation: String(kept.generation),
    metageneration: String(kept.metageneration),
    size: String(kept.bytes.length),
    timeCreated: kept.timeCreated.toISOString(),
    storageClass: "STANDARD",
    crc32c,
    md5Hash,
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
    customTime,
    ...(temporaryHold ? { temporaryHold } : {}),
    retention,
    retentionExpirationTime: policy,
  };
}

/** `/upload/storage/v1/b/{bucket}/o` */
export function uploadApi(bucket: Bucket, asked: Asked, may: Require): Reply {
  const id = asked.query.get("upload_id");
  if (id !== null) return session(bucket, id, asked);
  may("storage.objects.create");
  const ifAbsent = asked.query.get("ifGenerationMatch") === "0";
  if (asked.query.get("uploadType") === "multipart") return multipart(bucket, asked, ifAbsent, may);
  const { name, metadata = {}, md5Hash } = JSON.parse(asked.body.toString());
  requireFree(bucket, name, ifAbsent, may);
  const { id: made } = bucket.begin(name, { ifAbsent, metadata, md5Hash });
  const location = `http://${asked.headers.host}${asked.path}?uploadType=resumable&upload_id=${made}`;
  return { status: 200, headers: { location } };
}

/** Overwriting is deleting: https://docs.cloud.google.com/storage/docs/access-control/iam-json, note on objects.insert. */
export function requireFree(bucket: Bucket, name: string, ifAbsent: boolean, may: Require): void {
  const there = bucket.live(name);
  if (!there) return;
  if (ifAbsent) throw jsonRefusal(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.");
  may("storage.objects.delete");
  if ((bucket.lockedUntil(there) ?? 0) > new Date())
    throw jsonRefusal(403, "retentionPolicyNotMet", `Object '${bucket.name}/${name}' is subject to retention.`);
}

function multipart(bucket: Bucket, { headers, body }: Asked, ifAbsent: boolean, may: Require): Reply {
  const [, border = ""] = /boundary=(\S+)/.exec(headers["content-type"] ?? "") ?? [];
  const first = body.indexOf("\r\n\r\n") + 4;
  const middle = body.indexOf(`\r\n--${border}\r\n`, first);
  const from = body.indexOf("\r\n\r\n", middle + 2) + 4;
  const { name, metadata = {}, md5Hash } = JSON.parse(body.subarray(first, middle).toString());
  const bytes = Buffer.from(body.subarray(from, body.length - `\r\n--${border}--\r\n`.length));
  requireSame(md5Hash, bytes);
  requireFree(bucket, name, ifAbsent, may);
  return json(200, resourceOf(bucket, bucket.make(name, bytes, { metadata })));
}

function requireSame(wanted: string | undefined, bytes: Uint8Array): void {
  if (wanted !== undefined && wanted !== md5(bytes))
    throw jsonRefusal(400, "invalid", `Provided MD5 hash "${wanted}" doesn't match calculated MD5 hash "${md5(bytes)}".`);
}

/** https://docs.cloud.google.com/storage/docs/performing-resumable-uploads; goes without a token. */
function session(bucket: Bucket, id: string, { method, headers, body }: Asked): Reply {
  const open = bucket.sessions.get(id);
  if (!open) throw jsonRefusal(404, "notFound", "Not Found");
  if (method === "DELETE") {
    bucket.sessions.delete(id);
    return { status: 499 };
  }
  if (open.made) return json(200, resourceOf(bucket, open.made));
  const [, first, last, total] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
  if (first !== undefined) {
    if (Number(first) !== open.held.length || Number(last) - Number(first) + 1 !== body.length)
      throw jsonRefusal(400, "invalid", "Invalid range");
    if (total === "*" && body.length % 262_144 > 0) throw jsonRefusal(400, "invalid", "Chunks are multiples of 256 KiB");
    open.held = Buffer.concat([open.held, body]);
  }
  if (total === "*" || open.held.length !== Number(total)) return waiting(open.held.length);
  const [, wanted] = /md5=(\S+)/.exec(String(headers["x-goog-hash"] ?? "")) ?? [];
  requireSame(wanted ?? open.md5Hash, open.held);
  requireFree(bucket, open.name, open.ifAbsent, () => {});
  open.made = bucket.make(open.name, open.held, { metadata: open.metadata });
  return json(200, resourceOf(bucket, open.made));
}

const waiting = (held: number): Reply => ({ status: 308, headers: held > 0 ? { range: `bytes=0-${held - 1}` } : {} });
