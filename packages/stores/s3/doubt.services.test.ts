import { OutcomeUnknown, StoreUnavailable } from "@holdfast/core";
import { describe, expect, inject, test } from "vitest";
import type { Subject } from "../contract/contract.ts";
import { bytesOf, collect, context, digest, freshPrefix, inChunks, keysOf } from "../contract/subject.ts";
import { clientFor, freshBucket, loseAnswers, loseRequests, realParts, subjectOn, tamper } from "./kit/subject.ts";
import type { S3Options } from "./s3.ts";

const services = {
  "the local AWS": () => {
    const { endpoint, region, root } = inject("ministack");
    return clientFor({ endpoint, region, credentials: root });
  },
  SeaweedFS: () => {
    const { endpoint, region, credentials } = inject("seaweedfs");
    return clientFor({ endpoint, region, credentials });
  },
};
const sizes = { "one request": 1_000, parts: realParts.part + 1_000 };
type Service = keyof typeof services;
/** One bucket for each service: SeaweedFS sets space aside for each bucket, and has room for about ten. */
const buckets = new Map<Service, Promise<string>>();
const opened = async (service: Service, options: Omit<S3Options, "bucket"> = {}) => {
  const client = services[service]();
  const bucket = buckets.get(service) ?? freshBucket(client);
  buckets.set(service, bucket);
  return { client, subject: subjectOn(client, await bucket, { ...realParts, ...options }), prefix: freshPrefix() };
};
const create = ({ store }: Subject, key: string, size: number, seed = 1) =>
  store.create.create(key, inChunks(bytesOf(size, seed)), context());

describe.each(Object.keys(services) as Service[])("between here and %s", (service) => {
  describe.each(Object.entries(sizes))("an object in %s", (_, size) => {
    test("whose answer is lost once is stored, and create says so", async () => {
      const { client, subject, prefix } = await opened(service);
      const made = await loseAnswers(client, 1, () => create(subject, `${prefix}k`, size));
      expect(digest(await collect(subject.store.read.read(made)))).toBe(digest(bytesOf(size)));
      expect(await subject.uploads(prefix)).toBe(0);
    });

    test("whose answers are all lost is stored, and create says so", async () => {
      const { client, subject, prefix } = await opened(service);
      const made = await loseAnswers(client, Number.POSITIVE_INFINITY, () => create(subject, `${prefix}k`, size));
      expect(await subject.store.read.head({ key: `${prefix}k` })).toMatchObject({ version: made.version, bytes: size });
    });

    test("that never arrives is OutcomeUnknown, and nothing is left", async () => {
      const { client, subject, prefix } = await opened(service);
      await expect(loseRequests(client, () => create(subject, `${prefix}k`, size))).rejects.toBeInstanceOf(OutcomeUnknown);
      expect(await keysOf(subject.store, prefix)).toEqual([]);
      expect(await subject.uploads(prefix)).toBe(0);
    });

    test("of the same length as somebody else's is not taken for it", async () => {
      const { client, subject, prefix } = await opened(service);
      await create(subject, `${prefix}k`, size, 2);
      const tried = loseAnswers(client, Number.POSITIVE_INFINITY, () => create(subject, `${prefix}k`, size));
      await expect(tried).rejects.toMatchObject({ name: expect.stringMatching(/ObjectExists|OutcomeUnknown/) });
      expect(digest(await collect(subject.store.read.read({ key: `${prefix}k` })))).toBe(digest(bytesOf(size, 2)));
    });

    test.each(service === "SeaweedFS" ? (["crc32", "crc64nvme"] as const) : (["crc32"] as const))(
      "that was changed on the way is refused by its %s",
      async (checksum) => {
        const { client, subject, prefix } = await opened(service, { checksum });
        await expect(tamper(client, () => create(subject, `${prefix}k`, size))).rejects.toBeInstanceOf(StoreUnavailable);
        expect(await keysOf(subject.store, prefix)).toEqual([]);
        expect(await subject.uploads(prefix)).toBe(0);
      },
    );
  });
});

describe("checksums that SeaweedFS keeps", () => {
  test.each(["crc64nvme", "none"] as const)("with %s", async (checksum) => {
    const { subject, prefix } = await opened("SeaweedFS", { checksum });
    for (const size of Object.values(sizes)) {
      const made = await create(subject, `${prefix}${size}`, size);
      expect(digest(await collect(subject.store.read.read(made)))).toBe(digest(bytesOf(size)));
      expect(Object.keys(made.sums)).toEqual(checksum === "none" ? [] : [checksum]);
    }
  });
});
