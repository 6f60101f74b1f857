import { z } from "zod";
import { endpointsIn, withEc2 } from "../ec2.ts";
import { type Applier, applier } from "./applier.ts";

const rule = z.strictObject({ protocol: z.string(), fromPort: z.number(), toPort: z.number(), cidrBlocks: z.array(z.string()).min(1) });

const securityGroup = applier({
  type: "aws:ec2/securityGroup:SecurityGroup",
  inputs: z.strictObject({ name: z.string(), description: z.string(), vpcId: z.string(), ingress: z.array(rule) }),
  ignores: { tags: "nothing reads a security group's tags" },
  differs: ["Rules are stored; no packet is ever dropped."],
  async make({ inputs, site }) {
    const GroupId = await withEc2(site, async (ec2) => {
      const made = await ec2.createSecurityGroup({ GroupName: inputs.name, Description: inputs.description, VpcId: inputs.vpcId });
      const of = { GroupId: made.GroupId ?? "" };
      // As the provider does: what nobody wrote down is not open.
      await ec2.revokeSecurityGroupEgress({ ...of, IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }] });
      await ec2.authorizeSecurityGroupIngress({ ...of, IpPermissions: inputs.ingress.map(permissionOf) });
      return made.GroupId;
    });
    return { id: GroupId ?? null };
  },
});

const permissionOf = ({ protocol, fromPort, toPort, cidrBlocks }: z.infer<typeof rule>) => ({
  IpProtocol: protocol,
  FromPort: fromPort,
  ToPort: toPort,
  IpRanges: cidrBlocks.map((CidrIp) => ({ CidrIp })),
});

const vpcEndpoint = applier({
  type: "aws:ec2/vpcEndpoint:VpcEndpoint",
  inputs: z.strictObject({
    vpcId: z.string(),
    serviceName: z.string(),
    vpcEndpointType: z.enum(["Gateway", "Interface"]),
    routeTableIds: z.array(z.string()).optional(),
    subnetIds: z.array(z.string()).optional(),
    securityGroupIds: z.array(z.string()).optional(),
    privateDnsEnabled: z.boolean().optional(),
  }),
  ignores: { tags: "nothing reads an endpoint's tags" },
  differs: [
    "Nothing goes through an endpoint. It is stored without its security groups; of interface endpoints each is said to have private DNS.",
  ],
  async make({ inputs, site }) {
    const { VpcEndpoint } = await withEc2(site, (ec2) =>
      ec2.createVpcEndpoint({
        VpcId: inputs.vpcId,
        ServiceName: inputs.serviceName,
        VpcEndpointType: inputs.vpcEndpointType,
        RouteTableIds: inputs.routeTableIds,
        SubnetIds: inputs.subnetIds,
        SecurityGroupIds: inputs.securityGroupIds,
        PrivateDnsEnabled: inputs.privateDnsEnabled,
      }),
    );
    return { id: VpcEndpoint?.VpcEndpointId ?? null };
  },
  /** A route table has one gateway of a service, and a VPC one interface endpoint of it with private DNS. */
  async exists({ inputs, site }) {
    const standing = await endpointsIn(inputs.vpcId, site);
    return standing.some(({ service, type }) => service === inputs.serviceName && type === inputs.vpcEndpointType);
  },
});

export const ec2: Applier[] = [securityGroup, vpcEndpoint];
