import { expect, test } from "vitest";
import { blockId, marker, parseBlockId } from "./blockid.ts";
import { fromListing, markOf, pinned, tagsOf } from "./stored.ts";
import { element, elements, text } from "./xml.ts";

test("elements are found by their whole name, with attributes, empty ones too", () => {
  const xml = '<Blobs><Blob><Name Encoded="true">a%01</Name><NameX>no</NameX></Blob><Blob><Name/></Blob></Blobs>';
  expect([...elements(xml, "Blob")]).toHaveLength(2);
  expect([...elements(xml, "Name")]).toEqual([
    { attributes: ' Encoded="true"', inner: "a%01" },
    { attributes: "", inner: "" },
  ]);
  expect(element(xml, "Nothing")).toBeUndefined();
  expect(element("<A>never closed", "A")).toBe("");
});

test("text is unescaped, once", () => {
  expect(text("a&lt;b&gt;&amp;amp;&quot;&apos;&#x1F600;&#10;&nbsp;")).toBe("a<b>&amp;\"'😀\n&nbsp;");
});

test("a listing tells of current versions, of names that XML cannot hold, and where it goes on", () => {
  const blob = (name: string, more: string) =>
    `<Blob><Name${name}</Name>${more}<Properties><Last-Modified>Sat, 21 Nov 2026 08:00:00 GMT</Last-Modified><Etag>0x1</Etag><Content-Length>5</Content-Length><AccessTier>Archive</AccessTier><ArchiveStatus>rehydrate-pending-to-cool</ArchiveStatus></Properties></Blob>`;
  const id = "2026-11-21T08:00:00.1234567Z";
  const { blobs, next } = fromListing(
    `<EnumerationResults><Blobs>${blob(">old", `<VersionId>${id}</VersionId>`)}${blob(">a&amp;b", `<VersionId>${id}</VersionId><IsCurrentVersion>true</IsCurrentVersion>`)}${blob(' Encoded="true">a%EF%BF%BEb', "")}</Blobs><NextMarker>a&amp;z</NextMarker></EnumerationResults>`,
  );
  const rest = { bytes: 5, at: new Date("2026-11-21T08:00:00Z"), access: "thawing", sums: {} };
  expect(blobs).toEqual([
    { key: "a&b", version: id, ...rest },
    { key: "a\uFFFEb", version: "0x1", ...rest },
  ]);
  expect(next).toBe("a&z");
});

test("a version is named by its id, and by its ETag where it has none", () => {
  expect(pinned("2026-11-21T08:00:00.1234567Z")).toEqual({ query: { versionid: "2026-11-21T08:00:00.1234567Z" }, headers: {} });
  expect(pinned("0x8DC")).toEqual({ query: {}, headers: { "if-match": '"0x8DC"' } });
  expect(pinned(undefined)).toEqual({ query: {}, headers: {} });
});

test("tags of others are no mark, and marks keep what they say", () => {
  expect(markOf("<Tags><TagSet><Tag><Key>team</Key><Value>a</Value></Tag></TagSet></Tags>")).toBeUndefined();
  expect(markOf("<Tags><TagSet><Tag><Key>release</Key><Value>soon</Value></Tag></TagSet></Tags>")).toBeUndefined();
  const mark = { release: "30d", tier: "a<b&c" } as const;
  expect(markOf(Buffer.from(tagsOf(mark)).toString())).toEqual(mark);
});

test("a block's id says what the block is, all ids have one length that Azure takes, and those of others are known as such", () => {
  const largest = { token: "0123456789abcdef", n: 50_000, bytes: 4_000 * 1_048_576, crc: "ae8b14860a799888" };
  expect(parseBlockId(blockId(largest))).toEqual(largest);
  const ids = [
    blockId(largest),
    blockId({ ...largest, n: 1, bytes: 0 }),
    blockId(marker(largest.token, "begun")),
    blockId(marker(largest.token, "aborted")),
  ];
  expect(new Set(ids.map(({ length }) => length)).size).toBe(1);
  expect(Buffer.from(ids[0] ?? "", "base64").length).toBeLessThanOrEqual(64);
  expect(parseBlockId(Buffer.from("block-000001").toString("base64"))).toBeUndefined();
});
