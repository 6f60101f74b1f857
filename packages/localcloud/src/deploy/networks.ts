import { NotOneFound } from "./errors.ts";
import { isRecord, type Value, type Values } from "./graph.ts";

/** What stands in the cloud's networks. */
export type Subnet = { id: string; vpc: string; zone: string };
export type Vpc = { id: string; cidr: string; mainTable: string };
export type Endpoint = { id: string; vpc: string; service: string; type: string; tables: string[]; subnets: string[]; privateDns: boolean };
export type Networks = {
  subnet(id: string): Promise<Subnet | undefined>;
  vpc(id: string): Promise<Vpc | undefined>;
  /** Of the route tables of a VPC those that were given to this subnet. */
  tables(vpc: string, subnet: string): Promise<string[]>;
  endpoints(vpc: string): Promise<Endpoint[]>;
};

/** Answers the provider's data sources of networks, as far as infrastructure asks them; undefined: another's. Throws {@link NotOneFound}. */
export async function answerNetwork(token: string, inputs: Values, networks: Networks): Promise<Values | undefined> {
  const id = String(inputs.id);
  switch (token) {
    case "aws:ec2/getSubnet:getSubnet": {
      const { vpc, zone } = foundOr(await networks.subnet(id), "reading EC2 Subnet: no matching EC2 Subnet found");
      return { id, vpcId: vpc, availabilityZone: zone, availabilityZoneId: zone };
    }
    case "aws:ec2/getVpc:getVpc": {
      const { cidr, mainTable } = foundOr(await networks.vpc(id), "reading EC2 VPC: no matching EC2 VPC found");
      return { id, cidrBlock: cidr, cidrBlockAssociations: [{ cidrBlock: cidr, state: "associated" }], mainRouteTableId: mainTable };
    }
    case "aws:ec2/getRouteTables:getRouteTables":
      return { ...inputs, ids: await networks.tables(String(inputs.vpcId), filterOf(inputs, "association.subnet-id")) };
    case "aws:ec2/getVpcEndpoint:getVpcEndpoint":
      return await endpoint(inputs, networks);
    default:
      return undefined;
  }
}

async function endpoint(inputs: Values, networks: Networks): Promise<Values> {
  const type = filterOf(inputs, "vpc-endpoint-type");
  const all = await networks.endpoints(String(inputs.vpcId));
  const fit = all.filter((one) => one.service === inputs.serviceName && one.type === type);
  if (fit.length > 1)
    throw new NotOneFound("multiple EC2 VPC Endpoints matched; use additional constraints to reduce matches to a single one");
  const { id, tables, subnets, privateDns } = foundOr(fit[0], "reading EC2 VPC Endpoint: no matching EC2 VPC Endpoint found");
  return { ...inputs, id, vpcEndpointType: type, routeTableIds: tables, subnetIds: subnets, privateDnsEnabled: privateDns };
}

function foundOr<T>(found: T | undefined, message: string): T {
  if (found === undefined) throw new NotOneFound(message);
  return found;
}

/** The value of the one filter that is asked with. */
function filterOf({ filters }: Values, name: string): string {
  const all = (Array.isArray(filters) ? filters : []).filter((one): one is Values => isRecord(one));
  const values: Value | undefined = all.find((one) => one.name === name)?.values;
  return Array.isArray(values) ? String(values[0]) : "";
}

/** Of a graph that nobody makes: one VPC with the main route table alone, subnets that end with the letter of their zone, and no endpoint. */
export const exampleNetworks: Networks = {
  subnet: async (id) => ({ id, vpc: "vpc-0example", zone: `zone-${id.at(-1)}` }),
  vpc: async (id) => ({ id, cidr: "10.0.0.0/16", mainTable: "rtb-0main" }),
  tables: async () => [],
  endpoints: async () => [],
};
