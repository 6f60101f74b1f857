import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { translate } from "./awserrors.ts";
import { Interrupted } from "./errors.ts";
import { testWorld } from "./kit/world.ts";
import { run } from "./program.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "holdfast-program-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const commands = ["list", "status", "backup", "verify", "restore", "drill", "fetch", "accept", "prune", "stores", "keygen"];

describe("help", () => {
  test("names every command and the exit codes", async () => {
    const world = testWorld();
    expect(await run(["--help"], world)).toBe(0);
    for (const name of commands) expect(world.stdout.text).toMatch(new RegExp(`^ {2}${name} `, "m"));
    expect(world.stdout.text).toContain("3  status only: could not look");
  });
  test.each(commands)("of %s has an example", async (name) => {
    const world = testWorld();
    expect(await run([name, "--help"], world)).toBe(0);
    expect(world.stdout.text).toMatch(new RegExp(`Examples?:\n {2}holdfast ${name}`));
  });
});

describe("a wrong command line ends with 2", () => {
  test.each([
    [[]],
    [["nope"]],
    [["backup"]],
    [["prune"]],
    [["stores", "setup"]],
    [["stores", "nope"]],
    [["list", "--nope"]],
    [["fetch", "shop"]],
    [["accept", "shop/20261121T020000Z"]],
    [["list", "--last", "none"]],
    [["status", "--local", "--stage", "prod"]],
    [["restore", "shop", "--follow", "arn", "--target", "x"]],
  ])("%j", async (args) => {
    const world = testWorld({ root: folder });
    expect(await run(args, world)).toBe(2);
    expect(world.stdout.text).toBe("");
    expect(world.stderr.text).not.toBe("");
  });
  test("a stage that was not named is asked for", async () => {
    const world = testWorld({ root: path.join(import.meta.dirname, "kit") });
    expect(await run(["list"], world)).toBe(2);
    expect(world.stderr.text).toContain("--stage prod");
  });
});

test("options behind the name of a command below another are that one's own", async () => {
  const offlineKeys = ["age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp"];
  const plan = {
    project: "acme",
    region: "eu-central-1",
    offlineKeys,
    stores: { far: { kind: "s3", bucket: "acme-copies" } },
    sources: {},
  };
  writeFileSync(path.join(folder, "plan.mjs"), `export default ${JSON.stringify(plan)};\n`);
  const world = testWorld({ cwd: folder, root: folder });
  expect(await run(["stores", "setup", "far", "--plan", "plan.mjs"], world)).toBe(2);
  expect(world.stderr.text).toContain("no stage was named");
  const listed = testWorld({ cwd: folder, root: folder });
  expect(await run(["stores", "--plan", "plan.mjs"], listed)).toBe(0);
  expect(listed.stdout.text).toContain("aws eu-central-1");
});

describe("an error", () => {
  test("of ours is its message and what to do next, and ends with 1", async () => {
    const world = testWorld({ root: folder });
    expect(await run(["list", "--local"], world)).toBe(1);
    expect(world.stderr.text).toBe(
      "holdfast: no local cloud was started here. Start it with `npm run local`, or keep the demo's with `npm run demo -- --keep`.\n",
    );
  });
  test("is also JSON for whoever asked for JSON", async () => {
    const world = testWorld({ root: folder });
    await run(["list", "--local", "--json"], world);
    expect(JSON.parse(world.stdout.text)).toEqual({
      error: { name: "LocalNotRunning", message: expect.any(String), hint: expect.any(String) },
    });
  });
  test("shows where it comes from with --debug, and not without", async () => {
    const [plain, debug] = [testWorld({ root: folder }), testWorld({ root: folder })];
    await run(["list", "--local"], plain);
    await run(["list", "--local", "--debug"], debug);
    expect(plain.stderr.text).not.toContain("    at ");
    expect(debug.stderr.text).toMatch(/ {4}at .*\n[\s\S]*caused by Error: ENOENT/);
  });
  test("in the plan names the place", async () => {
    writeFileSync(path.join(folder, "plan.mjs"), 'export default { project: "Acme" };\n');
    const world = testWorld({ cwd: folder });
    expect(await run(["list", "--plan", "plan.mjs", "--stage", "prod"], world)).toBe(1);
    expect(world.stderr.text).toMatch(/project: .*lower-case/);
  });
  test("of the plan's own code is told with the file", async () => {
    writeFileSync(path.join(folder, "plan.mjs"), "export default nope;\n");
    const world = testWorld({ cwd: folder });
    expect(await run(["list", "--plan", "plan.mjs", "--stage", "prod"], world)).toBe(1);
    expect(world.stderr.text).toContain("plan.mjs cannot be loaded: nope is not defined");
  });
});

test("an interruption ends with the number that shells give it", () => {
  expect([new Interrupted("SIGINT").code, new Interrupted("SIGTERM").code, new Interrupted("SIGHUP").code]).toEqual([130, 143, 129]);
});

describe("errors of AWS", () => {
  const sdk = (name: string, status = 400) =>
    Object.assign(new Error("Signature=abc, Credential=AKIA"), { name, $metadata: { httpStatusCode: status } });
  test.each([
    ["CredentialsProviderError", "NotLoggedIn"],
    ["ExpiredTokenException", "NotLoggedIn"],
    ["AccessDeniedException", "AwsDenied"],
    ["ResourceNotFoundException", "NotDeployed"],
    ["StateMachineDoesNotExist", "NotDeployed"],
    ["TimeoutError", "AwsUnavailable"],
  ])("%s is told as %s, and never quotes the request", (name, ours) => {
    const error = translate(sdk(name), "start the restore");
    expect(error.name).toBe(ours);
    expect(error.message).toContain("start the restore");
    expect(error.message + error.hint).not.toContain("AKIA");
  });
  test("that nobody knows and that answer 403 are a refusal", () => {
    expect(translate(sdk("SomethingNew", 403), "x").name).toBe("AwsDenied");
  });
});
