import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { bytesOf, collect, context, digest, inChunks } from "../contract/subject.ts";
import { scripted } from "./kit/scripted.ts";
import { s3Store } from "./s3.ts";

test("a large body reaches the socket in slices, whole again at every try", async () => {
  const body = bytesOf(3 * 1_048_576 + 11);
  const slices: number[] = [];
  const got: string[] = [];
  const { client, asked } = scripted(async ({ body: sent }) => {
    expect(sent).toBeInstanceOf(Readable);
    const bytes = await collect(
      (async function* () {
        for await (const chunk of sent as unknown as Readable) {
          slices.push(chunk.length);
          yield chunk;
        }
      })(),
    );
    got.push(digest(bytes));
    return got.length === 1 ? { status: 503 } : {};
  }, 2);
  await s3Store(client, { bucket: "acme" }).create.create("k", inChunks(body), context());
  expect(got).toEqual([digest(body), digest(body)]);
  expect(Math.max(...slices)).toBeLessThanOrEqual(262_144);
  expect(asked.map(({ headers }) => headers["content-length"])).toEqual([`${body.length}`, `${body.length}`]);
});

test("a small body goes as it is", async () => {
  const { client, asked } = scripted(() => ({}));
  await s3Store(client, { bucket: "acme" }).create.create("k", inChunks(bytesOf(1_000)), context());
  expect(digest(asked[0]?.body ?? new Uint8Array())).toBe(digest(bytesOf(1_000)));
});
