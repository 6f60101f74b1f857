import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parsePlan, type Setup } from "@holdfast/core";
import { stores as known } from "@holdfast/stores";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Ports } from "../command.ts";
import { kinds, testPlace } from "../kit/place.ts";
import { type TestWorld, testWorld } from "../kit/world.ts";
import type { RunProgram } from "../runprogram.ts";
import { stores, setupStore } from "./stores.ts";

const audience = "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/holdfast/providers/aws";
const planOf = (offlineKey: string) => ({
  project: "acme",
  region: "eu-central-1",
  offlineKeys: [offlineKey],
  stores: {
    gcs: { kind: "gcs", bucket: "acme-copies", location: "europe-west3", federation: { audience, provider: "oidc" } },
    other: { kind: "s3", bucket: "acme-copies", endpoint: "https://storage.example.com", region: "hel1", credentials: "acme/other" },
    aws: { kind: "s3", bucket: "acme-copies" },
    bare: { kind: "s3", bucket: "acme-bare", marks: false, prune: true },
    here: { kind: "still", name: "here" },
  },
  sources: {
    note: { kind: "memo", secret: "acme/note", schedule: "rate(1 day)", copies: ["gcs", "aws"], keep: { daily: 9, monthly: 0 } },
    plain: { kind: "memo", secret: "acme/plain", schedule: "rate(1 day)", copies: ["gcs"] },
  },
  targets: { desk: { kind: "memo", folder: "/tmp/desk" } },
});

let world: TestWorld;
let ports: Ports;
let folder = "";
/** A machine on which the programs of all clouds are. */
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "holdfast-stores-"));
  for (const program of ["aws", "gcloud", "az"]) writeFileSync(path.join(folder, program), "", { mode: 0o755 });
  await at({});
});
afterEach(() => rmSync(folder, { recursive: true }));
async function at(over: Parameters<typeof testWorld>[0]) {
  world = testWorld({ cwd: folder, env: { PATH: `/nowhere:${folder}` }, ...over });
  const t = await testPlace(world);
  const still = Object.values(t.place.lists.stores)[0];
  if (!still) throw new Error("no kind of store");
  const lists = { kinds, stores: { ...known, still } };
  ports = { ...t, place: { ...t.place, lists, plan: parsePlan(planOf(t.place.plan.offlineKeys[0] ?? ""), lists) } };
}

describe("the stores of a plan", () => {
  test("are listed with where they are and what is copied there", async () => {
    expect(await stores({}, ports)).toBe(0);
    expect(world.stdout.text.split("\n")).toEqual([
      "STORE  KIND   WHERE                COPIES OF",
      "gcs    gcs    google europe-west3  note, plain",
      "other  s3     other hel1           nothing",
      "aws    s3     aws eu-central-1     note",
      "bare   s3     aws eu-central-1     nothing",
      "here   still  this machine         nothing",
      "",
    ]);
  });
  test("also as JSON", async () => {
    await stores({ json: true }, ports);
    expect(JSON.parse(world.stdout.text)[0]).toEqual({
      ...{ name: "gcs", kind: "gcs", cloud: "google", region: "europe-west3" },
      sources: ["note", "plain"],
    });
  });
});

describe("the other side of a store", () => {
  test("is printed as a script, for the roles that the deployment makes and the keeps of what is copied there", async () => {
    expect(await setupStore({ store: "aws" }, ports)).toBe(0);
    const script = world.stdout.text;
    expect(script).toMatch(/^#!\/bin\/sh\n# acme-prod: the store aws, for copies of note\n/);
    for (const role of ["copy-aws", "mark-aws", "sample-aws", "restore-desk"])
      expect(script).toContain(`arn:aws:iam::000000000000:role/acme-prod-${role}`);
    expect(script).toContain('"release-9d"');
    expect(script).not.toContain('"release-30d"');
    expect(script).toContain("cat > lifecycle.json <<'HOLDFAST'\n");
  });
  test("lets the role that prunes in, where nothing is marked, and asks for who holds its key", async () => {
    await setupStore({ store: "bare" }, ports);
    const script = world.stdout.text;
    for (const role of ["copy-bare", "prune-bare", "sample-bare"]) expect(script).toContain(`role/acme-prod-${role}`);
    expect(script).not.toContain("mark-bare");
    await setupStore({ store: "bare", principal: ["copy=a", "prune=b", "read=c"] }, ports);
    await expect(setupStore({ store: "bare", principal: ["copy=a", "mark=b", "read=c"] }, ports)).rejects.toMatchObject({
      ...{ name: "UsageWrong", hint: "Say --principal copy=ID --principal prune=ID --principal read=ID." },
    });
  });
  test("is also written into a folder, with its files beside it", async () => {
    await setupStore({ store: "aws", out: "far/away" }, ports);
    expect(readdirSync(path.join(folder, "far/away")).sort()).toEqual(["lifecycle.json", "policy.json", "setup.sh"]);
    const script = readFileSync(path.join(folder, "far/away/setup.sh"), "utf8");
    expect(script).not.toContain("HOLDFAST'");
    expect(world.stdout.text).toBe(`${path.join(folder, "far/away/setup.sh")}\n`);
  });
  test("is also JSON", async () => {
    await setupStore({ store: "gcs", json: true }, ports);
    const { store, steps, notes } = JSON.parse(world.stdout.text) as Setup & { store: string };
    expect([store, steps[0]?.command[0], notes.length > 0]).toEqual(["gcs", "gcloud", true]);
  });
  test("names who holds the keys where the person says it, all three or none", async () => {
    await setupStore({ store: "other", principal: ["copy=a", "mark=b=c", "read=d"] }, ports);
    expect(world.stdout.text).toContain('"AWS": "b=c"');
    for (const principal of [["copy=a"], ["copy=a", "mark=b", "red=c"], ["copy=a", "mark=b", "read="]])
      await expect(setupStore({ store: "other", principal }, ports)).rejects.toMatchObject({ name: "UsageWrong" });
  });
  test.each([
    ["nope", "The plan's stores are: gcs, other, aws, bare, here."],
    ["here", "There is nothing to do."],
  ])("of %s there is none", async (store, hint) => {
    await expect(setupStore({ store }, ports)).rejects.toMatchObject({ name: "NothingToSetUp", hint });
  });
});

describe("applied", () => {
  type Answers = (command: readonly string[]) => { code?: number; said?: string; told?: string } | undefined;
  let ran: string[];
  const running = (answers: Answers = () => undefined): RunProgram => {
    ran = [];
    return async (command, where) => {
      if (command.some((argument) => /^(file:\/\/)?lifecycle\.json$/.test(argument)))
        expect(readdirSync(where)).toContain("lifecycle.json");
      ran.push(command.join(" "));
      return { code: 0, said: command.includes("describe") ? "acme" : "ok", told: "", ...answers(command) };
    };
  };
  const fresh: Answers = (command) => (command.includes("get-bucket-location") ? { code: 254, told: "NoSuchBucket" } : undefined);

  test("runs every step, shows each, and leaves nothing behind", async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("holdfast-setup-"));
    expect(await setupStore({ store: "aws", apply: true, yes: true }, ports, running(fresh))).toBe(0);
    expect(ran.map((command) => command.split(" s3api ")[1]?.split(" ")[0])).toEqual([
      ...["get-bucket-location", "create-bucket", "put-bucket-versioning", "put-object-lock-configuration", "put-public-access-block"],
      ...["put-bucket-ownership-controls", "put-bucket-lifecycle-configuration", "put-bucket-policy"],
    ]);
    expect(world.stderr.text).toContain("[1 of 7] The bucket");
    expect(world.stderr.text).toContain("  $ aws --region eu-central-1 s3api create-bucket --bucket acme-copies");
    expect(world.stdout.text).toBe("aws is set up: 7 steps ran, the others stood\n");
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("holdfast-setup-"))).toEqual(before);
  });
  test("a second time leaves what stands", async () => {
    await setupStore({ store: "aws", apply: true, yes: true, json: true }, ports, running());
    expect(ran.some((command) => command.includes("create-bucket"))).toBe(false);
    expect(JSON.parse(world.stdout.text).applied[0]).toMatchObject({ state: "stood" });
  });
  test("does not take an answer of nothing for what stands", async () => {
    const silent: Answers = (command) => (command.includes("get-bucket-location") ? { said: "\n" } : undefined);
    await setupStore({ store: "aws", apply: true, yes: true }, ports, running(silent));
    expect(ran.some((command) => command.includes("create-bucket"))).toBe(true);
  });
  test("passes on what one step learned to those after it", async () => {
    const answers: Answers = (command) =>
      command.includes("get-outbound-web-identity-federation-info") ? { said: "https://issuer.example\n" } : undefined;
    await setupStore({ store: "gcs", apply: true, yes: true }, ports, running(answers));
    expect(ran.find((command) => command.includes("update-oidc"))).toContain("--project acme --location global");
    expect(ran.find((command) => command.includes("update-oidc"))).toContain("--issuer-uri https://issuer.example --");
    expect(ran.filter((command) => command.includes("${"))).toEqual([]);
  });
  test.each(["", "None\n", "one\ntwo\n"])("stops where a step that later ones need answers %j", async (said) => {
    const answers: Answers = (command) => (command.includes("get-outbound-web-identity-federation-info") ? { said } : undefined);
    await expect(setupStore({ store: "gcs", apply: true, yes: true }, ports, running(answers))).rejects.toMatchObject({
      name: "SetupStopped",
    });
    expect(ran.at(-1)).toContain("get-outbound-web-identity-federation-info");
  });
  test("stops at the first step that fails, with what it said and what to do", async () => {
    const answers: Answers = (command) =>
      command.includes("put-bucket-versioning") ? { code: 255, told: "An error occurred (AccessDenied)\n" } : undefined;
    const failed = await setupStore({ store: "aws", apply: true, yes: true }, ports, running(answers)).catch((error) => error);
    expect(failed).toMatchObject({
      name: "SetupStopped",
      message: expect.stringMatching(/^step 2 of 7 ended with 255: aws .*put-bucket-versioning.*\nAn error occurred \(AccessDenied\)/),
      hint: expect.stringContaining("run the same again"),
    });
    expect(ran.at(-1)).toContain("put-bucket-versioning");
  });
  test("asks first, and once more before what cannot be taken back", async () => {
    await at({ answer: "y" });
    await setupStore({ store: "aws", apply: true }, ports, running());
    expect(world.stderr.text.match(/Run 7 steps as whoever aws is logged in as\?/g)).toHaveLength(1);
    expect(world.stderr.text.match(/This cannot be taken back\. Do it\?/g)).toHaveLength(1);
  });
  test("runs nothing for somebody who says no, or where there is nobody to ask", async () => {
    await expect(setupStore({ store: "aws", apply: true }, ports, running())).rejects.toMatchObject({ name: "UsageWrong" });
    await at({ answer: "n" });
    await expect(setupStore({ store: "aws", apply: true }, ports, running())).rejects.toMatchObject({ name: "Declined" });
    expect(ran).toEqual([]);
  });
  test("names every program that is not there before it asks anything", async () => {
    rmSync(path.join(folder, "gcloud"));
    rmSync(path.join(folder, "aws"));
    await expect(setupStore({ store: "gcs", apply: true, yes: true }, ports, running())).rejects.toMatchObject({
      name: "ProgramMissing",
      message: "aws and gcloud are not on this machine's PATH",
      hint: expect.stringContaining("docs.cloud.google.com/sdk"),
    });
    expect(ran).toEqual([]);
  });
  test("not on this machine, whose stores somebody else starts", async () => {
    const place = { ...ports.place, local: { endpoint: "http://127.0.0.1:1" } };
    await expect(setupStore({ store: "aws", apply: true }, { ...ports, place }, running())).rejects.toMatchObject({ name: "LocalRefused" });
    expect(ran).toEqual([]);
  });
  test("ends between two steps for somebody who interrupts", async () => {
    const answers: Answers = (command) => {
      if (command.includes("put-bucket-versioning")) world.interrupt(new Error("interrupted"));
      return undefined;
    };
    await expect(setupStore({ store: "aws", apply: true, yes: true }, ports, running(answers))).rejects.toThrow("interrupted");
    expect(ran.at(-1)).toContain("put-bucket-versioning");
  });
});
