import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { type Asked, type Dial, reach } from "./reach.ts";

const region = "eu-central-1";
const subnets = ["subnet-a", "subnet-b"];
const asks = (...services: Asked["service"][]) => ({ region, subnets, asks: services.map((service) => ({ service })) });

/** Addresses by host; whoever is not `open` never answers. */
function network(names: Record<string, string[]>, open: string[] = []): Dial & { dialled: string[] } {
  const dialled: string[] = [];
  return {
    dialled,
    async lookup(host) {
      const found = names[host];
      if (!found) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: "ENOTFOUND" });
      return found;
    },
    async connect(address, port) {
      dialled.push(`${address}:${port}`);
      if (!open.includes(address)) await new Promise<never>(() => {});
    },
  };
}
const kms = "kms.eu-central-1.amazonaws.com";
const s3 = "s3.eu-central-1.amazonaws.com";

/** A port of this machine on which somebody listens, or did until now. */
async function port(listens: boolean) {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.close();
    await once(server, "close");
  };
  if (!listens) await close();
  return { url, close };
}

test("what answers is reached, under the name that the SDK was told", async () => {
  const open = await port(true);
  try {
    await reach({
      region,
      subnets,
      asks: [
        { service: "kms", url: open.url },
        { service: "s3", url: open.url.replace("127.0.0.1", "localhost") },
      ],
    });
  } finally {
    await open.close();
  }
});

test("a port on which nobody listens is told as refused", async () => {
  const { url } = await port(false);
  await expect(reach({ region, subnets, asks: [{ service: "kms", url }] })).rejects.toMatchObject({
    name: "EndpointMissing",
    fault: "world",
    services: ["kms"],
    message: expect.stringContaining("kms (127.0.0.1: refused by 127.0.0.1)"),
  });
});

test("a service is asked on port 443 of its region, and one address that answers is enough", async () => {
  const dial = network({ [kms]: ["10.0.1.7", "10.0.2.7"] }, ["10.0.2.7"]);
  await reach(asks("kms"), dial, 100);
  expect(dial.dialled).toEqual(["10.0.1.7:443", "10.0.2.7:443"]);
});

test("public addresses without an answer need endpoints of their own or a NAT gateway; each that is missing is named", async () => {
  const dial = network({ [kms]: ["52.94.1.2"], [s3]: ["52.219.1.2"], "rds.eu-central-1.amazonaws.com": ["10.0.1.9"] }, ["10.0.1.9"]);
  await expect(reach(asks("kms", "rds", "s3"), dial, 20)).rejects.toMatchObject({
    services: ["kms", "s3"],
    message:
      "nothing leads from subnet-a, subnet-b to kms (kms.eu-central-1.amazonaws.com: no answer from 52.94.1.2), s3 (s3.eu-central-1.amazonaws.com: no answer from 52.219.1.2)",
    hint: "Create the interface endpoint com.amazonaws.eu-central-1.kms with private DNS in that VPC and the gateway endpoint com.amazonaws.eu-central-1.s3 in the route tables of these subnets, or give the subnets a NAT gateway; endpoints: \"create\" in the plan's network does the former. The functions' own security groups must let port 443 out.",
  });
});

test("an endpoint that stands in the VPC and does not answer has a closed security group", async () => {
  await expect(reach(asks("kms"), network({ [kms]: ["10.0.1.7"] }), 20)).rejects.toMatchObject({
    message: expect.stringContaining("no answer from 10.0.1.7"),
    hint: "Let these subnets in on port 443 at the security groups of the endpoint com.amazonaws.eu-central-1.kms. The functions' own security groups must let port 443 out.",
  });
});

test("a name that means nothing there is the VPC's DNS", async () => {
  await expect(reach(asks("kms"), network({}), 20)).rejects.toMatchObject({
    message: "nothing leads from subnet-a, subnet-b to kms (kms.eu-central-1.amazonaws.com: its name is unknown there)",
    hint: "Switch on DNS support and DNS hostnames of the VPC.",
  });
});

test("a look-up that never ends is not waited for", async () => {
  const dial: Dial = { lookup: () => new Promise<never>(() => {}), connect: async () => {} };
  await expect(reach(asks("kms"), dial, 20)).rejects.toMatchObject({ message: expect.stringContaining("its name is unknown there") });
});

test("a port of the system that never answers is hung up on in time", async () => {
  const hung: AbortSignal[] = [];
  const dial: Dial = {
    lookup: async () => ["203.0.113.1"],
    connect: (_address, _port, signal) =>
      new Promise((_, reject) => {
        hung.push(signal);
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  };
  await expect(reach(asks("kms", "s3"), dial, 20)).rejects.toMatchObject({ services: ["kms", "s3"] });
  expect(hung.map(({ aborted }) => aborted)).toEqual([true, true]);
});
