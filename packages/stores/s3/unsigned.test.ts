import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { bytesOf, context, inChunks } from "../contract/subject.ts";
import { scripted } from "./kit/scripted.ts";
import { s3Store } from "./s3.ts";

const body = bytesOf(2 * 1_048_576 + 11);
async function sentWith(checksum: "crc32" | "none"): Promise<Record<string, string>> {
  const { client, asked } = scripted(() => ({}));
  await s3Store(client, { bucket: "acme", checksum }).create.create("k", inChunks(body), context());
  return asked[0]?.headers ?? {};
}

test("a body that goes with a checksum is hashed once: the checksum is what the signature covers", async () => {
  const headers = await sentWith("crc32");
  expect(headers["x-amz-content-sha256"]).toBe("UNSIGNED-PAYLOAD");
  expect(Buffer.from(headers["x-amz-checksum-crc32"] ?? "", "base64").readUInt32BE()).toBe(crc32(body));
  expect(/SignedHeaders=([^,]+)/.exec(headers.authorization ?? "")?.[1]?.split(";")).toContain("x-amz-checksum-crc32");
});

test("a body without a checksum is signed itself", async () => {
  const headers = await sentWith("none");
  expect(headers["x-amz-content-sha256"]).toBe(createHash("sha256").update(body).digest("hex"));
});
