import {
  CreateDBInstanceCommand,
  type DBCluster,
  type DBInstance,
  DeleteDBClusterCommand,
  DescribeDBClusterParameterGroupsCommand,
  ModifyDBClusterCommand,
  paginateDescribeDBClusters,
  RestoreDBClusterFromSnapshotCommand,
  RestoreDBClusterToPointInTimeCommand,
} from "@aws-sdk/client-rds";
import { type Api, unlessGone, unlessMissing } from "../rds/api.ts";
import { compareSettings, given } from "../rds/compare.ts";
import { RdsNameTaken, RestoreFailed, TargetTaken } from "../rds/errors.ts";
import { parameterGroup, subnetGroup } from "../rds/groups.ts";
import { adjust, all as allInstances, describe as describeInstance, REACHED, removeInstance, thingOf } from "../rds/instancerestores.ts";
import type { Group, Restores, Standing, Thing, Wish } from "../rds/restores.ts";
import { isBroken } from "../rds/status.ts";
import { listOf, tagsOf } from "../rds/tags.ts";
import { describe, membersOf } from "./clusters.ts";
import type { Target } from "./config.ts";
import type { Settings } from "./native.ts";
import { settingsOf } from "./settings.ts";

type Member = Settings["instances"][number];

/** Restores of DB clusters. RDS restores a cluster of Aurora without any instance, so they are made here. */
export const clusterRestores: Restores<Settings, Target> = {
  noun: "cluster",
  chooseVersion: true,
  effective: (settings, target) => ({
    ...settings,
    ...given({
      DBSubnetGroupName: target.subnetGroup,
      VpcSecurityGroupIds: target.securityGroups?.toSorted(),
      DBClusterParameterGroupName: target.clusterParameterGroup,
      Port: target.port,
      DBClusterInstanceClass: settings.DBClusterInstanceClass && target.instanceClass,
    }),
    instances: settings.instances.slice(0, target.instances).map((member) => overridden(member, target)),
  }),
  ungrouped: (settings, { clusterParameterGroup, parameterGroup }) => ({
    ...settings,
    DBClusterParameterGroupName: clusterParameterGroup,
    instances: settings.instances.map((member) => ({ ...member, DBParameterGroupName: parameterGroup })),
  }),
  creates: (id, { instances }) => [
    { what: "cluster", id },
    ...instances.map((_, at) => ({ what: "instance" as const, id: memberId(id, at) })),
  ],
  classes: ({ instances, DBClusterInstanceClass = [] }) => [DBClusterInstanceClass, ...instances.map((one) => one.DBInstanceClass)].flat(),
  groups: ({ DBSubnetGroupName, DBClusterParameterGroupName, instances }) => [
    ...subnetGroup(DBSubnetGroupName),
    ...clusterParameterGroup(DBClusterParameterGroupName),
    ...[...new Set(instances.map((one) => one.DBParameterGroupName))].flatMap((name) => parameterGroup(name)),
  ],
  protects: ({ DeletionProtection }) => DeletionProtection,
  refuses: ({ EngineMode }) => (EngineMode === "serverless" ? SERVERLESS_V1 : undefined),
  taken: async (api, names) => (await all(api)).flatMap(({ DBClusterIdentifier: id = "" }) => (id.startsWith(names) ? [id] : [])),
  async window(api, of, resource) {
    const found = await describe(api, of);
    const { EarliestRestorableTime: earliest, LatestRestorableTime: latest, DbClusterResourceId } = found ?? {};
    return earliest && latest && DbClusterResourceId === resource ? { earliest, latest } : undefined;
  },
  make,
  look: async (api, id) => {
    const found = await describe(api, id);
    return found && standingOf(found, await membersOf(api, id));
  },
  complete,
  differences(wanted, found) {
    const sorted = (of: Settings) => ({
      ...of,
      PubliclyAccessible: of.PubliclyAccessible || of.instances.some((one) => one.PubliclyAccessible),
      instances: of.instances.map((one) => JSON.stringify(given(one))).toSorted(),
    });
    return compareSettings(sorted(wanted), sorted(found), OWN);
  },
  misleading: [...REACHED, "DBClusterParameterGroupName"],
  async tagged(api, tag, value) {
    const members = (await allInstances(api)).filter(({ TagList }) => tagsOf(TagList)[tag] === value);
    const clusters = (await all(api)).filter(({ TagList }) => tagsOf(TagList)[tag] === value);
    return [...members.map(thingOf), ...clusters.map(clusterThing)];
  },
  remove: (api, thing) => (thing.what === "instance" ? removeInstance(api, thing) : removeCluster(api, thing)),
  protect: async (api, id) => {
    const command = new ModifyDBClusterCommand({ DBClusterIdentifier: id, DeletionProtection: true, ApplyImmediately: true });
    await api.rds(`protecting the cluster ${id}`, (client, options) => client.send(command, options));
  },
};

/** The port is part of the endpoint that is told, and protection comes when it is handed over. */
const OWN: readonly (keyof Settings)[] = ["Port", "DeletionProtection"];

/** https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless.html */
const SERVERLESS_V1 = {
  name: "serverless-v1-ended",
  message: "it is a backup of Aurora Serverless v1, which AWS ended on 31 March 2025, so no such cluster can be made any more",
  hint: "Restore its snapshot by hand with --engine-mode provisioned and add an instance of class db.serverless, or restore its dump. Backups made since AWS moved the cluster to v2 restore as usual.",
};

const memberId = (cluster: string, at: number): string => `${cluster}-${at + 1}`;

function overridden(member: Member, { instanceClass, parameterGroup, publiclyAccessible }: Target): Member {
  return {
    ...member,
    ...given({ DBInstanceClass: instanceClass, DBParameterGroupName: parameterGroup, PubliclyAccessible: publiclyAccessible }),
  };
}

function clusterParameterGroup(name: string | undefined): Group[] {
  if (name === undefined) return [];
  const command = new DescribeDBClusterParameterGroupsCommand({ DBClusterParameterGroupName: name });
  const exists: Group["exists"] = async (api) =>
    (await unlessMissing(api.rds(`describing the parameter group ${name}`, (client, options) => client.send(command, options)))) !==
    undefined;
  return [{ override: "clusterParameterGroup", name, exists }];
}

async function all(api: Api): Promise<DBCluster[]> {
  return await api.rds("listing clusters", async (client, options) => {
    const found: DBCluster[] = [];
    for await (const { DBClusters = [] } of paginateDescribeDBClusters({ client }, {}, options)) found.push(...DBClusters);
    return found;
  });
}

const clusterThing = ({ DBClusterIdentifier: id = "", DBClusterArn: arn = "", Status: status = "" }: DBCluster): Thing => ({
  what: "cluster",
  id,
  arn,
  status,
});

function standingOf(cluster: DBCluster, members: readonly DBInstance[]): Standing<Settings> {
  const { Engine: engine = "", EngineVersion: version = "", StorageEncrypted, KmsKeyId, TagList, Endpoint: host, Port: port } = cluster;
  const key = StorageEncrypted ? KmsKeyId : undefined;
  const endpoint = host && port && members.length > 0 ? { host, port } : undefined;
  return { ...clusterThing(cluster), engine, version, key, tags: tagsOf(TagList), endpoint, settings: settingsOf(cluster, members) };
}

/** What RDS takes when it makes a cluster. Protection and its maintenance window come afterwards, its instances when it is there. */
async function make(api: Api, { id, engine, version, from, settings, tags }: Wish<Settings>): Promise<void> {
  const { instances: _made, DeletionProtection: _protection, PreferredMaintenanceWindow: _window, ...rest } = given(settings);
  const input = { ...rest, DBClusterIdentifier: id, Tags: listOf(tags) };
  await api.rds(`restoring ${id}`, async (client, options) => {
    if ("snapshot" in from) {
      const whole = { ...input, SnapshotIdentifier: from.snapshot, Engine: engine, EngineVersion: version };
      await client.send(new RestoreDBClusterFromSnapshotCommand(whole), options);
    } else {
      const whole = { ...input, SourceDBClusterIdentifier: from.source, RestoreToTime: from.time };
      await client.send(new RestoreDBClusterToPointInTimeCommand(whole), options);
    }
  });
}

/** The writer first and alone, for the first instance of a cluster is the one that writes; then all the others together. */
async function complete(api: Api, standing: Standing<Settings>, wish: Wish<Settings>): Promise<string | undefined> {
  const members = await membersOf(api, wish.id);
  const broken = members.find(({ DBInstanceStatus = "" }) => isBroken(DBInstanceStatus));
  if (broken) throw new RestoreFailed(`the instance ${broken.DBInstanceIdentifier}`, broken.DBInstanceStatus ?? "unknown");
  const busy = members.find(({ DBInstanceStatus }) => DBInstanceStatus !== "available");
  if (busy) return `waits for ${busy.DBInstanceIdentifier}, which is ${busy.DBInstanceStatus}`;
  const missing = wish.settings.instances.flatMap((settings, at) => {
    const id = memberId(wish.id, at);
    return members.some(({ DBInstanceIdentifier }) => DBInstanceIdentifier === id) ? [] : [{ id, settings }];
  });
  const next = members.length === 0 ? missing.slice(0, 1) : missing;
  for (const { id, settings } of next) await makeMember(api, wish, id, settings);
  return next.length > 0 ? `gets ${next.map(({ id }) => id).join(", ")}` : await adjustCluster(api, standing, wish);
}

async function makeMember(api: Api, { id: cluster, engine, tags }: Wish<Settings>, id: string, settings: Member): Promise<void> {
  const input = { ...given(settings), DBInstanceIdentifier: id, DBClusterIdentifier: cluster, Engine: engine, Tags: listOf(tags) };
  try {
    await api.rds(`making the instance ${id}`, (client, options) => client.send(new CreateDBInstanceCommand(input), options));
  } catch (error) {
    if (!(error instanceof RdsNameTaken)) throw error;
    // A try before this one made it, or it is somebody else's.
    if ((await describeInstance(api, id))?.DBClusterIdentifier !== cluster) throw new TargetTaken(`the instance ${id}`);
  }
}

async function adjustCluster(api: Api, standing: Standing<Settings>, { settings }: Wish<Settings>): Promise<string | undefined> {
  const wanted = settings.PreferredMaintenanceWindow;
  const changes = wanted === undefined || standing.settings.PreferredMaintenanceWindow === wanted ? [] : ["PreferredMaintenanceWindow"];
  const input = { DBClusterIdentifier: standing.id, ...given({ PreferredMaintenanceWindow: wanted }), ApplyImmediately: true };
  return await adjust(api, standing, changes, () =>
    api.rds(`changing the cluster ${standing.id}`, (client, options) => client.send(new ModifyDBClusterCommand(input), options)),
  );
}

async function removeCluster(api: Api, { id }: Thing): Promise<void> {
  const command = new DeleteDBClusterCommand({ DBClusterIdentifier: id, SkipFinalSnapshot: true, DeleteAutomatedBackups: true });
  const deleting = api.rds(`deleting the cluster ${id}`, (client, options) => client.send(command, options));
  await unlessGone(deleting, () => describe(api, id));
}
