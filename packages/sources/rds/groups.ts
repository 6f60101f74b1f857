import { DescribeDBParameterGroupsCommand, DescribeDBSubnetGroupsCommand, DescribeOptionGroupsCommand } from "@aws-sdk/client-rds";
import { unlessMissing } from "./api.ts";
import type { Group } from "./restores.ts";

/** Groups that a database is restored with, by the field of the target that names another one. An undefined name is no group. */
export function subnetGroup(name: string | undefined): Group[] {
  if (name === undefined) return [];
  const command = new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: name });
  const exists: Group["exists"] = async (api) =>
    (await unlessMissing(api.rds(`describing the subnet group ${name}`, (client, options) => client.send(command, options)))) !== undefined;
  return [{ override: "subnetGroup", name, exists }];
}

export function parameterGroup(name: string | undefined, override = "parameterGroup"): Group[] {
  if (name === undefined) return [];
  const command = new DescribeDBParameterGroupsCommand({ DBParameterGroupName: name });
  const exists: Group["exists"] = async (api) =>
    (await unlessMissing(api.rds(`describing the parameter group ${name}`, (client, options) => client.send(command, options)))) !==
    undefined;
  return [{ override, name, exists }];
}

export function optionGroup(name: string | undefined): Group[] {
  if (name === undefined) return [];
  const command = new DescribeOptionGroupsCommand({ OptionGroupName: name });
  const exists: Group["exists"] = async (api) =>
    (await unlessMissing(api.rds(`describing the option group ${name}`, (client, options) => client.send(command, options)))) !== undefined;
  return [{ override: "optionGroup", name, exists }];
}
