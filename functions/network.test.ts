import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let server: Server;
let connections = 0;
let port = 0;
const listen = async (at: number) => {
  server = createServer(() => connections++).listen(at, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
};
const close = async () => {
  server.close();
  await once(server, "close");
};

beforeEach(async () => {
  connections = 0;
  await listen(0);
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("HOLDFAST_PROJECT", "p");
  vi.stubEnv("HOLDFAST_BUCKET", "b");
  vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${port}`);
  vi.stubEnv("HOLDFAST_NETWORK", JSON.stringify({ subnets: ["subnet-a"], services: ["kms", "secretsmanager"] }));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  if (server.listening) await close();
});

/** As a process that has just begun has it. */
async function begin(): Promise<() => Promise<void>> {
  vi.resetModules();
  return (await import("./network.ts")).reachServices;
}

test("a process in a VPC tries its services once, however often it runs", async () => {
  const reachServices = await begin();
  await Promise.all([reachServices(), reachServices()]);
  await expect.poll(() => connections).toBe(2);
  await close();
  await reachServices();
});

test("what was missing is tried anew by the next run", async () => {
  const reachServices = await begin();
  await close();
  await expect(reachServices()).rejects.toMatchObject({ name: "EndpointMissing", services: ["kms", "secretsmanager"] });
  await listen(port);
  await reachServices();
});

test("an endpoint of one service's own goes before the common one", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:1");
  const reachServices = await begin();
  await expect(reachServices()).rejects.toMatchObject({ services: ["secretsmanager"] });
});

test("a process in no VPC tries nothing", async () => {
  vi.stubEnv("HOLDFAST_NETWORK", "");
  vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
  await (await begin())();
});
