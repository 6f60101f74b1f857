import { SecretUnusable, tokenFor } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { nobody } from "../../../test/kit/identity.ts";
import { stores } from "../stores.ts";
import { azureActions } from "./actions.ts";
import { type AzureConfig, azure } from "./kind.ts";
import { open } from "./open.ts";

const place = { account: "acmebackups", container: "holdfast" };
const guid = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const keyless = { ...place, federation: { tenant: "acme.example", client: guid } };
const keyed = { ...place, credentials: "copies/azure" };

describe("the kind azure", () => {
  test("stands in the one list", () => {
    expect(stores.azure).toEqual({ kind: azure, folder: "packages/stores/azure" });
  });

  test("takes an account, a container and who asks, and says what it takes for granted", () => {
    const granted = { checksum: "crc64nvme", versions: true, locks: false, archive: true, limits: {} };
    expect(azure.config.parse(keyed)).toEqual({ ...keyed, ...granted });
    expect(azure.config.parse(keyless)).toMatchObject({ federation: { authority: "https://login.microsoftonline.com" } });
  });

  test.each([
    [{ ...keyed, account: "Acme" }, "account"],
    [{ ...keyed, account: "ab" }, "account"],
    [{ ...keyed, container: "a--b" }, "container"],
    [{ ...keyed, container: "-ab" }, "container"],
    [{ ...keyed, container: "ab" }, "container"],
    [{ ...keyed, endpoint: "http://acmebackups.blob.core.windows.net" }, "endpoint"],
    [{ ...keyed, endpoint: "https://core.windows.net.example.com" }, "endpoint"],
    [{ ...keyed, endpoint: "https://evilcore.windows.net.evil" }, "endpoint"],
    [{ ...keyed, endpoint: "http://127.0.0.1.example.com" }, "endpoint"],
    [{ ...keyless, federation: { tenant: "acme.example", client: "acme" } }, "federation.client"],
    [{ ...keyless, federation: { ...keyless.federation, authority: "https://login.example.com" } }, "federation.authority"],
    [{ ...keyed, checksum: "crc32" }, "checksum"],
    [{ ...keyed, limits: { maxParts: 0 } }, "limits.maxParts"],
    [{ ...keyed, keys: 1 }, ""],
    [place, ""],
    [{ ...keyed, ...keyless }, ""],
    [{ ...keyed, versions: false, locks: true }, ""],
  ])("refuses %o and names the path", (config, path) => {
    const { error } = azure.config.safeParse(config);
    expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });

  test.each([
    "https://acmebackups.privatelink.blob.core.windows.net",
    "https://acme.blob.core.usgovcloudapi.net",
    "http://127.0.0.1:10000/acme",
  ])("takes %s", (endpoint) => {
    expect(azure.config.safeParse({ ...keyed, endpoint }).success).toBe(true);
  });

  test("without a standing secret it needs a token of AWS and nothing else, else its secret and nothing of AWS", () => {
    const needs = (config: unknown, ...rights: Parameters<typeof azure.needs>[0]) =>
      azure.needs(rights, azure.config.parse(config), "copy");
    expect(needs(keyless, "create")).toEqual({ secrets: [], allow: [tokenFor(["api://AzureADTokenExchange"])] });
    expect(needs(keyed, "create", "read")).toEqual({ secrets: ["copies/azure"], allow: [] });
    expect(needs(keyed)).toEqual({ secrets: [], allow: [] });
    expect(needs(keyless)).toEqual({ secrets: [], allow: [] });
  });
});

test("each use may have an identity or a secret of its own", () => {
  const client = { copy: guid, mark: guid.replace("7", "8"), read: guid.replace("7", "9") };
  expect(azure.config.parse({ ...keyless, federation: { ...keyless.federation, client } }).federation?.client).toEqual(client);
  expect(azure.config.safeParse({ ...keyless, federation: { ...keyless.federation, client: { copy: guid } } }).success).toBe(false);
  const credentials = { copy: "az/copy", mark: "az/mark", read: "az/read" };
  for (const use of ["copy", "mark", "read"] as const)
    expect(azure.needs(["list"], azure.config.parse({ ...place, credentials }), use).secrets).toEqual([`az/${use}`]);
});

test("says where it is in Azure's words, however they are written", () => {
  const at = (more: object) => azure.place(azure.config.parse({ ...keyed, ...more }), "eu-central-1");
  expect(at({ region: "West Europe" })).toEqual({ cloud: "azure", region: "WestEurope", field: "region" });
  expect(at({}).region).toBeUndefined();
  expect(at({ endpoint: "http://127.0.0.1:10000/acme" }).cloud).toBe("local");
});

test("no right deletes, and a mark reads no byte", () => {
  const actions = Object.values(azureActions).flat();
  expect(actions.filter((action) => /delete|runAsSuperUser|move|\*/i.test(action))).toEqual([]);
  expect(azureActions.mark.map((action) => action.split("/blobs/")[1])).toEqual(["tags/read", "tags/write"]);
});

describe("opening it", () => {
  const opening = (secret: string, config: object = keyed) =>
    open(azure.config.parse(config) as AzureConfig, {
      secrets: async () => secret,
      region: "eu-central-1",
      identity: nobody,
      use: "copy",
      now: () => new Date(),
    });
  const key = JSON.stringify({ accountKey: Buffer.from("hush").toString("base64") });

  test("has locks only where the plan says so, thaws unless it says not, and the plan's limits", async () => {
    const plain = await opening(key);
    expect([plain.mark.lockUntil, plain.thaw]).toEqual([undefined, expect.any(Object)]);
    expect(plain.ranges.limits).toMatchObject({ maxParts: 33_000, maxPart: 4_000 * 1_048_576, sum: "crc64nvme" });
    const other = await opening(key, { ...keyed, locks: true, archive: false, limits: { maxParts: 9 } });
    expect([other.mark.lockUntil, other.thaw, other.ranges.limits.maxParts]).toEqual([expect.any(Function), undefined, 9]);
  });

  test("takes a shared access signature, and asks nobody who it is before it is used", async () => {
    await opening(JSON.stringify({ sas: "?sv=2024&sig=hush" }));
    await opening("", keyless);
  });

  test.each(["", "hush", '{"accountKey": "h u s h"}', '{"sas": "hush"}', '{"accountKey": 5}', '{"sas": "sig=hush", "accountKey": "hush"}'])(
    "the secret %j is unusable, and is not quoted",
    async (secret) => {
      const error = await opening(secret).then(
        () => undefined,
        (thrown) => thrown,
      );
      expect(error).toBeInstanceOf(SecretUnusable);
      expect(`${error.message} ${error.hint} ${error.cause}`).not.toContain("hush");
      expect(error.message).toContain("copies/azure");
    },
  );
});
