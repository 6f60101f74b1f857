import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aContext } from "../../../test/kit/taken.ts";
import { openClient } from "./client.ts";
import { write } from "./kit/fakecluster.ts";
import type { FakeVault } from "./kit/fakeport.ts";
import { fail, reply } from "./kit/fakeport.ts";
import { openFakeVault } from "./kit/fakevault.ts";
import { readMarker } from "./marker.ts";

let fake: FakeVault;
beforeAll(async () => {
  fake = await openFakeVault();
});
afterAll(() => fake.end());
const read = (path: string) => readMarker(openClient({ nodes: fake.urls }, aContext()), fake.urls[0] ?? "", fake.cluster.root, path);

test("is the digest of canonical JSON: the order of keys says nothing, what they hold does", async () => {
  const [one, same, other] = [
    { data: { a: [1, { y: null, x: "ü" }], b: true }, metadata: { version: 1 } },
    { metadata: { version: 1 }, data: { b: true, a: [1, { x: "ü", y: null }] } },
    { data: { a: [1, { x: "ü", y: null }], b: true }, metadata: { version: 2 } },
  ];
  for (const [path, data] of Object.entries({ "kv/one": one, "kv/same": same, "kv/other": other })) write(fake.cluster, path, data);
  const canonical = '{"data":{"a":[1,{"x":"ü","y":null}],"b":true},"metadata":{"version":1}}';
  expect(await read("kv/one")).toBe(createHash("sha256").update(canonical).digest("hex"));
  expect(await read("kv/same")).toBe(await read("kv/one"));
  expect(await read("kv/other")).not.toBe(await read("kv/one"));
});

test("that cannot be read says why", async () => {
  await expect(read("kv/nothing")).rejects.toMatchObject({
    name: "MarkerMissing",
    message: "nothing stands at the marker kv/nothing",
  });
  fake.overrides.push(({ path }, response) => path === "kv/odd" && reply(response, 200, { keys: [] }));
  await expect(read("kv/odd")).rejects.toMatchObject({
    name: "MarkerUnreadable",
    message: expect.stringContaining("not something that a secrets engine holds"),
  });
  fake.overrides.push(({ path }, response) => path === "kv/sealed" && fail(response, 503, "Vault is sealed"));
  await expect(read("kv/sealed")).rejects.toMatchObject({ name: "VaultSealed" });
  fake.overrides.push(({ path }, response) => path === "kv/apart" && fail(response, 400, "operation unavailable in namespaces"));
  await expect(read("kv/apart")).rejects.toMatchObject({ name: "MarkerUnreadable", cause: { name: "NamespaceRefused" } });
});
