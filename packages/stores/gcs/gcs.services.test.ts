import { ObjectExists } from "@holdfast/core";
import { type FakeGcs, fakeGcs } from "@holdfast/localcloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { storeContract } from "../contract/contract.ts";
import { bytesOf, collect, context, digest, inChunks } from "../contract/subject.ts";
import { nobody } from "./access.ts";
import { gcsStore, hostsOf, lineTo } from "./gcs.ts";
import { plainSubject } from "./kit/plain.ts";

let server: FakeGcs;
beforeAll(async () => {
  server = await fakeGcs();
});
afterAll(() => server?.stop());

storeContract("Google Cloud Storage, on fake-gcs-server", () => plainSubject(server, "contract"), {
  runs: 20,
  lacks: {
    archive: "it archives nothing",
    "thawing shows": "nothing thaws",
    locks: "it has no retention",
    "locks on parts": "it has no retention",
    "marks on versions": "it changes the metadata of the newest, whichever is named",
    ranges: "it has no uploads in parts",
  },
});

describe("fake-gcs-server", () => {
  const store = async (bucket: string) => {
    await server.bucket(bucket);
    return gcsStore(lineTo(hostsOf(server.endpoint, true)), { bucket, access: nobody, part: 262_144, locks: false });
  };

  test("takes a resumable upload piece by piece", async () => {
    const { create, read } = await store("sessions");
    const body = bytesOf(3 * 262_144 + 17);
    const made = await create.create("k", inChunks(body), context());
    expect(made).toMatchObject({ bytes: body.length, sums: { crc32c: expect.any(String), md5: expect.any(String) } });
    expect(digest(await collect(read.read(made)))).toBe(digest(body));
  });

  test("passes over the precondition of a resumable upload; when it learns it, part of the contract above can grow", async () => {
    const { create } = await store("careless");
    const write = (seed: number) => create.create("k", inChunks(bytesOf(262_145, seed)), context());
    await write(1);
    const second = await write(2).catch((error) => error);
    expect(second).not.toBeInstanceOf(ObjectExists);
  });
});
