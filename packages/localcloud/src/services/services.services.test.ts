import { existsSync } from "node:fs";
import net from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { environ, markOf, startElsewhere } from "./kit/start.ts";
import { ask } from "./loopback.ts";
import { ministack } from "./ministack.ts";
import { openbao } from "./openbao.ts";
import { freePorts, listens } from "./ports.ts";
import { postgres } from "./postgres.ts";
import { marked } from "./runs.ts";
import { seaweedfs } from "./seaweedfs.ts";

const portOf = (service: { port: number } | { endpoint: string }) =>
  "port" in service ? service.port : Number(new URL(service.endpoint).port);
/** Nobody has to initialise it for what is asked here: that would be most of its time. */
const bareOpenbao = async (options: { port?: number }) => {
  const bao = await openbao({ ...options, init: false });
  return { ...bao, endpoint: bao.url };
};
const starters = { ministack, postgres, seaweedfs, openbao: bareOpenbao };
const names = Object.keys(starters) as (keyof typeof starters)[];

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function started(name: keyof typeof starters, options: { port?: number } = {}) {
  const service = await starters[name](options);
  cleanups.push(service.stop);
  return service;
}

describe.each(names)("%s", (name) => {
  test("listens by itself once it is started, and after stop no process, port or folder of it is left", async () => {
    const service = await started(name);
    const mark = markOf(service.pid);
    expect(listens(service.pid, portOf(service))).toBe(true);
    expect(listens(process.pid, portOf(service))).toBe(false);
    await service.stop();
    await service.stop();
    expect(marked(mark)).toEqual([]);
    expect(await isFree(portOf(service))).toBe(true);
    expect(existsSync(service.folder)).toBe(false);
  });

  test("takes the port that was asked for", async () => {
    const [port = 0] = await freePorts(1);
    expect(portOf(await started(name, { port }))).toBe(port);
  });

  test("takes another port when somebody has that one", async () => {
    const { port, close } = await occupied();
    cleanups.push(close);
    const service = await started(name, { port });
    expect(portOf(service)).not.toBe(port);
    expect(listens(service.pid, portOf(service))).toBe(true);
  });
});

test("two of each run beside each other", async () => {
  const services = await Promise.all([...names, ...names].map((name) => started(name)));
  expect(new Set(services.map(portOf)).size).toBe(services.length);
});

test("nothing of a person's shell reaches a service", async () => {
  const hostile = {
    AWS_PROFILE: "production",
    AWS_ACCESS_KEY_ID: "AKIAHOSTILE",
    AWS_SECRET_ACCESS_KEY: "hostile",
    AWS_ENDPOINT_URL_S3: "http://hostile.example",
    AWS_CONFIG_FILE: "/hostile",
    HTTP_PROXY: "http://127.0.0.1:9",
    HTTPS_PROXY: "http://127.0.0.1:9",
    http_proxy: "http://127.0.0.1:9",
    NODE_USE_ENV_PROXY: "1",
    NODE_OPTIONS: "--max-old-space-size=500",
    PGHOST: "hostile.example",
    PGPASSWORD: "hostile",
    PGDATA: "/hostile",
    PYTHONPATH: "/hostile",
    PYTHONHOME: "/hostile",
    DOCKER_HOST: "unix:///hostile",
    PERSIST_STATE: "1",
    SERVICES: "s3",
    HOME: "/hostile",
    USER: "hostile",
  };
  const { starter, services } = await startElsewhere(names, { env: { ...process.env, ...hostile } });
  cleanups.push(() => starter.kill());
  for (const { pid } of services) {
    const seen = Object.entries(environ(pid));
    expect(seen.map(([name]) => name).filter((name) => !known.includes(name))).toEqual([]);
    const values = seen.filter(([name]) => name !== "PATH" && name !== "PWD").map(([, value]) => value);
    expect(values.filter((value) => /hostile|127\.0\.0\.1:9$|max-old-space/i.test(value))).toEqual([]);
  }
});

/** Every name that a service may see: what all get, then what each is told. PWD and its like come from the shell that starts it. */
const known = [
  ...["PATH", "HOME", "TMPDIR", "LANG", "TZ", "HOLDFAST_RUN", "PWD", "OLDPWD", "_"],
  ...["PYTHONPATH", "PYTHONNOUSERSITE", "PYTHONDONTWRITEBYTECODE", "GATEWAY_PORT", "BIND_HOST", "AUTH", "LAMBDA_EXECUTOR", "LOG_LEVEL"],
  ...["MINISTACK_HOST", "MINISTACK_REGION", "MINISTACK_ACCOUNT_ID", "SFN_WAIT_SCALE", "AWS_ENDPOINT_URL", "DOCKER_HOST"],
  ...["SFTP_ENABLED", "IOT_MTLS_ENABLED", "GOMEMLIMIT", "WEED_S3_SSE_KEK", "BAO_RAFT_AUTOPILOT_DISABLE"],
];

describe("ministack", () => {
  test("refuses a key that nobody was given, and knows its root", async () => {
    const aws = await started("ministack");
    const asking = (key: string) => stsCall(portOf(aws), key);
    expect((await asking("AKIANOBODY")).status).toBe(403);
    expect(await asking("test")).toMatchObject({ status: 200, body: expect.stringContaining("000000000000") });
  });

  test("lets everybody in when it is told to check nothing", async () => {
    const aws = await ministack({ authenticated: false });
    cleanups.push(aws.stop);
    expect((await stsCall(portOf(aws), "AKIANOBODY")).status).toBe(200);
  });

  test("forgets everything at reset", async () => {
    const aws = await ministack({ authenticated: false });
    cleanups.push(aws.stop);
    expect((await fetch(`${aws.endpoint}/some-bucket`, { method: "PUT" })).status).toBe(200);
    expect((await ask(`${aws.endpoint}/some-bucket`)).status).toBe(200);
    await aws.reset();
    expect((await ask(`${aws.endpoint}/some-bucket`)).status).toBe(404);
  });
});

/** GetCallerIdentity with a signature that is not one. */
async function stsCall(port: number, key: string): Promise<{ status: number; body: string }> {
  const credential = `${key}/20261121/eu-central-1/sts/aws4_request`;
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: "POST",
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`,
      "x-amz-date": "20261121T000000Z",
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "Action=GetCallerIdentity&Version=2011-06-15",
  });
  return { status: response.status, body: await response.text() };
}

function isFree(port: number): Promise<boolean> {
  return occupied(port).then(
    async ({ close }) => {
      await close();
      return true;
    },
    () => false,
  );
}

function occupied(port = 0): Promise<{ port: number; close: () => Promise<unknown> }> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const close = () => new Promise((closed) => server.close(closed));
      resolve({ port: (server.address() as net.AddressInfo).port, close });
    });
  });
}
