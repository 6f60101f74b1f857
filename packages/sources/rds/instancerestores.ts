import {
  AddTagsToResourceCommand,
  type DBInstance,
  DeleteDBInstanceCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  paginateDescribeDBInstances,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
} from "@aws-sdk/client-rds";
import { type Api, unlessGone, unlessMissing } from "./api.ts";
import { compareSettings, given } from "./compare.ts";
import type { Target } from "./config.ts";
import { RdsRefused } from "./errors.ts";
import { optionGroup, parameterGroup, subnetGroup } from "./groups.ts";
import type { Settings } from "./native.ts";
import type { Restores, Standing, Thing, Wish } from "./restores.ts";
import { settingsOf } from "./settings.ts";
import { ADJUSTED, listOf, tagsOf } from "./tags.ts";

/** Who reaches a database, and who may log in. */
export const REACHED = ["VpcSecurityGroupIds", "DBSubnetGroupName", "PubliclyAccessible", "EnableIAMDatabaseAuthentication"];

/** Groups that are of a version. */
export const GROUPED = ["DBParameterGroupName", "DBClusterParameterGroupName", "OptionGroupName"];

/** Restores of DB instances. */
export const instanceRestores: Restores<Settings, Target> = {
  noun: "instance",
  chooseVersion: false,
  effective: (settings, target) => ({
    ...settings,
    ...given({
      DBInstanceClass: target.instanceClass,
      DBSubnetGroupName: target.subnetGroup,
      VpcSecurityGroupIds: target.securityGroups?.toSorted(),
      DBParameterGroupName: target.parameterGroup,
      OptionGroupName: target.optionGroup,
      MultiAZ: target.multiAz,
      Port: target.port,
      PubliclyAccessible: target.publiclyAccessible,
    }),
  }),
  ungrouped: (settings, { parameterGroup, optionGroup }) => ({
    ...settings,
    DBParameterGroupName: parameterGroup,
    OptionGroupName: optionGroup,
  }),
  creates: (id) => [{ what: "instance", id }],
  classes: ({ DBInstanceClass }) => [DBInstanceClass],
  groups: (settings) => [
    ...subnetGroup(settings.DBSubnetGroupName),
    ...parameterGroup(settings.DBParameterGroupName),
    ...optionGroup(settings.OptionGroupName),
  ],
  protects: ({ DeletionProtection }) => DeletionProtection,
  refuses: () => undefined,
  taken: async (api, names) => (await all(api)).flatMap(({ DBInstanceIdentifier: id = "" }) => (id.startsWith(names) ? [id] : [])),
  window: windowOf,
  make,
  look: async (api, id) => {
    const found = await describe(api, id);
    return found && standingOf(found);
  },
  complete,
  differences: (wanted, found) => compareSettings(wanted, found, OWN),
  misleading: [...REACHED, "DBParameterGroupName"],
  tagged: async (api, tag, value) => (await all(api)).filter(({ TagList }) => tagsOf(TagList)[tag] === value).map(thingOf),
  remove: removeInstance,
  protect: async (api, id) => {
    const command = new ModifyDBInstanceCommand({ DBInstanceIdentifier: id, DeletionProtection: true, ApplyImmediately: true });
    await api.rds(`protecting the instance ${id}`, (client, options) => client.send(command, options));
  },
};

/** The port is part of the endpoint that is told, the size is the data's own, and protection comes when it is handed over. */
const OWN: readonly (keyof Settings)[] = ["Port", "AllocatedStorage", "DeletionProtection"];

export async function all(api: Api): Promise<DBInstance[]> {
  return await api.rds("listing instances", async (client, options) => {
    const found: DBInstance[] = [];
    for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client }, {}, options)) found.push(...DBInstances);
    return found;
  });
}

export async function describe(api: Api, id: string): Promise<DBInstance | undefined> {
  const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: id });
  const asking = api.rds(`describing the instance ${id}`, (client, options) => client.send(command, options));
  return (await unlessMissing(asking))?.DBInstances?.[0];
}

export const thingOf = ({ DBInstanceIdentifier: id = "", DBInstanceArn: arn = "", DBInstanceStatus: status = "" }: DBInstance): Thing => ({
  what: "instance",
  id,
  arn,
  status,
});

function standingOf(instance: DBInstance): Standing<Settings> {
  const { Engine: engine = "", EngineVersion: version = "", StorageEncrypted, KmsKeyId, TagList, Endpoint } = instance;
  const key = StorageEncrypted ? KmsKeyId : undefined;
  const endpoint = Endpoint?.Address && Endpoint.Port ? { host: Endpoint.Address, port: Endpoint.Port } : undefined;
  return { ...thingOf(instance), engine, version, key, tags: tagsOf(TagList), endpoint, settings: settingsOf(instance) };
}

async function windowOf(api: Api, of: string, resource: string): Promise<{ earliest: Date; latest: Date } | undefined> {
  const command = new DescribeDBInstanceAutomatedBackupsCommand({ DBInstanceIdentifier: of });
  const asking = api.rds(`describing the automated backups of ${of}`, (client, options) => client.send(command, options));
  const all = (await unlessMissing(asking))?.DBInstanceAutomatedBackups;
  // Those that are retained after their instance was deleted are reached by an ARN of their own, and end soon.
  const found = all?.find(({ DbiResourceId, Status }) => DbiResourceId === resource && Status === "active");
  const { EarliestTime: earliest, LatestTime: latest } = found?.RestoreWindow ?? {};
  return earliest && latest ? { earliest, latest } : undefined;
}

/** What RDS takes when it makes an instance. Protection and what {@link later} sets come afterwards, the size is that of the data. */
async function make(api: Api, { id, from, settings, tags }: Wish<Settings>): Promise<void> {
  const {
    AllocatedStorage: _size,
    MaxAllocatedStorage: _most,
    DeletionProtection: _protection,
    PreferredMaintenanceWindow: _window,
    ...rest
  } = given(settings);
  const input = { ...rest, Tags: listOf(tags) };
  const command =
    "snapshot" in from
      ? new RestoreDBInstanceFromDBSnapshotCommand({ ...input, DBInstanceIdentifier: id, DBSnapshotIdentifier: from.snapshot })
      : new RestoreDBInstanceToPointInTimeCommand({
          ...input,
          TargetDBInstanceIdentifier: id,
          SourceDBInstanceIdentifier: from.source,
          RestoreTime: from.time,
        });
  await api.rds(`restoring ${id}`, async (client, options) => {
    if (command instanceof RestoreDBInstanceFromDBSnapshotCommand) await client.send(command, options);
    else await client.send(command, options);
  });
}

/** What only a change of an existing instance sets. */
async function complete(api: Api, standing: Standing<Settings>, { settings: wanted }: Wish<Settings>): Promise<string | undefined> {
  const { id, settings: found } = standing;
  const changes = given({
    MaxAllocatedStorage: found.MaxAllocatedStorage === wanted.MaxAllocatedStorage ? undefined : wanted.MaxAllocatedStorage,
    PreferredMaintenanceWindow:
      found.PreferredMaintenanceWindow === wanted.PreferredMaintenanceWindow ? undefined : wanted.PreferredMaintenanceWindow,
  });
  const command = new ModifyDBInstanceCommand({ DBInstanceIdentifier: id, ...changes, ApplyImmediately: true });
  return await adjust(api, standing, Object.keys(changes), () =>
    api.rds(`changing the instance ${id}`, (client, options) => client.send(command, options)),
  );
}

/**
 * Asks for changes once, for RDS may say yes and not make them, or no: what it does not make is told by the proof. The tag comes after the answer, so that
 * what was busy or throttled is asked again.
 */
export async function adjust(
  api: Api,
  { arn, tags }: Pick<Standing<unknown>, "arn" | "tags">,
  changes: readonly string[],
  change: () => Promise<unknown>,
): Promise<string | undefined> {
  if (changes.length === 0 || ADJUSTED in tags) return undefined;
  try {
    await change();
  } catch (error) {
    if (!(error instanceof RdsRefused)) throw error;
  }
  const command = new AddTagsToResourceCommand({ ResourceName: arn, Tags: [{ Key: ADJUSTED, Value: "yes" }] });
  await api.rds(`tagging ${arn}`, (client, options) => client.send(command, options));
  return `sets ${changes.join(" and ")}`;
}

export async function removeInstance(api: Api, { id }: Thing): Promise<void> {
  const command = new DeleteDBInstanceCommand({ DBInstanceIdentifier: id, SkipFinalSnapshot: true, DeleteAutomatedBackups: true });
  const deleting = api.rds(`deleting the instance ${id}`, (client, options) => client.send(command, options));
  await unlessGone(deleting, () => describe(api, id));
}
