import type { Tag } from "@aws-sdk/client-rds";
import { familyOf } from "../engines.ts";
import { clusterFamily, type Family, instanceFamily } from "../family.ts";
import type { Form } from "../form.ts";
import { defaultOptionGroup } from "../groups.ts";
import { type ArnKind, arn, parseArn } from "../names.ts";
import type { Estate, Region } from "../state.ts";
import type { Context } from "./conditions.ts";
import type { Demand } from "./evaluate.ts";

/** A parameter and the kind of resource that it names. `all`: without it, the action is about every resource of that kind. */
type Named = { parameter: string; kind: ArnKind; all?: true };

const one = (parameter: string, kind: ArnKind): Named => ({ parameter, kind });
const any = (parameter: string, kind: ArnKind): Named => ({ parameter, kind, all: true });

/**
 * What each action is about: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html. An action that is
 * missing here has no kind of resource, and is allowed by statements for `*` only.
 */
const ABOUT: Readonly<Record<string, readonly Named[]>> = {
  AddTagsToResource: [one("ResourceName", "db")],
  CopyDBClusterSnapshot: [
    one("SourceDBClusterSnapshotIdentifier", "cluster-snapshot"),
    one("TargetDBClusterSnapshotIdentifier", "cluster-snapshot"),
  ],
  CopyDBSnapshot: [one("SourceDBSnapshotIdentifier", "snapshot"), one("TargetDBSnapshotIdentifier", "snapshot")],
  CreateDBCluster: [one("DBClusterIdentifier", "cluster")],
  CreateDBClusterParameterGroup: [one("DBClusterParameterGroupName", "cluster-pg")],
  CreateDBClusterSnapshot: [one("DBClusterIdentifier", "cluster"), one("DBClusterSnapshotIdentifier", "cluster-snapshot")],
  CreateDBInstance: [one("DBInstanceIdentifier", "db"), one("DBClusterIdentifier", "cluster")],
  CreateDBParameterGroup: [one("DBParameterGroupName", "pg")],
  CreateDBSnapshot: [one("DBInstanceIdentifier", "db"), one("DBSnapshotIdentifier", "snapshot")],
  CreateDBSubnetGroup: [one("DBSubnetGroupName", "subgrp")],
  CreateOptionGroup: [one("OptionGroupName", "og")],
  DeleteDBCluster: [one("DBClusterIdentifier", "cluster"), one("FinalDBSnapshotIdentifier", "cluster-snapshot")],
  DeleteDBClusterSnapshot: [one("DBClusterSnapshotIdentifier", "cluster-snapshot")],
  DeleteDBInstance: [one("DBInstanceIdentifier", "db")],
  DeleteDBSnapshot: [one("DBSnapshotIdentifier", "snapshot")],
  DeleteDBSubnetGroup: [one("DBSubnetGroupName", "subgrp")],
  DescribeDBClusterAutomatedBackups: [any("DBClusterIdentifier", "cluster")],
  DescribeDBClusterParameterGroups: [any("DBClusterParameterGroupName", "cluster-pg")],
  DescribeDBClusterSnapshotAttributes: [one("DBClusterSnapshotIdentifier", "cluster-snapshot")],
  DescribeDBClusterSnapshots: [one("DBClusterIdentifier", "cluster"), any("DBClusterSnapshotIdentifier", "cluster-snapshot")],
  DescribeDBClusters: [any("DBClusterIdentifier", "cluster")],
  DescribeDBInstanceAutomatedBackups: [any("DBInstanceIdentifier", "db")],
  DescribeDBInstances: [any("DBInstanceIdentifier", "db")],
  DescribeDBParameterGroups: [any("DBParameterGroupName", "pg")],
  DescribeDBSnapshotAttributes: [one("DBSnapshotIdentifier", "snapshot")],
  DescribeDBSnapshots: [one("DBInstanceIdentifier", "db"), any("DBSnapshotIdentifier", "snapshot")],
  DescribeDBSubnetGroups: [any("DBSubnetGroupName", "subgrp")],
  DescribeOptionGroups: [any("OptionGroupName", "og")],
  ListTagsForResource: [one("ResourceName", "db")],
  ModifyDBCluster: [one("DBClusterIdentifier", "cluster")],
  ModifyDBClusterSnapshotAttribute: [one("DBClusterSnapshotIdentifier", "cluster-snapshot")],
  ModifyDBInstance: [one("DBInstanceIdentifier", "db")],
  ModifyDBSnapshotAttribute: [one("DBSnapshotIdentifier", "snapshot")],
  RemoveTagsFromResource: [one("ResourceName", "db")],
  RestoreDBClusterFromSnapshot: [one("DBClusterIdentifier", "cluster"), one("SnapshotIdentifier", "cluster-snapshot")],
  RestoreDBClusterToPointInTime: [one("DBClusterIdentifier", "cluster"), one("SourceDBClusterIdentifier", "cluster")],
  RestoreDBInstanceFromDBSnapshot: [one("DBInstanceIdentifier", "db"), one("DBSnapshotIdentifier", "snapshot")],
  RestoreDBInstanceToPointInTime: [one("TargetDBInstanceIdentifier", "db"), one("SourceDBInstanceIdentifier", "db")],
};

/** Everything that a request needs: the action on each resource, and tagging the new one when it brings tags. */
export function demandsOf(form: Form, region: Region, estate: Estate): Demand[] {
  const about = ABOUT[form.action] ?? [];
  const named = [...about.flatMap((one) => resourceOf(one, form, region)), ...groupsOf(form, region, estate)];
  const resources = about.length === 0 ? ["*"] : named;
  const tags = form.tags();
  const demands = resources.map((resource) => demand(`rds:${form.action}`, resource, tags, region, estate));
  const made = tags.length > 0 && form.action !== "AddTagsToResource" ? newOne(form, region) : undefined;
  return made ? [...demands, demand("rds:AddTagsToResource", made, tags, region, estate)] : demands;
}

function resourceOf({ parameter, kind, all }: Named, form: Form, { place }: Region): string[] {
  const given = form.text(parameter);
  if (given?.startsWith("arn:")) return [given];
  if (given) return [arn(place, kind, given.toLowerCase())];
  return all ? [arn(place, kind, "*")] : [];
}

/** What an action with tags makes is the resource of the first parameter of its kind, but for copies: their target is the second. */
function newOne(form: Form, region: Region): string | undefined {
  const about = ABOUT[form.action] ?? [];
  const made = /^(Copy|CreateDB(Cluster)?Snapshot)/.test(form.action) ? about[1] : about[0];
  return made && resourceOf(made, form, region)[0];
}

/** New instances and clusters are also about the groups that they get, the default ones included. */
function groupsOf(form: Form, region: Region, estate: Estate): string[] {
  if (!/^(CreateDB(Instance|Cluster)|RestoreDB\w+)$/.test(form.action)) return [];
  const source = engineOf(form, region, estate);
  const cluster = form.action.includes("Cluster");
  const family = source && `default.${familyOf(source.engine, source.version)}`;
  const [parameter, kind] = cluster ? (["DBClusterParameterGroupName", "cluster-pg"] as const) : (["DBParameterGroupName", "pg"] as const);
  const groups: [ArnKind, string | undefined][] = [
    ["subgrp", form.text("DBSubnetGroupName") ?? "default"],
    [kind, form.text(parameter) ?? family],
    ["og", form.text("OptionGroupName") ?? (source && defaultOptionGroup(source.engine, source.version))],
  ];
  return groups.flatMap(([kind, name]) => (name ? [arn(region.place, kind, name.toLowerCase())] : []));
}

/** Engine and version of what a restore comes from; undefined when there is none, which the action itself will say. */
function engineOf(form: Form, region: Region, estate: Estate): { engine: string; version: string } | undefined {
  const from =
    ofSnapshot(form.text("DBSnapshotIdentifier"), instanceFamily, region, estate) ??
    ofSnapshot(form.text("SnapshotIdentifier"), clusterFamily, region, estate) ??
    region.instances.get(form.text("SourceDBInstanceIdentifier")?.toLowerCase() ?? "")?.api ??
    region.clusters.get(form.text("SourceDBClusterIdentifier")?.toLowerCase() ?? "")?.api;
  return from?.Engine && from.EngineVersion ? { engine: from.Engine, version: from.EngineVersion } : undefined;
}

function ofSnapshot(given: string | undefined, family: Family, region: Region, estate: Estate) {
  if (!given) return undefined;
  const at = parseArn(given);
  return (at ? estate.region(at) : region).snapshots.get(`${family.kind}:${at?.name ?? given.toLowerCase()}`)?.api;
}

function demand(action: string, resource: string, tags: readonly Tag[], region: Region, estate: Estate): Demand {
  return { action, resource, context: { ...requested(tags), ...tagged(resource, estate), "aws:requestedregion": region.place.region } };
}

function requested(tags: readonly Tag[]): Context {
  const each = tags.flatMap(({ Key = "", Value = "" }) =>
    ["aws:requesttag", "rds:req-tag"].map((name) => [`${name}/${Key}`.toLowerCase(), Value]),
  );
  return { ...Object.fromEntries(each), ...(tags.length > 0 ? { "aws:tagkeys": tags.map(({ Key = "" }) => Key) } : {}) };
}

const OWN_TAG: Readonly<Partial<Record<ArnKind, string>>> = {
  db: "rds:db-tag",
  cluster: "rds:cluster-tag",
  snapshot: "rds:snapshot-tag",
  "cluster-snapshot": "rds:cluster-snapshot-tag",
};

/** Tags of a resource that is there. */
function tagged(resource: string, estate: Estate): Context {
  const at = resource === "*" ? undefined : parseArn(resource);
  if (!at) return {};
  const { instances, clusters, snapshots } = estate.region(at);
  const tags: readonly Tag[] =
    (instances.get(at.kind === "db" ? at.name : "") ?? clusters.get(at.kind === "cluster" ? at.name : ""))?.api.TagList ??
    snapshots.get(`${at.kind}:${at.name}`)?.tags ??
    [];
  const names = ["aws:resourcetag", ...(OWN_TAG[at.kind] ? [OWN_TAG[at.kind]] : [])];
  return Object.fromEntries(tags.flatMap(({ Key = "", Value = "" }) => names.map((name) => [`${name}/${Key}`.toLowerCase(), Value])));
}
