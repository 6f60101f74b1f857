import { versionOf } from "../engines.ts";
import { common, faults } from "../faults.ts";
import { findClusterParameterGroup, findOptionGroup, findParameterGroup, findSubnetGroup, subnetGroup } from "../groups.ts";
import type { Action, Call } from "../home.ts";
import { filtered, paged } from "../list.ts";
import { arn, named } from "../names.ts";

export const DescribeDBSubnetGroups: Action = ({ form, region }) => {
  const name = form.text("DBSubnetGroupName");
  const found = name === undefined ? [...region.subnetGroups.values()] : [findSubnetGroup(region, name)];
  const { page, Marker } = paged(form, filtered(form, found, {}), ({ DBSubnetGroupName = "" }) => DBSubnetGroupName);
  return { Marker, DBSubnetGroups: page };
};

export const CreateDBSubnetGroup: Action = (call) => {
  const { form, region } = call;
  const name = named("DBSubnetGroupName", form.required("DBSubnetGroupName"), 255);
  const subnets = form.texts("SubnetIds", "SubnetIdentifier") ?? [];
  if (region.subnetGroups.has(name)) throw faults.DBSubnetGroupAlreadyExists(`The DB subnet group '${name}' already exists.`);
  if (subnets.length === 0) throw common.MissingParameter("The request must contain the parameter SubnetIds.");
  const DBSubnetGroup = subnetGroup(region, name, form.required("DBSubnetGroupDescription"), subnets);
  region.subnetGroups.set(name, DBSubnetGroup);
  keepTags(call, DBSubnetGroup.DBSubnetGroupArn);
  return { DBSubnetGroup };
};

export const DeleteDBSubnetGroup: Action = ({ form, region }) => {
  const { DBSubnetGroupName = "" } = findSubnetGroup(region, form.required("DBSubnetGroupName"));
  region.subnetGroups.delete(DBSubnetGroupName);
  return {};
};

export const DescribeDBParameterGroups: Action = ({ form, region }) => {
  const name = form.text("DBParameterGroupName");
  const all =
    name === undefined ? [...region.parameterGroups.values()] : [region.parameterGroups.get(findParameterGroup(region, name)) ?? {}];
  const { page, Marker } = paged(form, filtered(form, all, {}), ({ DBParameterGroupName = "" }) => DBParameterGroupName);
  return { Marker, DBParameterGroups: page };
};

export const CreateDBParameterGroup: Action = (call) => {
  const { form, region } = call;
  const name = named("DBParameterGroupName", form.required("DBParameterGroupName"), 255);
  if (region.parameterGroups.has(name)) throw faults.DBParameterGroupAlreadyExists(`Parameter group ${name} already exists`);
  const DBParameterGroup = {
    DBParameterGroupName: name,
    DBParameterGroupFamily: form.required("DBParameterGroupFamily"),
    Description: form.required("Description"),
    DBParameterGroupArn: arn(region.place, "pg", name),
  };
  region.parameterGroups.set(name, DBParameterGroup);
  keepTags(call, DBParameterGroup.DBParameterGroupArn);
  return { DBParameterGroup };
};

export const DescribeDBClusterParameterGroups: Action = ({ form, region }) => {
  const name = form.text("DBClusterParameterGroupName");
  const all = [...region.clusterParameterGroups.values()];
  const found = name === undefined ? all : [region.clusterParameterGroups.get(findClusterParameterGroup(region, name)) ?? {}];
  const { page, Marker } = paged(form, filtered(form, found, {}), ({ DBClusterParameterGroupName = "" }) => DBClusterParameterGroupName);
  return { Marker, DBClusterParameterGroups: page };
};

export const CreateDBClusterParameterGroup: Action = (call) => {
  const { form, region } = call;
  const name = named("DBClusterParameterGroupName", form.required("DBClusterParameterGroupName"), 255);
  if (region.clusterParameterGroups.has(name)) throw faults.DBParameterGroupAlreadyExists(`Parameter group ${name} already exists`);
  const DBClusterParameterGroup = {
    DBClusterParameterGroupName: name,
    DBParameterGroupFamily: form.required("DBParameterGroupFamily"),
    Description: form.required("Description"),
    DBClusterParameterGroupArn: arn(region.place, "cluster-pg", name),
  };
  region.clusterParameterGroups.set(name, DBClusterParameterGroup);
  keepTags(call, DBClusterParameterGroup.DBClusterParameterGroupArn);
  return { DBClusterParameterGroup };
};

export const DescribeOptionGroups: Action = ({ form, region }) => {
  const name = form.text("OptionGroupName");
  const engine = form.text("EngineName");
  const major = form.text("MajorEngineVersion");
  const all = name === undefined ? [...region.optionGroups.values()] : [region.optionGroups.get(findOptionGroup(region, name)) ?? {}];
  const fit = all.filter((group) => (!engine || group.EngineName === engine) && (!major || group.MajorEngineVersion === major));
  const { page, Marker } = paged(form, filtered(form, fit, {}), ({ OptionGroupName = "" }) => OptionGroupName);
  return { Marker, OptionGroupsList: page };
};

export const CreateOptionGroup: Action = (call) => {
  const { form, region, home } = call;
  const name = named("OptionGroupName", form.required("OptionGroupName"), 255);
  if (region.optionGroups.has(name)) throw faults.OptionGroupAlreadyExistsFault(`An option group with the name ${name} already exists.`);
  const EngineName = form.required("EngineName");
  const MajorEngineVersion = form.required("MajorEngineVersion");
  versionOf(home.versions, EngineName, MajorEngineVersion);
  const OptionGroup = {
    OptionGroupName: name,
    OptionGroupDescription: form.required("OptionGroupDescription"),
    EngineName,
    MajorEngineVersion,
    Options: [],
    AllowsVpcAndNonVpcInstanceMemberships: true,
    OptionGroupArn: arn(region.place, "og", name),
  };
  region.optionGroups.set(name, OptionGroup);
  keepTags(call, OptionGroup.OptionGroupArn);
  return { OptionGroup };
};

function keepTags({ form, region }: Call, name: string | undefined): void {
  if (name) region.groupTags.set(name, form.tags() as { Key: string; Value: string }[]);
}
