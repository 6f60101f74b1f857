import type { EC2, Filter } from "@aws-sdk/client-ec2";
import type { Site } from "./appliers/applier.ts";
import type { Endpoint, Networks } from "./networks.ts";

/** The largest of all clients, of use to few plans: it is loaded when it is first asked, which takes a fifth of a second. */
export async function withEc2<T>({ clients, endpoint, place }: Site, ask: (ec2: EC2) => Promise<T>): Promise<T> {
  const { EC2 } = await import("@aws-sdk/client-ec2");
  const { credentials } = clients.sts.config;
  const ec2 = new EC2({ endpoint, region: place.region, credentials, maxAttempts: 3, useFipsEndpoint: false, useDualstackEndpoint: false });
  try {
    return await ask(ec2);
  } finally {
    ec2.destroy();
  }
}

const filter = (Name: string, value: string): Filter => ({ Name, Values: [value] });

/** What stands in the networks of the local AWS. */
export const networksOf = (site: Site): Networks => ({
  async subnet(id) {
    const { Subnets = [] } = await withEc2(site, (ec2) => ec2.describeSubnets({ Filters: [filter("subnet-id", id)] }));
    const found = Subnets[0];
    return found && { id, vpc: found.VpcId ?? "", zone: found.AvailabilityZoneId ?? found.AvailabilityZone ?? "" };
  },
  async vpc(id) {
    const asked = [filter("vpc-id", id)];
    const { Vpcs = [] } = await withEc2(site, (ec2) => ec2.describeVpcs({ Filters: asked }));
    const main = await withEc2(site, (ec2) => ec2.describeRouteTables({ Filters: [...asked, filter("association.main", "true")] }));
    const found = Vpcs[0];
    return found && { id, cidr: found.CidrBlock ?? "", mainTable: main.RouteTables?.[0]?.RouteTableId ?? "" };
  },
  async tables(vpc, subnet) {
    const asked = [filter("vpc-id", vpc), filter("association.subnet-id", subnet)];
    const { RouteTables = [] } = await withEc2(site, (ec2) => ec2.describeRouteTables({ Filters: asked }));
    return RouteTables.map(({ RouteTableId }) => RouteTableId ?? "");
  },
  endpoints: (vpc) => endpointsIn(vpc, site),
});

/** The local AWS knows no filters of endpoints, and keeps of an interface endpoint not whether it has private DNS. */
export async function endpointsIn(vpc: string, site: Site): Promise<Endpoint[]> {
  const { VpcEndpoints = [] } = await withEc2(site, (ec2) => ec2.describeVpcEndpoints({}));
  const here = VpcEndpoints.filter(({ VpcId }) => VpcId === vpc);
  return here.map((one) => ({
    id: one.VpcEndpointId ?? "",
    vpc,
    service: one.ServiceName ?? "",
    type: one.VpcEndpointType ?? "",
    tables: one.RouteTableIds ?? [],
    subnets: one.SubnetIds ?? [],
    privateDns: one.PrivateDnsEnabled ?? one.VpcEndpointType === "Interface",
  }));
}
