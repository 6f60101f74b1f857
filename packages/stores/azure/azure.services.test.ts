import { inspect } from "node:util";
import { type Azurite, azurite } from "@holdfast/localcloud";
import { ObjectArchived, ObjectExists, StoreDenied, StoreUnavailable } from "@holdfast/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { storeContract } from "../contract/contract.ts";
import { bytesOf, collect, context, inChunks, keysOf } from "../contract/subject.ts";
import { sharedAccess, sharedKey } from "./credential.ts";
import { signature } from "./kit/signature.ts";
import { azureSubject, freshContainer, smallParts, subjectOn } from "./kit/subject.ts";

let service: Azurite;
beforeAll(async () => {
  service = await azurite();
});
afterAll(() => service?.stop());

const account = () => ({ endpoint: service.endpoint, credential: sharedKey(service.account, service.key) });

storeContract(
  "Azure, on Azurite",
  () => azureSubject(account(), { ...smallParts, checksum: "md5", versions: false, locks: false, archive: false, page: 50 }),
  {
    runs: 1,
    lacks: {
      versions: "writing over a blob loses what stood there",
      locks: "it has no immutability",
      "locks on parts": "it has no immutability",
      archive: "it thaws at once",
      "thawing shows": "it thaws at once",
      sums: "the service keeps no digest of a blob made of blocks",
      order: "it compares names by their UTF-16",
    },
  },
);

describe("Azurite", () => {
  test("checks no CRC64, and says nothing of the kind, so nothing is left to it unless the plan asks for MD5", async () => {
    const { store } = await azureSubject(account(), { ...smallParts, versions: false });
    const made = store.create.create("k", inChunks(bytesOf(2 * smallParts.part)), context());
    await expect(made).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await store.read.head({ key: "k" })).toBeUndefined();
  });

  test("archives for real, and thaws at once", async () => {
    const { store, createArchived } = await azureSubject(account(), { ...smallParts, versions: false });
    const at = await createArchived("k", bytesOf(10));
    expect(await store.read.head(at)).toMatchObject({ access: "archived" });
    await expect(collect(store.read.read(at))).rejects.toBeInstanceOf(ObjectArchived);
    for await (const listed of store.list.list("k")) expect(listed).toMatchObject({ ...at, access: "archived" });
    expect(await store.thaw?.thaw(at, 2)).toBe("thawing");
    expect(await store.thaw?.thaw(at, 2)).toBe("ready");
    expect(await collect(store.read.read(at))).toHaveLength(10);
  });

  test("takes a signature that may create and not overwrite, and never quotes it", async () => {
    const container = await freshContainer(account());
    const sas = signature(service, container, "cr");
    const { store } = subjectOn({ ...account(), credential: sharedAccess(sas) }, container, {
      ...smallParts,
      checksum: "md5",
      versions: false,
    });
    await store.create.create("k", inChunks(bytesOf(10)), context());
    await expect(store.create.create("k", inChunks(bytesOf(10)), context())).rejects.toBeInstanceOf(ObjectExists);
    const error = await keysOf(store, "").catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StoreDenied);
    expect(inspect(error)).not.toContain(new URLSearchParams(sas).get("sig"));
    expect(inspect(error)).not.toContain("sig=");
  });

  test("a wrong key is denied, with a hint that names the secret", async () => {
    const container = await freshContainer(account());
    const wrong = { ...account(), credential: sharedKey(service.account, Buffer.alloc(64).toString("base64")) };
    const denied = subjectOn(wrong, container, smallParts).store.read.head({ key: "k" });
    await expect(denied).rejects.toMatchObject({ name: "StoreDenied" });
  });
});
