import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { azure } from "@holdfast/stores/azure/kind.ts";
import { gcs } from "@holdfast/stores/gcs/kind.ts";
import { s3 } from "@holdfast/stores/s3/kind.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { goneCloud } from "./kit/gone.ts";
import { loginOf } from "./storelogin.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "holdfast-login-"));
  writeFileSync(path.join(folder, "mine.json"), "what a secret holds");
});
afterEach(() => rmSync(folder, { recursive: true }));

const audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q";
const planned = {
  gcs: { name: "far", kind: "gcs", config: gcs.config.parse({ bucket: "copies", federation: { audience } }) },
  s3: {
    name: "yandex",
    kind: "s3",
    config: s3.config.parse({ bucket: "copies", endpoint: "https://s3.example", credentials: "acme/yandex" }),
  },
  azure: {
    name: "blue",
    kind: "azure",
    config: azure.config.parse({ account: "acme", container: "copies", credentials: "acme/azure" }),
  },
};
const login = async (kind: keyof typeof planned, file?: string, env: Record<string, string> = {}) => {
  const cloud = goneCloud();
  return { ...(await loginOf(planned[kind], { gcs, s3, azure }[kind].login, { ...cloud, file, world: { cwd: folder, env } })), cloud };
};

describe("a login that was brought along takes the place of the plan's, and AWS is not asked", () => {
  test.each(["gcs", "s3", "azure"] as const)("for %s", async (kind) => {
    const { config, secrets, cloud } = await login(kind, "mine.json");
    expect(config).toMatchObject({ credentials: "mine.json", federation: undefined });
    expect(await secrets("mine.json")).toBe("what a secret holds");
    expect(cloud.asked).toEqual([]);
  });
  test.each([
    ["gcs", { GOOGLE_APPLICATION_CREDENTIALS: "mine.json" }, "what a secret holds"],
    ["azure", { AZURE_STORAGE_SAS_TOKEN: "sig=x" }, '{"sas":"sig=x"}'],
    ["azure", { AZURE_STORAGE_KEY: "a2V5" }, '{"accountKey":"a2V5"}'],
  ] as const)("as %s's own tools find it: %j", async (kind, env, text) => {
    const { config, secrets, cloud } = await login(kind, undefined, env);
    expect(config).toMatchObject({ credentials: Object.keys(env)[0] });
    expect([await secrets("x"), cloud.asked]).toEqual([text, []]);
  });
  test("and AWS's own keys are for no stranger", async () => {
    expect((await login("s3", undefined, { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "x" })).config).toBe(planned.s3.config);
  });
  test("a file that is not there is told", async () => {
    await expect(login("s3", "gone.json")).rejects.toMatchObject({
      name: "FileUnusable",
      message: "the credentials gone.json cannot be read",
    });
    await expect(login("gcs", undefined, { GOOGLE_APPLICATION_CREDENTIALS: "gone.json" })).rejects.toMatchObject({ name: "FileUnusable" });
  });
});

describe("without one the plan's way asks AWS, and when that fails says what to bring", () => {
  test("for a secret", async () => {
    const { secrets } = await login("s3");
    await expect(secrets("acme/yandex")).rejects.toMatchObject({
      name: "StoreLoginMissing",
      message:
        "the store yandex is opened by the secret acme/yandex in Secrets Manager, and that failed: could not read a secret (TimeoutError)",
      hint: expect.stringMatching(/--credentials FILE, with \{"accessKeyId"/),
    });
  });
  test.each([
    ["gcs", /Google's JSON file; or GOOGLE_APPLICATION_CREDENTIALS/],
    ["azure", /"accountKey".*AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_KEY/],
  ] as const)("for federation, in the words of %s", async (kind, hint) => {
    const { identity } = await login(kind);
    for (const asked of [identity.token("x", 60), identity.callerIdentity("eu-central-1", {}, "body")])
      await expect(asked).rejects.toMatchObject({ name: "StoreLoginMissing", hint: expect.stringMatching(hint) });
  });
  test("and what else fails quotes nothing", async () => {
    const of = { ...goneCloud(), secrets: () => Promise.reject(new Error("hidden")), file: undefined, world: { cwd: folder, env: {} } };
    const { secrets } = await loginOf({ name: "own", config: {} }, undefined, of);
    const error = await secrets("x").catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: "StoreLoginMissing" });
    expect(String(error)).not.toContain("hidden");
  });
});
