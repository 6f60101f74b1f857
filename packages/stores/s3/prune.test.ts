import { ObjectLocked, type StorePrune } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { errorBody, type Reply, scripted } from "./kit/scripted.ts";
import { s3Store } from "./s3.ts";

const at = { key: "backups/shop/a", version: "0123" };
const listing = (...objects: [key: string, etag: string][]) =>
  `<ListBucketResult>${objects.map(([key, etag]) => `<Contents><Key>${key}</Key><ETag>"${etag}"</ETag><Size>1</Size></Contents>`).join("")}</ListBucketResult>`;

/** What was asked, by method, and what came of it. */
async function pruning(reply: (request: { method: string; query: Record<string, string> }) => Reply, options: object) {
  const { client, asked } = scripted(reply as never);
  const store = s3Store(client, { bucket: "acme", ...options });
  const outcome = await (store.prune as StorePrune).delete(at).then(
    () => "done",
    (error) => error,
  );
  return { asked: asked.map(({ method }) => method), headers: asked.at(-1)?.headers ?? {}, outcome };
}

describe("without versions", () => {
  const holding =
    (...objects: [string, string][]) =>
    ({ method }: { method: string }): Reply =>
      method === "GET" ? { status: 200, body: listing(...objects) } : { status: 204, body: "" };
  test("the key is looked at by listing and then deleted, on no condition that R2 does not know and AWS asks a right to read for", async () => {
    const done = await pruning(holding([at.key, at.version]), { versions: false });
    expect(done).toMatchObject({ asked: ["GET", "DELETE"], outcome: "done" });
    expect(Object.keys(done.headers).filter((name) => /if-match/i.test(name))).toEqual([]);
  });
  test.each<[string, [string, string][]]>([
    ["another ETag", [[at.key, "4567"]]],
    ["nothing", []],
    ["only a longer key", [[`${at.key}.b`, at.version]]],
  ])("nothing is deleted where %s stands there", async (_what, objects) => {
    expect(await pruning(holding(...objects), { versions: false })).toMatchObject({ asked: ["GET"], outcome: "done" });
  });
  test("a lock rule of R2 is told as a lock that does not say when it ends", async () => {
    const { outcome } = await pruning(
      ({ method }) =>
        method === "GET"
          ? { status: 200, body: listing([at.key, at.version]) }
          : { status: 403, body: errorBody("ObjectLockedByBucketPolicy") },
      { versions: false, locks: false },
    );
    expect(outcome).toBeInstanceOf(ObjectLocked);
    expect(outcome).toMatchObject({ key: at.key, until: undefined });
  });
});

describe("what is denied", () => {
  const until = "2099-01-01T00:00:00.000Z";
  const held = `<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>${until}</RetainUntilDate></Retention>`;
  const denying =
    (retention: Reply) =>
    ({ method }: { method: string }): Reply =>
      method === "DELETE" ? { status: 403, body: errorBody("AccessDenied") } : retention;
  test("is a lock where one holds the version", async () => {
    const { outcome, asked } = await pruning(denying({ status: 200, body: held }), {});
    expect([outcome.name, outcome.until, asked]).toEqual(["ObjectLocked", new Date(until), ["DELETE", "GET"]]);
    expect(outcome.cause).toMatchObject({ name: "StoreDenied" });
  });
  test.each<[string, Reply, object, number]>([
    ["none does", { status: 404, body: errorBody("NoSuchObjectLockConfiguration") }, {}, 2],
    ["nobody may ask", { status: 403, body: errorBody("AccessDenied") }, {}, 2],
    ["the store has none", { status: 200, body: held }, { locks: false }, 1],
  ])("is a right that is missing where %s", async (_what, retention, options, calls) => {
    const { outcome, asked } = await pruning(denying(retention), options);
    expect([outcome.name, asked.length]).toEqual(["StoreDenied", calls]);
    expect(outcome.message).toContain("s3:DeleteObjectVersion on acme/backups/shop/a was denied");
  });
});

test("what is gone already is no error", async () => {
  expect((await pruning(() => ({ status: 404, body: errorBody("NoSuchVersion") }), {})).outcome).toBe("done");
});
