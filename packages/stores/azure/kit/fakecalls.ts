import { crc64OnTheWire, type FakeContainer, FakeError, type FakeVersion, md5Of } from "./fakeblobs.ts";

/** A request that reached the service. `call` names it as the manual does. */
export type Seen = {
  call: string;
  method: string;
  key: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: Buffer;
};
export type Told = { status: number; headers?: Record<string, string>; body?: string | Buffer };
type Handler = (container: FakeContainer, seen: Seen) => Told;

/** What each call needs, in the letters of a SAS. A call of a role that may `c`reate makes blobs and never writes over one. */
export const rights: Record<string, string> = {
  "Put Blob": "wc",
  "Put Block": "wc",
  "Put Block List": "wc",
  "Get Block List": "r",
  "Get Blob": "r",
  "Get Blob Properties": "r",
  "List Blobs": "l",
  "Get Blob Tags": "t",
  "Set Blob Tags": "t",
  "Set Blob Tier": "w",
  "Set Blob Immutability Policy": "i",
  "Delete Blob": "d",
};

export function callOf(method: string, query: URLSearchParams): string {
  const comp = query.get("comp") ?? "";
  const named: Record<string, string> = {
    "PUT block": "Put Block",
    "PUT blocklist": "Put Block List",
    "GET blocklist": "Get Block List",
    "GET tags": "Get Blob Tags",
    "PUT tags": "Set Blob Tags",
    "PUT tier": "Set Blob Tier",
    "PUT immutabilityPolicies": "Set Blob Immutability Policy",
    "GET list": "List Blobs",
    "PUT ": "Put Blob",
    "GET ": "Get Blob",
    "HEAD ": "Get Blob Properties",
    "DELETE ": "Delete Blob",
  };
  return named[`${method} ${comp}`] ?? `${method} ${comp}`;
}

const xml = (inner: string): Told => ({
  status: 200,
  headers: { "content-type": "application/xml" },
  body: `\uFEFF<?xml version="1.0" encoding="utf-8"?>${inner}`,
});
const escaped = (plain: string) => plain.replace(/[<>&"]/g, (sign) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;" })[sign] ?? "&quot;");

export const handlers: Record<string, Handler> = {
  "Put Blob": (container, { key, headers, body }) => {
    if (headers["if-none-match"] === "*") container.requireAbsent(key);
    const sums = requireSum(container, headers, body);
    const more = { meta: metaOf(headers), md5: md5Of(body), tier: headers["x-ms-access-tier"] ?? "Hot" };
    return written(container.write(key, body, more), { ...sums, "content-md5": md5Of(body) });
  },
  "Put Block": (container, { key, query, headers, body }) => {
    const sums = requireSum(container, headers, body);
    container.stage(key, query.get("blockid") ?? "", body);
    return { status: 201, headers: sums };
  },
  "Put Block List": (container, { key, headers, body }) => {
    const sums = requireSum(container, headers, body);
    if (headers["if-none-match"] === "*") container.requireAbsent(key);
    const ids = [...body.toString().matchAll(/<Uncommitted>([^<]+)<\/Uncommitted>/g)].map(([, id = ""]) => id);
    return written(container.write(key, container.gather(key, ids), { meta: metaOf(headers) }), sums);
  },
  "Get Block List": (container, { key }) => {
    const blocks = container.blocks.get(key);
    if (!blocks && !container.current(key)) throw new FakeError(404, "BlobNotFound");
    const shown = [...(blocks ?? [])].map(([id, { length }]) => `<Block><Name>${id}</Name><Size>${length}</Size></Block>`);
    return xml(`<BlockList><CommittedBlocks /><UncommittedBlocks>${shown.join("")}</UncommittedBlocks></BlockList>`);
  },
  "Get Blob Properties": (container, { key, query, headers }) => {
    const found = container.find(key, query.get("versionid"), headers["if-match"]);
    return { status: 200, headers: { ...properties(found), "content-length": String(found.bytes.length) } };
  },
  "Get Blob": (container, { key, query, headers }) => {
    const found = container.find(key, query.get("versionid"), headers["if-match"]);
    if (found.tier === "Archive") throw new FakeError(409, "BlobArchived");
    const [, from = "", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
    const { length } = found.bytes;
    if (from === "") return { status: 200, headers: properties(found), body: found.bytes };
    if (Number(from) >= length) throw new FakeError(416, "InvalidRange");
    const end = to === "" ? length : Math.min(length, Number(to) + 1);
    return {
      status: 206,
      headers: { ...properties(found), "content-range": `bytes ${from}-${end - 1}/${length}` },
      body: found.bytes.subarray(Number(from), end),
    };
  },
  "Delete Blob": (container, { key }) => {
    container.find(key, null);
    container.remove(key);
    return { status: 202 };
  },
  "Get Blob Tags": (container, { key, query }) => {
    const tags = [...container.find(key, query.get("versionid")).tags];
    const set = tags.map(([name, value]) => `<Tag><Key>${escaped(name)}</Key><Value>${escaped(value)}</Value></Tag>`);
    return xml(`<Tags><TagSet>${set.join("")}</TagSet></Tags>`);
  },
  "Set Blob Tags": (container, { key, query, body }) => {
    const tags = [...body.toString().matchAll(/<Tag><Key>([^<]+)<\/Key><Value>([^<]*)<\/Value><\/Tag>/g)];
    container.find(key, query.get("versionid")).tags = new Map(tags.map(([, name = "", value = ""]) => [name, value]));
    return { status: 204 };
  },
  "Set Blob Tier": (container, { key, query, headers }) => {
    const found = container.find(key, query.get("versionid"));
    const tier = headers["x-ms-access-tier"] ?? "";
    if (found.status) throw new FakeError(409, "BlobBeingRehydrated");
    if (found.tier !== "Archive") found.tier = tier;
    else found.status = `rehydrate-pending-to-${tier.toLowerCase()}`;
    return { status: found.status ? 202 : 200 };
  },
  "Set Blob Immutability Policy": (container, { key, query, headers }) => {
    if (!container.options.locks) throw new FakeError(409, "FeatureNotEnabled");
    const found = container.find(key, query.get("versionid"));
    const until = new Date(headers["x-ms-immutability-policy-until-date"] ?? "");
    if (headers["x-ms-immutability-policy-mode"] !== "locked" || Number.isNaN(until.getTime()))
      throw new FakeError(400, "InvalidHeaderValue");
    if (found.lockedUntil && found.lockedUntil > until) throw new FakeError(409, "BlobImmutableDueToPolicy");
    found.lockedUntil = until;
    return { status: 200 };
  },
  "List Blobs": (container, { query }) => {
    const prefix = query.get("prefix") ?? "";
    const all = query.get("include")?.includes("versions") === true;
    const uncommitted = query.get("include")?.includes("uncommittedblobs") ? [...container.blocks.keys()] : [];
    const keys = [...new Set([...container.blobs.keys(), ...uncommitted])].filter((key) => key.startsWith(prefix));
    const inOrder = keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const blobs = inOrder.flatMap((key) => {
      const shown = (container.blobs.get(key) ?? []).filter(({ current }) => all || current);
      return shown.length > 0
        ? shown.map((version) => listed(key, version, all))
        : uncommitted.includes(key)
          ? [`<Blob><Name>${key}</Name></Blob>`]
          : [];
    });
    const from = Number(query.get("marker") ?? 0);
    const to = from + Number(query.get("maxresults") ?? 5_000);
    const next = to < blobs.length ? `<NextMarker>${to}</NextMarker>` : "<NextMarker />";
    return xml(`<EnumerationResults><Blobs>${blobs.slice(from, to).join("")}</Blobs>${next}</EnumerationResults>`);
  },
};

/** Two digests are one too many. The service answers with the one that it computed. */
function requireSum({ options }: FakeContainer, headers: Seen["headers"], body: Buffer): Record<string, string> {
  const { "content-md5": md5, "x-ms-content-crc64": crc } = headers;
  if (md5 !== undefined && crc !== undefined) throw new FakeError(400, "InvalidHeaderValue");
  if (md5 !== undefined && md5 !== md5Of(body)) throw new FakeError(400, "Md5Mismatch");
  if (!options.checksCrc64) return {};
  if (crc !== undefined && crc !== crc64OnTheWire(body)) throw new FakeError(400, "Crc64Mismatch");
  return md5 === undefined ? { "x-ms-content-crc64": crc64OnTheWire(body) } : { "content-md5": md5Of(body) };
}

/** Kept as it was sent. The service looks at none of it. */
const metaOf = (headers: Seen["headers"]): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (name.startsWith("x-ms-meta-") && value ? [[name, value]] : [])));

const written = ({ id, etag, at }: FakeVersion, sums: Record<string, string>): Told => ({
  status: 201,
  headers: { ...sums, etag, "last-modified": at.toUTCString(), ...(id && { "x-ms-version-id": id }) },
});

function properties({ id, etag, at, tier, status, meta, md5, tags, lockedUntil }: FakeVersion): Record<string, string> {
  return {
    ...{ etag, "last-modified": at.toUTCString(), "x-ms-access-tier": tier, "x-ms-blob-type": "BlockBlob" },
    ...(id && { "x-ms-version-id": id }),
    ...(status && { "x-ms-archive-status": status }),
    ...meta,
    ...(md5 && { "content-md5": md5 }),
    ...(tags.size > 0 && { "x-ms-tag-count": String(tags.size) }),
    ...(lockedUntil && { "x-ms-immutability-policy-until-date": lockedUntil.toUTCString(), "x-ms-immutability-policy-mode": "locked" }),
  };
}

function listed(key: string, { id, etag, at, bytes, tier, status, current }: FakeVersion, all: boolean): string {
  const version = all && id ? `<VersionId>${id}</VersionId>${current ? "<IsCurrentVersion>true</IsCurrentVersion>" : ""}` : "";
  const archive = status ? `<ArchiveStatus>${status}</ArchiveStatus>` : "";
  const inner = `<Last-Modified>${at.toUTCString()}</Last-Modified><Etag>${etag.replaceAll('"', "")}</Etag><Content-Length>${bytes.length}</Content-Length>`;
  return `<Blob><Name>${escaped(key)}</Name>${version}<Properties>${inner}<AccessTier>${tier}</AccessTier>${archive}</Properties><OrMetadata /></Blob>`;
}
