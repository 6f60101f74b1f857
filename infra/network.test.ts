import type { Network } from "@holdfast/core";
import { expect, test } from "vitest";
import { endpointsOf, lackOf, type Standing, type Subnet } from "./network.ts";

const subnet = (id: string, zone: string, vpc = "vpc-1", table = "rtb-main"): Subnet => ({ id, vpc, zone, table });
const standing = (network: Partial<Network>, ...services: Standing["services"]): Standing => ({
  network: { subnets: ["a1"], securityGroups: ["sg"], ...network },
  services,
});
const create = { endpoints: "create" as const };

test("each VPC gets what the functions in it ask, in one subnet a zone and in all their route tables", () => {
  const subnets = [subnet("a1", "a"), subnet("a2", "a", "vpc-1", "rtb-2"), subnet("b1", "b"), subnet("x1", "a", "vpc-2")];
  const all = [
    standing({ ...create, subnets: ["a1", "b1"] }, "kms", "s3"),
    standing({ ...create, subnets: ["a2"] }, "s3", "sts"),
    standing({ ...create, subnets: ["x1"] }, "rds"),
    standing({ subnets: ["a1"] }, "states"),
  ];
  expect(endpointsOf(all, subnets)).toEqual([
    { vpc: "vpc-1", create: ["kms", "s3", "sts"], check: [], subnets: ["a1", "b1"], tables: ["rtb-main", "rtb-2"] },
    { vpc: "vpc-2", create: ["rds"], check: [], subnets: ["x1"], tables: ["rtb-main"] },
  ]);
});

test("what exists beside what is created is checked, as all is where the plan says so", () => {
  const subnets = [subnet("a1", "a")];
  expect(endpointsOf([standing({ ...create, existing: ["s3", "rds"] }, "kms", "s3")], subnets)).toMatchObject([
    { create: ["kms"], check: ["s3"] },
  ]);
  expect(endpointsOf([standing({ endpoints: "check" }, "kms", "s3")], subnets)).toMatchObject([{ create: [], check: ["kms", "s3"] }]);
});

test("a service that one source wants created and another has already in the same VPC is a contradiction", () => {
  const both = [standing(create, "kms", "s3"), standing({ endpoints: "check" }, "s3")];
  expect(() => endpointsOf(both, [subnet("a1", "a")])).toThrow("networks in vpc-1 want s3 created and there already");
});

const at = { vpc: "vpc-1", create: [], check: [], subnets: ["a1", "b1"], tables: ["rtb-1", "rtb-2"] };
test.each([
  [
    "kms",
    undefined,
    "kms-name (aws ec2 create-vpc-endpoint --vpc-id vpc-1 --service-name kms-name --vpc-endpoint-type Interface --private-dns-enabled --subnet-ids a1 b1)",
  ],
  ["kms", { privateDnsEnabled: false, routeTableIds: [] }, "private DNS of kms-name (aws ec2 modify-vpc-endpoint --private-dns-enabled)"],
  ["kms", { privateDnsEnabled: true, routeTableIds: [] }, undefined],
  ["s3", undefined, "s3-name (aws ec2 create-vpc-endpoint --vpc-id vpc-1 --service-name s3-name --route-table-ids rtb-1 rtb-2)"],
  [
    "s3",
    { privateDnsEnabled: false, routeTableIds: ["rtb-1"] },
    "s3-name in the route tables rtb-2 (aws ec2 modify-vpc-endpoint --add-route-table-ids)",
  ],
  ["s3", { privateDnsEnabled: false, routeTableIds: ["rtb-2", "rtb-1", "rtb-9"] }, undefined],
] as const)("an endpoint of %s, found as %j, lacks %s", (service, found, lack) => {
  expect(lackOf(service, at, `${service}-name`, found && { ...found, routeTableIds: [...found.routeTableIds] })).toBe(lack);
});
