import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fixture } from "./fixture/world.ts";
import type { Graph } from "./graph.ts";
import { exampleAccount, type SynthOptions, synth } from "./synth.ts";

const one = (graph: Graph, name: string, type: string) => graph.resources.find((r) => r.name === name && r.type.endsWith(`:${type}`));

describe("the graph of the fixture", () => {
  test("has the names, ARNs, policies and options that AWS would have, and nothing is made", async () => {
    const graph = await synth({ root: fixture, config: "sst.config.mts", stage: "test" });
    expect(graph.app).toMatchObject({ name: "fixture", stage: "test", region: "eu-west-3" });
    expect(graph.outputs).toMatchObject({ machine: `arn:aws:states:eu-west-3:${exampleAccount}:stateMachine:fixture-machine` });
    expect(one(graph, "Box", "Bucket")?.options).toMatchObject({ protect: true, retainOnDelete: false });
    expect(one(graph, "BoxPolicy", "BucketPolicy")?.options.dependencies).toContainEqual(expect.stringMatching(/:Bucket::Box$/));
    const policy = JSON.parse(String(one(graph, "actorPolicy", "RolePolicy")?.inputs.policy));
    expect(policy.Statement).toContainEqual(expect.objectContaining({ Sid: "Put", Resource: "arn:aws:s3:::fixture-box/own/*" }));
    expect(one(graph, "ActorFunction", "Function")?.inputs).toMatchObject({
      timeout: 20,
      handler: "actor.handler",
      role: `arn:aws:iam::${exampleAccount}:role/fixture-actor`,
    });
    expect(one(graph, "ActorRole", "Role")).toMatchObject({ read: true, id: "fixture-actor" });
    expect(graph.bundles.Actor?.bytes).toBeGreaterThan(100_000);
  });

  test("several are made at the same time without touching each other", async () => {
    const stages = ["a", "b"];
    const graphs = await Promise.all(
      stages.map((stage) => synth({ root: fixture, config: "sst.config.mts", stage, account: "222233334444" })),
    );
    expect(graphs.map(({ app }) => app.stage)).toEqual(stages);
    for (const graph of graphs) expect(String(graph.outputs.topic)).toContain(":222233334444:");
  });
});

describe("a program of one's own", () => {
  let root: string;

  beforeEach(() => {
    root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "holdfast-program-")));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(root, { recursive: true, force: true });
  });

  const program = (run: string, options: Partial<SynthOptions> = {}) => {
    writeFileSync(
      path.join(root, "sst.config.ts"),
      `export default $config({ app: () => ({ name: "own", home: "aws" }), async run() { ${run} } });`,
    );
    return synth({ root, stage: "test", ...options });
  };

  test("is asked for its stage and run in its root, with the plan that was given and no other", async () => {
    vi.stubEnv("HOLDFAST_PLAN", "/from/the/shell");
    vi.stubEnv("AWS_PROFILE", "prod");
    const run =
      "return { root: $cli.paths.root, cwd: process.cwd(), stage: $app.stage, plan: process.env.HOLDFAST_PLAN ?? 'none', names: Object.keys(process.env).sort().join() };";
    expect((await program(run)).outputs).toEqual({
      root,
      cwd: root,
      stage: "test",
      plan: "none",
      names: expect.not.stringMatching(/AWS|PATH/),
    });
    expect((await program(run, { plan: "/the/plan.ts" })).outputs.plan).toBe("/the/plan.ts");
  });

  test("that throws is told by its message and where it happened", async () => {
    await expect(program('throw new Error("no such plan");')).rejects.toMatchObject({
      name: "SynthFailed",
      message: "no such plan",
      hint: expect.stringContaining("sst.config.ts"),
    });
  });

  test("that does not bundle is told by file and line", async () => {
    await expect(program('await import("./missing");')).rejects.toMatchObject({
      name: "SynthFailed",
      message: expect.stringMatching(/sst\.config\.ts:1: Could not resolve ".\/missing"/),
    });
  });

  test("that ends its process is told so", async () => {
    await expect(program('console.log("last words"); process.exit(3);')).rejects.toMatchObject({
      name: "SynthFailed",
      message: "the program ended early (3)",
      hint: expect.stringContaining("last words"),
    });
  });

  test.each([
    ["that is not there", "", "Handler not found: nowhere.handler"],
    ["that links resources", 'link: [new sst.aws.Bucket("B")], ', "links resources"],
    ["with an unknown option of its bundler", "nodejs: { splitting: true }, ", "nodejs.splitting of F is not known"],
  ])("with a handler %s is refused", async (_, options, told) => {
    if (options) writeFileSync(path.join(root, "nowhere.ts"), "export const handler = () => {};");
    await expect(program(`new sst.aws.Function("F", { ${options}handler: "nowhere.handler" });`)).rejects.toThrow(told);
  });

  test("with several handlers of which one does not bundle is told that one's error, by file and line", async () => {
    writeFileSync(path.join(root, "good.ts"), "export const handler = () => {};");
    writeFileSync(path.join(root, "bad.ts"), 'import "./missing.ts";');
    await expect(
      program(`for (const name of ["good", "bad"]) new sst.aws.Function(name, { handler: name + ".handler" });`),
    ).rejects.toThrow(/^Could not resolve ".\/missing.ts" bad\.ts:1:7$/);
  });

  test("is stopped by the first resource that cannot be made, which is named, and makes nothing any more", async () => {
    const making = new Set<string>();
    const apply = () => ({
      resource: async ({ name }: { name: string }) => {
        if (name === "Bad") throw new TypeError("no room");
        making.add(name);
        await new Promise((resolve) => setTimeout(resolve, 200));
        making.delete(name);
        return { id: name, outputs: {} };
      },
      call: async () => ({}),
    });
    const more = 'let n = 0; setInterval(() => new aws.sqs.Queue("Late" + n++), 20);';
    await expect(program(`new aws.sqs.Queue("Good"); new aws.sqs.Queue("Bad"); ${more}`, { apply })).rejects.toMatchObject({
      name: "ResourceNotMade",
      message: 'aws:sqs/queue:Queue "Bad" could not be made: TypeError: no room',
    });
    expect([...making]).toEqual([]);
  });

  test("without SST's platform says what to run", async () => {
    await expect(program("", { platform: path.join(root, "nowhere") })).rejects.toMatchObject({
      name: "PlatformMissing",
      hint: expect.stringContaining("scripts/setup.mjs"),
    });
  });
});
