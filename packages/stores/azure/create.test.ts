import { ObjectExists, ObjectTooLarge, OutcomeUnknown, StoreDenied, StoreUnavailable, UploadGone } from "@holdfast/core";
import { afterEach, describe, expect, test } from "vitest";
import { bytesOf, collect, context, digest, failing, inChunks } from "../contract/subject.ts";
import { type FakeAzure, type Meddling, refusal } from "./kit/fakeazure.ts";
import type { Seen } from "./kit/fakecalls.ts";
import { smallParts } from "./kit/subject.ts";
import { world } from "./kit/world.ts";

const fakes: FakeAzure[] = [];
afterEach(async () => {
  for (const fake of fakes.splice(0)) await fake.close();
});
async function started(options: Parameters<typeof world>[0] = {}) {
  const made = await world(options);
  fakes.push(made.fake);
  const create = (body: Uint8Array, store = made.store) => store.create.create("k", inChunks(body), context());
  const calls = () => made.fake.seen.map(({ call }) => call);
  return { ...made, create, calls };
}
const thrown = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error,
  );

const small = bytesOf(1_000);
const large = bytesOf(2 * smallParts.part + 7);
/** The write that makes the object, of a body in one request and of one in blocks. */
const bodies = [
  { what: "one request", body: small, commit: "Put Blob" },
  { what: "blocks", body: large, commit: "Put Block List" },
];
const only = (call: string, meddling: (nth: number) => Meddling) => (seen: Seen, nth: number) =>
  seen.call === call ? meddling(nth) : undefined;

describe("creating in Azure", () => {
  test("a small body is one conditional request with a checksum, and nothing is asked beside it", async () => {
    const { create, fake, calls } = await started();
    const made = await create(small);
    expect(made).toMatchObject({ key: "k", bytes: 1_000, access: "now", sums: { crc64nvme: expect.stringMatching(/^[0-9a-f]{16}$/) } });
    expect(made.version).toBe(fake.container.current("k")?.id);
    expect(calls()).toEqual(["Put Blob"]);
    expect(fake.seen[0]?.headers).toMatchObject({
      "if-none-match": "*",
      "content-length": "1000",
      "x-ms-content-crc64": expect.any(String),
    });
    expect(fake.seen[0]?.headers).not.toHaveProperty("content-md5");
  });

  test("a large body goes in blocks, each checked, and only the list of them is conditional", async () => {
    const { create, fake, calls } = await started();
    expect(await create(large)).toMatchObject({ bytes: large.length, sums: { crc64nvme: expect.any(String) } });
    expect(calls()).toEqual(["Put Block", "Put Block", "Put Block", "Put Block List"]);
    for (const { call, headers } of fake.seen) {
      expect(headers["x-ms-content-crc64"]).toEqual(expect.any(String));
      expect(headers["if-none-match"]).toBe(call === "Put Block List" ? "*" : undefined);
    }
  });

  describe.each([409, 412] as const)("where a taken name is refused with %i", (taken) => {
    test.each(bodies)(
      "in $what it throws ObjectExists, also for the same bytes, and asks nothing more than it must",
      async ({ body, commit, what }) => {
        const { create, calls, fake } = await started({ taken });
        const first = await create(body);
        fake.seen.splice(0);
        expect(await thrown(create(body))).toBeInstanceOf(ObjectExists);
        expect(calls().filter((call) => call !== "Put Block")).toEqual(what === "blocks" ? [commit] : [commit, "Get Blob Properties"]);
        expect(fake.container.current("k")?.id).toBe(first.version);
      },
    );
  });

  test("one who may make blobs and never write over them is told that the name is taken", async () => {
    const { create, as, fake } = await started();
    fake.tokens.set("create", "cr");
    for (const body of [small, large]) {
      fake.container.blobs.clear();
      await create(body, as("create"));
      expect(await thrown(create(body, as("create")))).toBeInstanceOf(ObjectExists);
    }
    fake.tokens.set("create", "c");
    const blind = await thrown(create(small, as("create")));
    expect(blind).toBeInstanceOf(ObjectExists);
  });

  test("and so is one who is only told that he may not", async () => {
    const { create, fake } = await started();
    for (const { body, commit } of bodies) {
      await create(body);
      fake.meddle = only(commit, () => refusal(403, "AuthorizationPermissionMismatch"));
      expect(await thrown(create(body))).toBeInstanceOf(ObjectExists);
      fake.container.blobs.clear();
      expect(await thrown(create(body))).toBeInstanceOf(StoreDenied);
      fake.meddle = () => undefined;
    }
  });

  test("a source that fails waits for no block that is on its way", async () => {
    const { store, fake } = await started();
    fake.meddle = only("Put Block", () => "hang");
    const error = new Error("the source failed");
    expect(await thrown(store.create.create("k", failing(large, 2 * smallParts.part, error), context()))).toBe(error);
  });

  test("blocks that somebody left under the name do not pass for a blob", async () => {
    const { create, fake } = await started();
    // As Azurite does: any block makes the name taken for Put Blob.
    fake.meddle = only("Put Blob", () => refusal(409, "BlobAlreadyExists"));
    expect(await create(small)).toMatchObject({ bytes: small.length });
    expect(digest(fake.container.current("k")?.bytes ?? small.subarray(1))).toBe(digest(small));
  });

  describe("whose answer is in doubt", () => {
    test.each(bodies)("in $what: lost, and refused because of itself when sent again, it is success", async ({ body, commit }) => {
      const { create, fake, waits } = await started();
      fake.meddle = only(commit, (nth) => (nth === 1 ? "lose" : undefined));
      const made = await create(body);
      expect(made).toMatchObject({ version: fake.container.current("k")?.id, bytes: body.length });
      expect(waits).toEqual([500]);
    });

    test.each(bodies)("in $what: lost for good, the object itself settles it", async ({ body, commit }) => {
      const { create, fake, waits } = await started();
      fake.meddle = only(commit, (nth) => (nth === 1 ? "lose" : refusal(503, "ServerBusy")));
      expect(await create(body)).toMatchObject({ version: fake.container.current("k")?.id, bytes: body.length });
      expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
    });

    test.each(bodies)("in $what: lost, and nothing stands there, is OutcomeUnknown", async ({ body, commit }) => {
      const { create, fake } = await started();
      fake.meddle = only(commit, () => "reset");
      expect(await thrown(create(body))).toBeInstanceOf(OutcomeUnknown);
    });

    test.each(bodies)(
      "in $what: lost, and somebody else's bytes of the same length stand there, is ObjectExists",
      async ({ body, commit }) => {
        const { create, fake } = await started();
        fake.meddle = only(commit, (nth) => {
          if (nth === 1) fake.container.write("k", Buffer.from(bytesOf(body.length, 9)), {});
          return nth === 1 ? "reset" : undefined;
        });
        expect(await thrown(create(body))).toBeInstanceOf(ObjectExists);
      },
    );

    test.each(bodies)("in $what: lost, and it may not look, is OutcomeUnknown", async ({ body, commit }) => {
      const { create, as, fake } = await started();
      fake.tokens.set("write", "w");
      fake.meddle = only(commit, () => "lose");
      expect(await thrown(create(body, as("write")))).toBeInstanceOf(OutcomeUnknown);
    });
  });

  test("a block is sent again after throttling, trouble of the service's own, and a reset in its middle", async () => {
    const { create, fake, store, waits } = await started();
    const troubles: Meddling[] = [refusal(429, "TooManyRequests", { "retry-after": "7" }), refusal(500, "InternalError"), "reset", "lose"];
    fake.meddle = only("Put Block", (nth) => troubles[nth - 1]);
    await create(bytesOf(smallParts.part + 1));
    expect(digest(await collect(store.read.read({ key: "k" })))).toBe(digest(bytesOf(smallParts.part + 1)));
    expect(waits).toContain(7_000);
    expect(waits).toHaveLength(4);
  });

  test("a service that asks for more patience than a run has is given up at once, with what it said", async () => {
    const { create, fake, waits } = await started();
    fake.meddle = () => refusal(503, "ServerBusy", { "retry-after": "3600" });
    const error = await thrown(create(large));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error).toMatchObject({ message: expect.stringContaining("ServerBusy (503)"), hint: expect.stringContaining("limit") });
    expect(waits).toEqual([]);
  });

  test("a byte that changes on the way is refused by the service, and nothing is stored", async () => {
    for (const { body } of bodies) {
      const { create, fake } = await started();
      fake.meddle = ({ call }) => (call === "Put Blob" || call === "Put Block" ? "corrupt" : undefined);
      const error = await thrown(create(body));
      expect(error).toMatchObject({ name: "StoreUnavailable", message: expect.stringContaining("Crc64Mismatch") });
      expect(fake.container.current("k")).toBeUndefined();
    }
  });

  test("a list of blocks that changes on the way is refused too", async () => {
    const { create, fake } = await started();
    fake.meddle = only("Put Block List", () => "corrupt");
    expect(await thrown(create(large))).toMatchObject({ message: expect.stringContaining("Crc64Mismatch") });
    expect(fake.container.current("k")).toBeUndefined();
  });

  test("a service that does not say what it computed has checked nothing, and gets no commit", async () => {
    const { create, fake } = await started({ checksCrc64: false });
    expect(await thrown(create(large))).toMatchObject({
      message: expect.stringContaining("did not check"),
      hint: expect.stringContaining("md5"),
    });
    expect(fake.container.current("k")).toBeUndefined();
    expect(await create(small)).toMatchObject({ bytes: 1_000 });
  });

  describe("where the plan has MD5 and the service tells no digest", () => {
    const asked = { checksum: "md5", checksCrc64: false } as const;
    test("it counts as checked once it refused a wrong one, which it is asked for one time", async () => {
      const { create, fake, calls } = await started(asked);
      expect(await create(large)).toMatchObject({ bytes: large.length, sums: { crc64nvme: expect.any(String) } });
      expect(calls().filter((call) => call === "Put Block")).toHaveLength(4);
      expect(digest(fake.container.current("k")?.bytes ?? small)).toBe(digest(large));
    });

    test("and one that takes a wrong one has checked nothing, and gets no commit", async () => {
      const { create, fake } = await started(asked);
      fake.meddle = only("Put Block", () => ({ status: 201 }));
      expect(await thrown(create(large))).toMatchObject({ name: "StoreUnavailable", message: expect.stringContaining("did not check") });
      expect(fake.container.current("k")).toBeUndefined();
    });

    test("one that cannot be asked is asked again the next time", async () => {
      const { create, fake, store } = await started(asked);
      const wrong = ({ call, body }: Seen) => call === "Put Block" && body.length === 1;
      fake.meddle = (seen) => (wrong(seen) ? refusal(403, "AuthorizationFailure") : undefined);
      expect(await thrown(create(large, store))).toBeInstanceOf(StoreDenied);
      fake.meddle = () => undefined;
      expect(await create(large, store)).toMatchObject({ bytes: large.length });
    });
  });

  test("a service that stored other bytes than it was sent tells so by its checksum", async () => {
    const { create, fake } = await started();
    fake.meddle = only("Put Block", () => ({ status: 201, headers: { "x-ms-content-crc64": Buffer.alloc(8).toString("base64") } }));
    expect(await thrown(create(large))).toMatchObject({ message: expect.stringContaining("another checksum") });
  });

  test("blocks that another upload's commit dropped are no blob of ours", async () => {
    const { create, fake } = await started();
    fake.meddle = only("Put Block List", () => {
      fake.container.blocks.clear();
      return undefined;
    });
    expect(await thrown(create(large))).toBeInstanceOf(UploadGone);
  });

  test.each([
    [refusal(404, "ContainerNotFound"), StoreUnavailable, "container"],
    [refusal(403, "AuthorizationPermissionMismatch"), StoreDenied, "role"],
    [refusal(403, "AuthorizationFailure"), StoreDenied, "network rules"],
    [refusal(403, "AuthenticationFailed"), StoreDenied, "secret"],
    [refusal(403, "AuthenticationFailed", { date: "Sat, 21 Nov 2020 08:00:00 GMT" }), StoreDenied, "minutes ahead of Azure's"],
    [refusal(403, "AuthenticationFailed", { date: "Sat, 21 Nov 2099 08:00:00 GMT" }), StoreDenied, "minutes behind Azure's"],
    [refusal(409, "AccountIsDisabled"), StoreUnavailable, "disabled"],
    [refusal(507, "InsufficientStorage"), StoreUnavailable, "quota"],
    [refusal(413, "RequestBodyTooLarge"), ObjectTooLarge, "Split"],
    [refusal(409, "BlockCountExceedsLimit"), StoreUnavailable, "uploads that failed wait under this name"],
    [{ status: 307, headers: { location: "https://elsewhere.example.com/k" } }, StoreUnavailable, "redirects are never followed"],
  ])("%o is %o with a hint", async (reply, kind, hint) => {
    const { create, fake } = await started();
    fake.meddle = ({ method }) => (method === "PUT" ? reply : undefined);
    for (const { body } of bodies) {
      const error = await thrown(create(body));
      expect(error).toBeInstanceOf(kind);
      expect(error.hint).toContain(hint);
    }
  });

  test("what turns out to need more blocks than there may be is refused, and the producer is let go", async () => {
    const { store } = await started({ limits: { maxParts: 2 } });
    let released = false;
    const endless = async function* () {
      try {
        for (;;) yield bytesOf(smallParts.part);
      } finally {
        released = true;
      }
    };
    expect(await thrown(store.create.create("k", endless(), context(), 2 * smallParts.part))).toBeInstanceOf(ObjectTooLarge);
    expect(released).toBe(true);
  });
});
