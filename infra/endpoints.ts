import { endpointName, isGateway, PlanInvalid, type Service } from "@holdfast/core";
import { type Deployment, logical } from "./deployment.ts";
import { type Endpoints, endpointsOf, type Found, lackOf, type Subnet, subnetsOf } from "./network.ts";

/**
 * The ways to AWS of all functions that stand in VPCs: endpoints that the plan wants created, one a service and VPC however many sources
 * share it, and a look at those that it says are there. Throws PlanInvalid with each that is not, and the command that makes it.
 */
export async function endpoints(d: Deployment): Promise<void> {
  const subnets = await Promise.all(subnetsOf(d.standing).map(subnetOf));
  for (const of of endpointsOf(d.standing, subnets)) {
    await check(d, of);
    if (of.create.length > 0) await create(d, of);
  }
}

/** A data source that is asked for the route table of a subnet fails where none was given to it, so the list of those that were is asked for. */
async function subnetOf(id: string): Promise<Subnet> {
  const { vpcId, availabilityZoneId } = await aws.ec2.getSubnet({ id });
  const { ids } = await aws.ec2.getRouteTables({ vpcId, filters: [{ name: "association.subnet-id", values: [id] }] });
  const table = ids[0] ?? (await aws.ec2.getVpc({ id: vpcId })).mainRouteTableId;
  return { id, vpc: vpcId, zone: availabilityZoneId, table };
}

async function check(d: Deployment, of: Endpoints): Promise<void> {
  const looked = of.check.map(async (service) => {
    const name = endpointName(d.plan.region, service);
    const found = await find(of.vpc, name, isGateway(service) ? "Gateway" : "Interface");
    return found === "several" ? undefined : lackOf(service, of, name, found);
  });
  const lacking = (await Promise.all(looked)).filter((lack) => lack !== undefined);
  if (lacking.length > 0)
    throw new PlanInvalid([
      `${of.vpc} lacks what functions in it ask for: ${lacking.join(", ")}; or let the network say endpoints: "create"`,
    ]);
}

/** At most one endpoint of a service has private DNS, but there may be others beside it, and the provider tells nothing of any then. */
async function find(vpcId: string, serviceName: string, type: "Gateway" | "Interface"): Promise<Found | "several" | undefined> {
  const filters = [{ name: "vpc-endpoint-type", values: [type] }];
  try {
    return await aws.ec2.getVpcEndpoint({ vpcId, serviceName, state: "available", filters });
  } catch (error) {
    const told = error instanceof Error ? error.message : "";
    if (/multiple .* matched/i.test(told)) return "several";
    if (/no matching/i.test(told)) return undefined;
    throw error;
  }
}

/**
 * With private DNS everything in the VPC asks these services here, not our functions alone. So the whole VPC is let in, and the endpoints have
 * no policy of their own: who may do what is for roles to say, as before.
 */
async function create(d: Deployment, { vpc, create, subnets, tables }: Endpoints): Promise<void> {
  const { cidrBlockAssociations } = await aws.ec2.getVpc({ id: vpc });
  const cidrBlocks = cidrBlockAssociations.map(({ cidrBlock }) => cidrBlock);
  const interfaces = create.some((service) => !isGateway(service));
  const door = interfaces ? [doorOf(d, vpc, cidrBlocks).id] : [];
  const at = (service: Service) =>
    isGateway(service)
      ? { vpcEndpointType: "Gateway", routeTableIds: tables }
      : { vpcEndpointType: "Interface", subnetIds: subnets, securityGroupIds: door, privateDnsEnabled: true };
  for (const service of create)
    new aws.ec2.VpcEndpoint(logical("endpoint", vpc, service), {
      vpcId: vpc,
      serviceName: endpointName(d.plan.region, service),
      ...at(service),
      tags: { Name: d.name(service) },
    });
}

function doorOf(d: Deployment, vpcId: string, cidrBlocks: string[]): aws.ec2.SecurityGroup {
  return new aws.ec2.SecurityGroup(logical("endpoints", vpcId), {
    name: d.name("endpoints"),
    description: "Endpoints of AWS services: HTTPS from inside the VPC",
    vpcId,
    ingress: [{ protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks }],
    tags: { Name: d.name("endpoints") },
  });
}
