import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Bytes } from "@holdfast/core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { aContext, inPieces, whole } from "../../../test/kit/taken.ts";
import { testContext } from "../../../test/kit/context.ts";
import { makeCertificate } from "../../localcloud/src/services/certificate.ts";
import { openClient } from "./client.ts";
import { redirect } from "./kit/fakefaults.ts";
import type { FakeVault } from "./kit/fakeport.ts";
import { openFakeVault } from "./kit/fakevault.ts";

const HOST = "127.0.0.1";
const authority = makeCertificate("an authority");
const stranger = makeCertificate("another authority");
const good = makeCertificate("vault", authority, [HOST]);

/** One server for all tests of plain HTTP; each says how it answers. */
let server: Server;
let node = "";
let answer: RequestListener = () => {};
let fakes: FakeVault[] = [];
beforeAll(async () => {
  server = createServer((request, response) => answer(request, response)).listen(0, HOST);
  await once(server, "listening");
  node = `http://${HOST}:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
afterEach(async () => {
  server.closeAllConnections();
  await Promise.all(fakes.map((fake) => fake.end()));
  fakes = [];
});

const client = (limits = {}, context = aContext()) => openClient({ nodes: [node] }, context, limits);
async function secure(certificate: { cert: string; key: string } = good): Promise<string> {
  const fake = await openFakeVault({ tls: certificate });
  fakes.push(fake);
  return fake.urls[0] ?? "";
}
const healthOf = (url: string, ca?: string) => openClient({ nodes: [url], ca }, aContext()).ask(url, "GET", "sys/health");

describe("asking", () => {
  test("sends a token, a namespace and a body only where they are given", async () => {
    const seen: unknown[] = [];
    answer = async (request, response) => {
      const { "x-vault-token": token, "x-vault-namespace": namespace } = request.headers;
      seen.push([request.method, request.url, token, namespace, (await buffer(request)).toString()]);
      response.end('{"a":1}');
    };
    expect(await client().ask(node, "GET", "sys/health")).toEqual({ status: 200, json: { a: 1 } });
    await client().ask(node, "POST", "auth/x/login", { token: "t", namespace: "team", body: { b: "ü" } });
    expect(seen).toEqual([
      ["GET", "/v1/sys/health", undefined, undefined, ""],
      ["POST", "/v1/auth/x/login", "t", "team", '{"b":"ü"}'],
    ]);
  });

  test("takes any status for an answer, follows nothing, and keeps a text that is no JSON", async () => {
    answer = (_request, response) => void response.writeHead(307, { Location: "http://127.0.0.1:1/" }).end("<html>");
    expect(await client().ask(node, "GET", "x")).toEqual({ status: 307, json: "<html>" });
    answer = (_request, response) => void response.writeHead(204).end();
    expect(await client().ask(node, "GET", "x")).toEqual({ status: 204, json: undefined });
  });

  test("reads no more than an answer can have", async () => {
    answer = (_request, response) => {
      const pour = () => {
        while (response.write(Buffer.alloc(65_536, 0x20)));
      };
      response.on("drain", pour);
      pour();
    };
    await expect(client().ask(node, "GET", "x")).rejects.toMatchObject({
      name: "ConnectionBroken",
      cause: { message: expect.stringContaining("more than 4194304 bytes") },
    });
  });

  test("a path is a path: it cannot climb, and a letter of any script may stand in it", async () => {
    const seen: unknown[] = [];
    answer = (request, response) => void seen.push(request.url, response.end());
    await client().ask(node, "GET", "secret/../sys/ключ");
    expect(seen[0]).toBe(`/v1/secret/../sys/${encodeURI("ключ")}`);
  });

  test("a node that does not answer in time is broken, one that is not there is unreachable", async () => {
    answer = () => {};
    await expect(client().ask(node, "GET", "x", { timeoutSeconds: 0.05 })).rejects.toMatchObject({ name: "ConnectionBroken" });
    answer = (request) => void request.socket.destroy();
    await expect(client().ask(node, "GET", "x")).rejects.toMatchObject({
      name: "ConnectionBroken",
      message: `the connection to ${node} broke while it was asked for x`,
    });
    const gone = "http://127.0.0.1:1";
    await expect(openClient({ nodes: [gone] }, aContext()).ask(gone, "GET", "x")).rejects.toMatchObject({
      name: "NodesUnreachable",
      message: `none of the nodes answers: ${gone}`,
      hint: expect.stringContaining("security groups"),
    });
  });

  test("ends with the deadline's reason, and when it is closed", async () => {
    const context = testContext();
    answer = () => context.abort(new Error("time is up"));
    await expect(client({}, context).ask(node, "GET", "x")).rejects.toThrow("time is up");
    await expect(client({}, context).ask(node, "GET", "x")).rejects.toThrow("time is up");
    const closing = client();
    answer = () => closing.close();
    await expect(closing.ask(node, "GET", "x")).rejects.toMatchObject({ name: "ConnectionBroken" });
  });
});

describe("a node's certificate", () => {
  test("of the plan's authority is trusted, and for that request alone", async () => {
    const url = await secure();
    expect(await healthOf(url, authority.cert)).toMatchObject({ status: 200 });
    await expect(healthOf(url)).rejects.toMatchObject({ name: "NodeNotTrusted" });
  });

  test.each([
    ["of another authority", good, stranger.cert, "signed by an authority that is not trusted"],
    ["for other names", makeCertificate("vault", authority, ["vault.example"]), authority.cert, "for other names"],
    ["that has expired", makeCertificate("vault", authority, [HOST], "250201000000Z"), authority.cert, "has expired"],
  ])("%s is not", async (_what, certificate, ca, why) => {
    const url = await secure(certificate);
    await expect(healthOf(url, ca)).rejects.toMatchObject({
      name: "NodeNotTrusted",
      fault: "input",
      message: expect.stringMatching(new RegExp(`^the node ${url} did not prove its identity: its certificate (is|has).*${why.slice(4)}`)),
      hint: expect.stringContaining("as ca in the plan"),
    });
    expect(fakes[0]?.asked).toEqual([]);
  });

  test("is missing where a node speaks plain HTTP", async () => {
    const url = node.replace("http:", "https:");
    await expect(healthOf(url, authority.cert)).rejects.toMatchObject({
      name: "NodeNotTrusted",
      message: expect.stringContaining("speak TLS"),
    });
  });

  test("F3: a redirect from https to http is refused, to a node of the plan too, and no token is sent there", async () => {
    const [safe, bare] = [await openFakeVault({ tls: good }), await openFakeVault()];
    fakes.push(safe, bare);
    redirect(safe, `${bare.urls[0]}/v1/sys/storage/raft/snapshot`);
    const nodes = [...safe.urls, ...bare.urls];
    const asking = openClient({ nodes, ca: authority.cert }, aContext()).download(
      nodes[0] ?? "",
      "sys/storage/raft/snapshot",
      safe.cluster.root,
    );
    await expect(asking).rejects.toMatchObject({
      name: "RedirectRefused",
      message: `${safe.urls[0]} redirects to ${bare.urls[0]}, where a token would travel in the clear`,
      hint: expect.stringContaining("No token was sent there"),
    });
    expect(bare.asked).toEqual([]);
  });
});

describe("an upload", () => {
  const send = (body: Bytes, limits = {}, context = aContext()) => client(limits, context).upload(node, "sys/x", "hvb.token", body);
  async function* endless(): Bytes {
    for (;;) yield Buffer.alloc(65_536);
  }

  test("streams the bytes as they are", async () => {
    const sent = Buffer.from("some bytes of a snapshot".repeat(10_000));
    let got: unknown;
    answer = async (request, response) => {
      const { "content-type": type, "transfer-encoding": encoding, "x-vault-token": token } = request.headers;
      got = [request.method, type, encoding, token, (await buffer(request)).equals(sent)];
      response.writeHead(204).end();
    };
    expect(await send(inPieces(sent))).toEqual({ status: 204, json: undefined });
    expect(got).toEqual(["POST", "application/octet-stream", "chunked", "hvb.token", true]);
  });

  test("is answered before its end: the answer counts, and nobody reads the body further", async () => {
    let returned = false;
    async function* body(): Bytes {
      try {
        yield* endless();
      } finally {
        returned = true;
      }
    }
    answer = (_request, response) => void response.writeHead(403).end('{"errors":["permission denied"]}');
    expect(await send(body())).toEqual({ status: 403, json: { errors: ["permission denied"] } });
    expect(returned).toBe(true);
  });

  test("F24: that the server cuts says after how many seconds", async () => {
    const context = testContext();
    answer = (request) => {
      request.once("data", () => {
        context.pass(31_000);
        request.socket.resetAndDestroy();
      });
    };
    await expect(send(endless(), {}, context)).rejects.toMatchObject({
      name: "UploadCut",
      message: `${node} cut the upload after 31 seconds`,
      hint: expect.stringContaining("http_read_timeout"),
    });
  });

  test("F24: whose time for reading was over is cut, also where the server still says so", async () => {
    answer = (_request, response) => void response.writeHead(500).end('{"errors":["read tcp 127.0.0.1:8200: i/o timeout"]}');
    await expect(send(endless())).rejects.toMatchObject({ name: "UploadCut", cause: { message: expect.stringContaining("i/o timeout") } });
  });

  test("is not taken elsewhere: a redirect means that the leader moved", async () => {
    const paths: unknown[] = [];
    answer = (request, response) => {
      paths.push(request.url);
      response.writeHead(307, { Location: `${node}/v1/sys/y` }).end();
    };
    await expect(send(endless())).rejects.toMatchObject({ name: "LeaderMoved", message: expect.stringContaining(`points to ${node}`) });
    expect(paths).toEqual(["/v1/sys/x"]);
  });

  test("ends with what its body throws, and the server sees it broken off", async () => {
    const { promise: broken, resolve: seeBroken } = Promise.withResolvers<unknown>();
    const { promise: reading, resolve: read } = Promise.withResolvers<unknown>();
    answer = (request) => void request.on("error", seeBroken).on("data", read);
    async function* body(): Bytes {
      yield Buffer.alloc(10);
      await reading;
      throw new Error("the backup is damaged");
    }
    await expect(send(body())).rejects.toThrow("the backup is damaged");
    expect(await broken).toMatchObject({ code: "ECONNRESET" });
  });

  test("ends with the deadline's reason while its body waits for something", async () => {
    const context = testContext();
    answer = (request) => {
      request.once("data", () => context.abort(new Error("time is up")));
    };
    async function* body(): Bytes {
      yield Buffer.alloc(10);
      await new Promise(() => {});
    }
    await expect(send(body(), {}, context)).rejects.toThrow("time is up");
  });

  test("ends with the deadline's reason while the server does not read", async () => {
    const context = testContext();
    answer = (request) => {
      request.once("readable", () => context.abort(new Error("time is up")));
    };
    await expect(send(endless(), {}, context)).rejects.toThrow("time is up");
  });

  test("waits for its answer as long as checking may take", async () => {
    answer = (request) => void request.resume();
    await expect(send(inPieces(Buffer.alloc(10)), { verdict: 0.05 })).rejects.toMatchObject({
      name: "ConnectionBroken",
      message: expect.stringContaining("no answer within 0.05 seconds"),
    });
  });
});

test("a download waits for its first byte longer than for the next, and cuts the connection when it gives up", async () => {
  const { promise: closed, resolve } = Promise.withResolvers<unknown>();
  answer = (request, response) => {
    request.socket.once("close", resolve);
    response.writeHead(200).write("first");
  };
  const { bytes } = await client({ firstByte: 60, idle: 0.05 }).download(node, "x", "t");
  await expect(whole(bytes)).rejects.toMatchObject({
    name: "SnapshotStalled",
    message: `${node} stopped sending after 5 bytes for 0.05 seconds`,
  });
  await closed;
});

test("a download hands on what comes before it breaks, and then says so", async () => {
  answer = (_request, response) => {
    response.writeHead(200).write("first", () => response.destroy());
  };
  const { bytes } = await client().download(node, "x", "t");
  await expect(whole(bytes)).rejects.toMatchObject({
    name: "ConnectionBroken",
    message: expect.stringContaining("while it sent the snapshot"),
  });
});
