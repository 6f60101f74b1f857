import { describe, expect, test } from "vitest";
import { keysOf } from "../contract/subject.ts";
import { scripted, versionsBody } from "./kit/scripted.ts";
import { s3Store } from "./s3.ts";

describe("listing S3", () => {
  test("turns pages by key and version, and passes over what is not the newest", async () => {
    const truncated = "<IsTruncated>true</IsTruncated><NextKeyMarker>b</NextKeyMarker><NextVersionIdMarker>v9</NextVersionIdMarker>";
    const { client, asked } = scripted(({ query }) => ({
      body:
        query["key-marker"] === undefined
          ? versionsBody(
              [
                { key: "a", bytes: 1, etag: "x" },
                { key: "b", bytes: 1, etag: "x" },
              ],
              truncated,
            )
          : versionsBody([
              { key: "b", bytes: 1, etag: "x", latest: false },
              { key: "c", bytes: 1, etag: "x" },
            ]),
    }));
    expect(await keysOf(s3Store(client, { bucket: "acme" }), "p")).toEqual(["a", "b", "c"]);
    expect(asked.map(({ query }) => [query.prefix, query["key-marker"], query["version-id-marker"]])).toEqual([
      ["p", undefined, undefined],
      ["p", "b", "v9"],
    ]);
  });

  test("tells what is archived and what is thawing", async () => {
    const version = (key: string, more: string) =>
      `<Version><Key>${key}</Key><VersionId>v</VersionId><IsLatest>true</IsLatest><Size>1</Size><LastModified>2026-11-21T00:00:00.000Z</LastModified>${more}</Version>`;
    const cold = "<StorageClass>DEEP_ARCHIVE</StorageClass>";
    const body = `<ListVersionsResult>${version("cold", cold)}${version("instant", "<StorageClass>GLACIER_IR</StorageClass>")}${version(
      "thawed",
      `${cold}<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>2026-12-01T00:00:00Z</RestoreExpiryDate></RestoreStatus>`,
    )}${version("thawing", `${cold}<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>`)}</ListVersionsResult>`;
    const { client } = scripted(() => ({ body }));
    const found: string[] = [];
    for await (const { key, access } of s3Store(client, { bucket: "acme" }).list.list("")) found.push(`${key} ${access}`);
    expect(found).toEqual(["cold archived", "instant now", "thawed now", "thawing thawing"]);
  });

  test("lists the parts of an upload page by page, each once", async () => {
    const part = (n: number) => `<Part><PartNumber>${n}</PartNumber><Size>5</Size><ETag>"e${n}"</ETag></Part>`;
    const { client, asked } = scripted(({ query }) => ({
      body:
        query["part-number-marker"] === undefined
          ? `<ListPartsResult>${part(1)}${part(2)}${part(2)}<IsTruncated>true</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker></ListPartsResult>`
          : `<ListPartsResult>${part(3)}<IsTruncated>false</IsTruncated></ListPartsResult>`,
    }));
    const numbers: number[] = [];
    for await (const { n } of s3Store(client, { bucket: "acme" }).ranges.parts({ key: "k", token: "U", part: 5, bytes: 15 }))
      numbers.push(n);
    expect(numbers).toEqual([1, 2, 3]);
    expect(asked).toHaveLength(2);
  });
});
