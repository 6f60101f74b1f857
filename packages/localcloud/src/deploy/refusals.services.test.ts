import { ListRolesCommand } from "@aws-sdk/client-iam";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { deploy } from "./deploy.ts";
import { act, fixture, openWorld, until, type World } from "./fixture/world.ts";

describe("what the deployer refuses", () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await world.aws.reset();
  });
  afterAll(() => world?.close());

  test("an input that no applier knows, by its name and its resource's", async () => {
    await expect(world.deploy({ unknownInput: true })).rejects.toMatchObject({
      name: "UnknownInput",
      message: 'aws:sqs/queue:Queue "Queue" has inputs that the local cloud would not apply: kmsMasterKeyId',
    });
  });

  test("a type that no applier knows", async () => {
    await expect(world.deploy({ unknownType: true })).rejects.toMatchObject({
      name: "UnknownResourceType",
      message: expect.stringContaining('aws:dynamodb/table:Table "Table"'),
    });
  });

  test("a state machine whose Next names no state, by the state's path", async () => {
    await expect(world.deploy({ dangling: true })).rejects.toMatchObject({
      name: "StateMachineInvalid",
      message:
        'the definition of the state machine "fixture-machine" is not valid: States.Act.Catch[0].Next names the state "Missing", which does not exist',
    });
  });

  test("an endpoint that is not this machine, before anything is run", async () => {
    for (const endpoint of ["https://sts.eu-west-3.amazonaws.com", "http://10.0.0.1:4566", "http://127.0.0.1.evil.example", "nowhere"])
      await expect(world.deploy({}, { endpoint })).rejects.toMatchObject({ name: "EndpointNotLoopback" });
  });

  test("credentials that the local AWS does not know, by the cause", async () => {
    const credentials = { accessKeyId: "AKIA0000000000000000", secretAccessKey: "x" };
    await expect(world.deploy({}, { credentials })).rejects.toThrow(/security token|signature|not authorized/i);
    expect((await world.clients.iam.send(new ListRolesCommand({}))).Roles).toEqual([]);
  });

  test("nothing of a hostile environment reaches the deployment, its program or its functions", async () => {
    const hostile = {
      AWS_PROFILE: "prod",
      AWS_ENDPOINT_URL: "http://192.0.2.1:9",
      AWS_ENDPOINT_URL_S3: "http://192.0.2.1:9",
      AWS_REGION: "us-gov-west-1",
      AWS_ACCESS_KEY_ID: "AKIAREAL",
      AWS_SECRET_ACCESS_KEY: "real",
      AWS_USE_FIPS_ENDPOINT: "true",
      AWS_CONFIG_FILE: "/nonexistent",
      HTTP_PROXY: "http://192.0.2.1:9",
      HTTPS_PROXY: "http://192.0.2.1:9",
      NODE_USE_ENV_PROXY: "1",
      NODE_OPTIONS: "--require /nonexistent.cjs",
      HOLDFAST_PLAN: "/nonexistent.json",
      SST_STAGE: "prod",
      PULUMI_CONFIG: '{"aws:region":"us-gov-west-1"}',
    };
    for (const [name, value] of Object.entries(hostile)) vi.stubEnv(name, value);
    const { endpoint, root: credentials } = world.aws;
    const { graph, remove } = await deploy({ root: fixture, config: "sst.config.mts", stage: "local", endpoint, credentials });
    expect(graph.app).toEqual({ name: "fixture", stage: "local", removal: "remove", protect: false, region: "eu-west-3" });
    const { environment } = (await until("an answer", () => act(world, { verb: "see" }))) as { environment: Record<string, string> };
    const values = Object.values(environment).join("\n");
    for (const value of ["192.0.2.1", "AKIAREAL", "us-gov-west-1", "prod", "nonexistent"]) expect(values).not.toContain(value);
    expect(await act(world, { verb: "put", key: "own/a" })).toEqual({ put: "own/a" });
    await remove();
  });
});
