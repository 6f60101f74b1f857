import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Network, PlanInput } from "@holdfast/core";
import { type Graph, synth } from "@holdfast/localcloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describe as described } from "../../packages/localcloud/src/deploy/describe.ts";
import type { Networks } from "../../packages/localcloud/src/deploy/networks.ts";
import { ofType, one } from "../kit/graph.ts";

const clone = path.resolve(import.meta.dirname, "../..");
const account = "111122223333";
const region = "eu-central-1";
mkdirSync(path.join(clone, ".local", "plans"), { recursive: true });
const folder = mkdtempSync(path.join(clone, ".local", "plans", "run-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function planned(name: string, values: Pick<PlanInput, "sources" | "targets">): string {
  const file = path.join(folder, `${name}.ts`);
  const plan: PlanInput = {
    project: "net",
    region,
    offlineKeys: ["age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp"],
    ...values,
  };
  writeFileSync(file, `export default ${JSON.stringify(plan)};\n`);
  return file;
}

/**
 * Subnets say where they stand: `subnet-shop-1a` is the first of zone a in `vpc-shop`, and `subnet-shop-1b` alone has a route table of its own.
 * In `vpc-ready` endpoints stand, of KMS a second one without private DNS.
 */
const world: Networks = {
  subnet: async (id) => ({ id, vpc: `vpc-${id.split("-")[1]}`, zone: id.slice(-1) }),
  vpc: async (id) => ({ id, cidr: "10.7.0.0/16", mainTable: `rtb-main-of-${id}` }),
  tables: async (_vpc, subnet) => (subnet === "subnet-shop-1b" ? ["rtb-routed"] : []),
  endpoints: async (vpc) =>
    vpc !== "vpc-ready"
      ? []
      : ["s3", "kms", "kms", "secretsmanager"].map((service, i) => ({
          id: `vpce-${i}`,
          vpc,
          service: `com.amazonaws.${region}.${service}`,
          type: service === "s3" ? "Gateway" : "Interface",
          tables: ["rtb-main-of-vpc-ready"],
          subnets: [],
          privateDns: true,
        })),
};
const graphOf = (plan: string) =>
  synth({ stage: "local", plan, account, bundles: [], apply: ({ region }) => described({ account, region, partition: "aws" }, world) });

const securityGroups = ["sg-ours"];
const shop = (network: Partial<Network>) => ({
  kind: "postgres",
  connection: "net/shop",
  databases: ["shop"],
  schedule: "rate(1 day)",
  network: { securityGroups, ...network },
});
const endpoints = (graph: Graph, vpc: string) =>
  ofType(graph, "aws:ec2/vpcEndpoint:VpcEndpoint")
    .filter(({ inputs }) => inputs.vpcId === vpc)
    .map(({ inputs }) => String(inputs.serviceName).replace(`com.amazonaws.${region}.`, ""))
    .sort();

describe("the graph of sources in networks", () => {
  let graph: Graph;
  beforeAll(async () => {
    const made = { endpoints: "create" as const };
    const jwt = { method: "jwt", role: "holdfast", audience: "vault" };
    graph = await graphOf(
      planned("several", {
        sources: {
          shop: shop({ ...made, subnets: ["subnet-shop-1a", "subnet-shop-1b"] }),
          till: shop({ ...made, subnets: ["subnet-shop-1a", "subnet-shop-2a"] }),
          book: {
            kind: "vault",
            nodes: ["https://v.example:8200"],
            auth: jwt,
            schedule: "rate(1 day)",
            network: { securityGroups, ...made, subnets: ["subnet-book-1a"], existing: [] },
          },
          calm: shop({ subnets: ["subnet-calm-1a"] }),
          ready: shop({ endpoints: "check", subnets: ["subnet-ready-1a"] }),
          partly: shop({ ...made, subnets: ["subnet-ready-1b"], existing: ["s3", "kms", "secretsmanager"] }),
          apart: { ...shop({ ...made, subnets: ["subnet-x-1a"] }), network: undefined },
        },
        targets: { desk: { kind: "postgres", connection: "net/desk", network: { securityGroups, ...made, subnets: ["subnet-desk-1a"] } } },
      }),
    );
  });

  test("two sources that share a VPC share one endpoint a service, and no other is made", () => {
    expect(endpoints(graph, "vpc-shop")).toEqual(["kms", "s3", "secretsmanager"]);
    expect(ofType(graph, "aws:ec2/vpcEndpoint:VpcEndpoint").map(({ inputs }) => inputs.vpcId)).not.toContain("vpc-calm");
  });

  test("what a role is allowed beyond the others adds the endpoint of that service", () => {
    expect(endpoints(graph, "vpc-book")).toEqual(["kms", "s3", "sts"]);
    expect(endpoints(graph, "vpc-desk")).toEqual(["kms", "s3", "secretsmanager", "states"]);
  });

  test("an interface endpoint stands once in each zone, has private DNS and lets the VPC in on 443 alone", () => {
    const kms = one(
      graph,
      "aws:ec2/vpcEndpoint:VpcEndpoint",
      ({ vpcId, serviceName }) => vpcId === "vpc-shop" && String(serviceName).endsWith(".kms"),
    );
    const door = one(graph, "aws:ec2/securityGroup:SecurityGroup", ({ vpcId }) => vpcId === "vpc-shop");
    expect(kms.inputs).toMatchObject({
      vpcEndpointType: "Interface",
      privateDnsEnabled: true,
      subnetIds: ["subnet-shop-1a", "subnet-shop-1b"],
      securityGroupIds: [door.id],
    });
    expect(door.inputs).toMatchObject({ ingress: [{ protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: ["10.7.0.0/16"] }] });
    expect(door.inputs.egress).toBeUndefined();
  });

  test("S3 is a route in the tables of the subnets, the VPC's main one where they have none of their own", () => {
    const s3 = one(
      graph,
      "aws:ec2/vpcEndpoint:VpcEndpoint",
      ({ vpcId, serviceName }) => vpcId === "vpc-shop" && String(serviceName).endsWith(".s3"),
    );
    expect(s3.inputs).toMatchObject({ vpcEndpointType: "Gateway", routeTableIds: ["rtb-main-of-vpc-shop", "rtb-routed"] });
    expect(s3.inputs.policy).toBeUndefined();
  });

  test("endpoints that are there are counted on, where all are checked and where some exist", () => {
    expect(endpoints(graph, "vpc-ready")).toEqual([]);
  });

  test("each function in a VPC knows what to look for before it runs, and no other does", () => {
    const known = (name: string) => {
      const { inputs } = one(graph, "aws:lambda/function:Function", (given) => given.name === `net-local-${name}`);
      const said = (inputs.environment as { variables: Record<string, string> }).variables.HOLDFAST_NETWORK;
      return said === undefined ? undefined : JSON.parse(said);
    };
    expect(known("backup-calm")).toEqual({ subnets: ["subnet-calm-1a"], services: ["kms", "s3", "secretsmanager"] });
    expect(known("restore-desk")).toEqual({ subnets: ["subnet-desk-1a"], services: ["kms", "s3", "secretsmanager", "states"] });
    for (const name of ["backup-apart", "verify-postgres", "retain", "watch"]) expect(known(name)).toBeUndefined();
  });
});

test("an endpoint that is not there stops the deployment, by its name and with the command that makes it", async () => {
  const vault = { kind: "vault", nodes: ["https://v.example:8200"], auth: { method: "jwt", role: "holdfast", audience: "vault" } };
  const network = { securityGroups, subnets: ["subnet-ready-1a"], endpoints: "check" };
  const plan = planned("lacking", { sources: { book: { ...vault, schedule: "rate(1 day)", network } }, targets: {} });
  await expect(graphOf(plan)).rejects.toMatchObject({
    name: "SynthFailed",
    message: expect.stringMatching(
      /^vpc-ready lacks what functions in it ask for: com\.amazonaws\.eu-central-1\.sts \(aws ec2 create-vpc-endpoint --vpc-id vpc-ready --service-name com\.amazonaws\.eu-central-1\.sts --vpc-endpoint-type Interface --private-dns-enabled --subnet-ids subnet-ready-1a\); or/,
    ),
  });
});
