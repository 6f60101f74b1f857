import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import type { Network, Service } from "@holdfast/core";
import { deploy } from "@holdfast/localcloud";
import { afterAll, beforeAll, expect, inject, test } from "vitest";

const clone = path.resolve(import.meta.dirname, "../..");
mkdirSync(path.join(clone, ".local", "plans"), { recursive: true });
const folder = mkdtempSync(path.join(clone, ".local", "plans", "run-"));
const { endpoint, region, root: credentials } = inject("ministack");
const ec2 = new EC2({ endpoint, region, credentials });
afterAll(() => {
  ec2.destroy();
  rmSync(folder, { recursive: true, force: true });
});

/** A VPC of this test's own: two zones, of which one has a route table of its own. */
let vpc: string;
let subnets: string[];
let tables: string[];
beforeAll(async () => {
  vpc = (await ec2.createVpc({ CidrBlock: "10.9.0.0/16" })).Vpc?.VpcId ?? "";
  const made = ["a", "b"].map((zone, i) =>
    ec2.createSubnet({ VpcId: vpc, CidrBlock: `10.9.${i}.0/24`, AvailabilityZone: `${region}${zone}` }),
  );
  subnets = (await Promise.all(made)).map(({ Subnet }) => Subnet?.SubnetId ?? "");
  const own = (await ec2.createRouteTable({ VpcId: vpc })).RouteTable?.RouteTableId ?? "";
  await ec2.associateRouteTable({ RouteTableId: own, SubnetId: subnets[1] });
  const all = await ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [vpc] }] });
  const main = all.RouteTables?.find(({ Associations }) => Associations?.some(({ Main }) => Main))?.RouteTableId ?? "";
  tables = [main, own];
});

type Step = [endpoints: Network["endpoints"], services: Service[]];

/** Deploys the endpoints of one function in that VPC and nothing else, step by step; answers what was missed at each. */
async function deployed(...steps: Step[]) {
  const file = path.join(folder, "sst.config.ts");
  const given = steps.map(([endpoints, services]) => [{ network: { subnets, securityGroups: ["sg-1"], endpoints }, services }]);
  writeFileSync(
    file,
    `export default $config({
      app: () => ({ name: "net", home: "aws", providers: { aws: { region: ${JSON.stringify(region)} } } }),
      async run() {
        const { endpoints } = await import(${JSON.stringify(path.join(clone, "infra/endpoints.ts"))});
        const name = (...parts) => ["net", "local", ...parts].join("-");
        const missed = [];
        for (const standing of ${JSON.stringify(given)})
          missed.push(await endpoints({ plan: { region: ${JSON.stringify(region)} }, name, standing }).then(() => "", ({ message }) => message));
        return { missed };
      },
    });`,
  );
  return (await deploy({ root: clone, config: file, stage: "local", endpoint, credentials, folder })).outputs.missed;
}

test("endpoints are missed by name, and made where they are wanted", async () => {
  expect(await deployed(["check", ["kms", "s3"]], ["create", ["kms", "s3"]])).toEqual([
    expect.stringMatching(/ lacks .*\.kms \(aws ec2 create-vpc-endpoint .*, com\.amazonaws\.[^ ]*\.s3 \(aws ec2 create-vpc-endpoint/),
    "",
  ]);
  const { VpcEndpoints = [] } = await ec2.describeVpcEndpoints({});
  const here = VpcEndpoints.filter(({ VpcId }) => VpcId === vpc);
  expect(here.map(({ ServiceName, VpcEndpointType }) => [ServiceName, VpcEndpointType]).sort()).toEqual([
    [`com.amazonaws.${region}.kms`, "Interface"],
    [`com.amazonaws.${region}.s3`, "Gateway"],
  ]);
  expect(here.flatMap(({ SubnetIds = [] }) => SubnetIds)).toEqual(subnets);
  expect(here.flatMap(({ RouteTableIds = [] }) => RouteTableIds)).toEqual(tables);
  const { SecurityGroups = [] } = await ec2.describeSecurityGroups({ Filters: [{ Name: "group-name", Values: ["net-local-endpoints"] }] });
  expect(SecurityGroups).toMatchObject([
    { VpcId: vpc, IpPermissions: [{ FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: "10.9.0.0/16" }] }], IpPermissionsEgress: [] },
  ]);
});

test("endpoints that stand are counted on, and not made a second time", async () => {
  expect(await deployed(["check", ["kms", "s3"]], ["check", ["kms", "rds", "s3"]])).toEqual([
    "",
    expect.stringMatching(/ ask for: com\.amazonaws\.[^ ]*\.rds \([^,]*; or let/),
  ]);
  await expect(deployed(["create", ["s3"]])).rejects.toMatchObject({ name: "ResourceExists" });
});
