import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { GetPublicKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { generateIdentity } from "@holdfast/age";
import { type Cloud, openCloud } from "@holdfast/localcloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// The command line as a process, in the local cloud with the roles of the real graph, from a shell that points everywhere else.

const clone = path.resolve(import.meta.dirname, "../../..");
const made: string[] = [];
let [root, desk, work] = ["", "", ""];
let cloud: Cloud;
let elsewhere: { port: number; calls: number; stop(): void };

beforeAll(async () => {
  [root, desk, work] = [folder(tmpdir()), folder(tmpdir()), folder(tmpdir())];
  const { identity, recipient } = await generateIdentity();
  writeFileSync(path.join(work, "offline.key"), `${identity}\n`);
  const plan = writePlan(recipient);
  elsewhere = await listen();
  cloud = await openCloud({ plan, secrets: { "cli/note": "one\ntwo\nthree\n" } });
  const { endpoint, region, credentials } = cloud.client;
  const local = { endpoint, region, account: cloud.ministack.account, ...credentials, stage: "local", plan };
  mkdirSync(path.join(root, ".local"));
  writeFileSync(path.join(root, ".local", "local.json"), JSON.stringify(local));
});
afterAll(async () => {
  await cloud?.stop();
  elsewhere?.stop();
  for (const each of made) rmSync(each, { recursive: true, force: true });
});

function folder(below: string): string {
  const path_ = mkdtempSync(path.join(below, "holdfast-cli-"));
  made.push(path_);
  return path_;
}

/** Inside the clone, so that its imports resolve. */
function writePlan(offlineKey: string): string {
  mkdirSync(path.join(clone, ".local", "cli"), { recursive: true });
  const file = path.join(folder(path.join(clone, ".local", "cli")), "plan.ts");
  const plan = {
    project: "cli",
    region: "eu-central-1",
    offlineKeys: [offlineKey],
    sources: { note: { kind: "memo", secret: "cli/note", schedule: "rate(1 day)" } },
    targets: { desk: { kind: "memo", folder: desk }, safe: { kind: "memo", folder: desk, protected: true } },
  };
  const kind = JSON.stringify(path.join(clone, "test/kinds/memo/kind.ts"));
  writeFileSync(
    file,
    `import { kind } from ${kind};\nexport const kinds = { memo: { kind, folder: "test/kinds/memo" } };\nexport default ${JSON.stringify(plan)};\n`,
  );
  return file;
}

async function listen(): Promise<typeof elsewhere> {
  const server = createServer((socket) => {
    elsewhere.calls += 1;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { port: (server.address() as AddressInfo).port, calls: 0, stop: () => server.close() };
}

/** A shell whose every variable leads to somebody who counts. */
const hostile = () => {
  const there = `http://127.0.0.1:${elsewhere.port}`;
  return {
    PATH: path.dirname(process.execPath),
    HOME: root,
    HOLDFAST_TEST_ROOT: root,
    // To compile it was half of what each start of the command line took.
    NODE_COMPILE_CACHE: path.join(clone, ".local", "compile-cache"),
    AWS_PROFILE: "production",
    AWS_CONFIG_FILE: path.join(root, "nothing"),
    AWS_ENDPOINT_URL: there,
    AWS_ENDPOINT_URL_S3: there,
    AWS_ENDPOINT_URL_LAMBDA: there,
    AWS_ENDPOINT_URL_SFN: there,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: there,
    AWS_ACCESS_KEY_ID: "AKIAPRODUCTION",
    AWS_SECRET_ACCESS_KEY: "production",
    AWS_SESSION_TOKEN: "production",
    AWS_REGION: "us-east-1",
    AWS_USE_FIPS_ENDPOINT: "true",
    HTTP_PROXY: there,
    HTTPS_PROXY: there,
    NODE_USE_ENV_PROXY: "1",
  };
};

type Ended = { code: number | null; out: string; err: string };
/** `onErr` sees what was written to stderr so far, and may send a signal. */
function holdfast(
  args: string[],
  env: Record<string, string> = hostile(),
  onErr?: (err: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "kit", "child.ts"), ...args], {
    cwd: work,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended: Ended = { code: null, out: "", err: "" };
  child.stdout.on("data", (data: Buffer) => {
    ended.out += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    ended.err += data.toString();
    onErr?.(ended.err, (signal) => child.kill(signal));
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ ...ended, code }));
  });
}
const local = (...args: string[]) => holdfast([...args, "--local"]);

describe("with --local, from a shell that points elsewhere", () => {
  let id = "";

  test("a source without a backup is a breach", async () => {
    expect(await local("status")).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^BREACH {2}note {2}there is no backup; /),
      err: "",
    });
  });
  test("a backup is made, verified and told as JSON, and then all is well", async () => {
    const ended = await local("backup", "note", "--json");
    expect(ended, ended.err).toMatchObject({ code: 0 });
    const told = JSON.parse(ended.out) as { id: string };
    expect(told).toMatchObject({ state: "made", verdict: "verified", proofs: [{ proof: "readable", verdict: "ok" }], findings: [] });
    id = told.id;
    expect(await local("status")).toMatchObject({ code: 0, out: expect.stringMatching(/^ok {2}note {2}newest verified note\//) });
    expect((await local("list", "note")).out).toMatch(new RegExp(`^BACKUP .*\n${id} .* verified {2}readable {2}`));
  });
  test("a restore is followed to its end, and what it made is there", async () => {
    const ended = await local("restore", "note", "--target", "desk", "--yes", "--json");
    expect(ended, ended.err).toMatchObject({ code: 0 });
    expect(JSON.parse(ended.out)).toMatchObject({ source: "note", target: "desk", unit: "lines", expected: 3, found: 3 });
    expect(ended.err).toMatch(/ {2}compare with the backup +[\d.]+ s {3}3 of 3 lines in 1 memo\n/);
    const [file = ""] = readdirSync(desk).filter((name) => name.startsWith("memo-"));
    expect(readFileSync(path.join(desk, file, "memo.txt"), "utf8")).toBe("one\ntwo\nthree\n");
  });
  test("what the workflow refuses is told in its words, with 1", async () => {
    mkdirSync(path.join(desk, "taken"));
    const ended = await local("restore", "note", "--target", "desk", "--database", "taken", "--yes");
    expect(ended).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringContaining("holdfast: RestoreRefused: exists: taken exists. Choose another name."),
    });
  });
  test("a file is fetched with the keys of KMS", async () => {
    expect(await local("fetch", "note/latest")).toMatchObject({ code: 0 });
    expect(readFileSync(path.join(work, id.replace("/", "-"), "memo.txt"), "utf8")).toBe("one\ntwo\nthree\n");
    expect(await local("fetch", "note/latest", "memo.txt", "--out", "-")).toMatchObject({ code: 0, out: "one\ntwo\nthree\n" });
  });
  test("what was fetched as it is stored opens without any cloud, plan or home", async () => {
    expect(await local("fetch", id, "--encrypted", "--out", "down")).toMatchObject({ code: 0 });
    const { PublicKey } = await new KMSClient(cloud.client).send(new GetPublicKeyCommand({ KeyId: "alias/cli-local-manifest" }));
    writeFileSync(
      path.join(work, "kept.pem"),
      `-----BEGIN PUBLIC KEY-----\n${Buffer.from(PublicKey ?? []).toString("base64")}\n-----END PUBLIC KEY-----\n`,
    );
    const alone = ["fetch", id, "--dir", "down", "--identity", "offline.key", "--trust", "kept.pem", "--out", "alone"];
    const ended = await holdfast(alone, { PATH: path.dirname(process.execPath), HOLDFAST_TEST_ROOT: "/nowhere" });
    expect(ended, ended.err).toMatchObject({ code: 0 });
    expect(readFileSync(path.join(work, "alone", "memo.txt"), "utf8")).toBe("one\ntwo\nthree\n");
  });
  test("Ctrl-C leaves a restore that waits for approval, and says how to stop it", async () => {
    const args = ["restore", "note", "--target", "safe", "--yes", "--local"];
    let sent = false;
    const ended = await holdfast(args, hostile(), (err, kill) => {
      // Twice at once, as `npm run` hands it on: it sees neither before both are there, and two of a kind would be one.
      if (!sent && err.includes("write memo")) for (const signal of ["SIGSTOP", "SIGINT", "SIGTERM", "SIGCONT"] as const) kill(signal);
      sent ||= err.includes("write memo");
    });
    expect([130, 143]).toContain(ended.code);
    expect(ended.err).toMatch(
      new RegExp(`stop-execution --region eu-central-1 --endpoint-url ${cloud.client.endpoint} --execution-arn arn:`),
    );
  });
  test("a doubt stands until somebody accepts it", async () => {
    const put = new PutSecretValueCommand({ SecretId: "cli/note", SecretString: "one\n" });
    await new SecretsManagerClient(cloud.client).send(put);
    const doubted = await local("backup", "note", "--json");
    expect(doubted, doubted.err).toMatchObject({ code: 1 });
    const told = JSON.parse(doubted.out) as { id: string };
    expect(told).toMatchObject({ verdict: "doubt", findings: [{ name: "lines-dropped" }] });
    const accepted = await local("accept", told.id, "--why", "meant", "--yes");
    expect(accepted, accepted.err).toMatchObject({ code: 0 });
    expect(await local("status")).toMatchObject({ code: 0 });
  });
  test("a function that fails is told by its own words, without its secrets", async () => {
    await new SecretsManagerClient(cloud.client).send(
      new PutSecretValueCommand({ SecretId: "cli/note", SecretBinary: Buffer.from("hidden") }),
    );
    const ended = await local("backup", "note");
    expect(ended).toMatchObject({ code: 1, out: "", err: expect.stringContaining("the secret cli/note holds binary data") });
    expect(ended.err).not.toContain("hidden");
  });
  test("nobody else was called", () => {
    expect(elsewhere.calls).toBe(0);
  });
});

test("without --local the shell's own endpoint is asked, and its silence is not a breach", async () => {
  const { AWS_USE_FIPS_ENDPOINT: _, ...rest } = hostile();
  const env = { ...rest, AWS_PROFILE: "", AWS_CONFIG_FILE: "/dev/null", AWS_MAX_ATTEMPTS: "1" };
  const { plan } = JSON.parse(readFileSync(path.join(root, ".local", "local.json"), "utf8")) as { plan: string };
  const ended = await holdfast(["status", "--stage", "prod", "--plan", plan], env);
  expect(ended).toMatchObject({ code: 3, out: "", err: expect.stringMatching(/^could not look: could not ask AWS who you are/) });
  expect(elsewhere.calls).toBeGreaterThan(0);
});
