import type { DBSubnetGroup } from "@aws-sdk/client-rds";
import { familyOf, majorOf } from "./engines.ts";
import { faults } from "./faults.ts";
import { arn } from "./names.ts";
import type { Region } from "./state.ts";

const VPC = "vpc-0a1b2c3d4e5f60718";
/** The default VPC's own security group. */
export const DEFAULT_SECURITY_GROUP = "sg-0d1e2f3a4b5c6d7e8";

/** What an account has in a region before anybody made anything. */
export function fillDefaults(region: Region, versions: Record<string, string[]>): void {
  region.subnetGroups.set(
    "default",
    subnetGroup(
      region,
      "default",
      "default",
      ["a", "b", "c"].map((zone) => `subnet-default-${zone}`),
    ),
  );
  for (const [engine, all] of Object.entries(versions)) for (const version of all) defaultGroups(region, engine, version);
}

/** RDS makes them when an engine is first used. */
function defaultGroups(region: Region, engine: string, version: string): void {
  const { place } = region;
  const family = familyOf(engine, version);
  const name = `default.${family}`;
  const group = { DBParameterGroupFamily: family, Description: `Default parameter group for ${family}` };
  region.parameterGroups.set(name, { DBParameterGroupName: name, ...group, DBParameterGroupArn: arn(place, "pg", name) });
  const DBClusterParameterGroupArn = arn(place, "cluster-pg", name);
  region.clusterParameterGroups.set(name, { DBClusterParameterGroupName: name, ...group, DBClusterParameterGroupArn });
  const options = defaultOptionGroup(engine, version);
  region.optionGroups.set(options, {
    OptionGroupName: options,
    OptionGroupDescription: `Default option group for ${engine} ${majorOf(engine, version)}`,
    EngineName: engine,
    MajorEngineVersion: majorOf(engine, version),
    Options: [],
    AllowsVpcAndNonVpcInstanceMemberships: true,
    OptionGroupArn: arn(place, "og", options),
  });
}

export const defaultParameterGroup = (engine: string, version: string): string => `default.${familyOf(engine, version)}`;
export const defaultOptionGroup = (engine: string, version: string): string =>
  `default:${engine}-${majorOf(engine, version).replaceAll(".", "-")}`;

export function subnetGroup({ place }: Region, name: string, description: string, subnets: readonly string[]): DBSubnetGroup {
  return {
    DBSubnetGroupName: name,
    DBSubnetGroupDescription: description,
    VpcId: VPC,
    SubnetGroupStatus: "Complete",
    Subnets: subnets.map((SubnetIdentifier, at) => ({
      SubnetIdentifier,
      SubnetAvailabilityZone: { Name: `${place.region}${"abc"[at % 3]}` },
      SubnetStatus: "Active",
    })),
    DBSubnetGroupArn: arn(place, "subgrp", name),
  };
}

/** Throws DBSubnetGroupNotFoundFault. */
export function findSubnetGroup({ subnetGroups }: Region, name = "default"): DBSubnetGroup {
  const found = subnetGroups.get(name.toLowerCase());
  if (!found) throw faults.DBSubnetGroupNotFoundFault(`DB subnet group '${name}' does not exist.`);
  return found;
}

/** The group's name as it is kept. Throws DBParameterGroupNotFound. */
export function findParameterGroup({ parameterGroups }: Region, name: string): string {
  if (!parameterGroups.has(name.toLowerCase())) throw faults.DBParameterGroupNotFound(`DBParameterGroup not found: ${name}`);
  return name.toLowerCase();
}

/** Throws DBClusterParameterGroupNotFound. */
export function findClusterParameterGroup({ clusterParameterGroups }: Region, name: string): string {
  if (!clusterParameterGroups.has(name.toLowerCase()))
    throw faults.DBClusterParameterGroupNotFound(`DBClusterParameterGroup not found: ${name}`);
  return name.toLowerCase();
}

/** Throws OptionGroupNotFoundFault. */
export function findOptionGroup({ optionGroups }: Region, name: string): string {
  if (!optionGroups.has(name.toLowerCase())) throw faults.OptionGroupNotFoundFault(`Specified OptionGroupName: ${name} not found.`);
  return name.toLowerCase();
}
