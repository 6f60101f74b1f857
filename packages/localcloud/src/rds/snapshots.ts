import { lasts } from "./clock.ts";
import { faults } from "./faults.ts";
import type { Family } from "./family.ts";
import { begin, type Call } from "./home.ts";
import { named } from "./names.ts";
import { checkManual } from "./quotas.ts";
import type { Cluster, Database, Instance, Snapshot } from "./state.ts";
import { photograph } from "./volume.ts";

type Tags = { Key: string; Value: string }[];
export type Taking = { snapshot: Snapshot /** When its data is there. */; taken: Promise<void> };

/** Begins a manual snapshot. Throws the family's AlreadyExists, the state's code, SnapshotQuotaExceeded, InvalidParameterValue. */
export function takeSnapshot(
  { home, region }: Pick<Call, "home" | "region">,
  family: Family,
  of: Database,
  given: string,
  tags: Tags,
): Taking {
  const id = named(family.id, given, family.longest);
  if (region.snapshots.has(`${family.kind}:${id}`)) throw family.alreadyExists(id);
  checkAvailable(of);
  checkManual(region, family, home.quotas);
  const inherited = of.api.CopyTagsToSnapshot ? (of.api.TagList as Tags) : [];
  const own = new Set(tags.map(({ Key }) => Key));
  return record({ home, region }, family, of, id, "manual", [...inherited.filter(({ Key }) => !own.has(Key)), ...tags]);
}

/** Throws InvalidDBInstanceState, InvalidDBClusterStateFault. */
function checkAvailable(of: Database): void {
  if (of.what === "instance" && of.api.DBInstanceStatus !== "available")
    throw faults.InvalidDBInstanceState(
      `Cannot create a snapshot because the database instance ${of.api.DBInstanceIdentifier} is not currently in the available state.`,
    );
  if (of.what === "cluster" && of.api.Status !== "available")
    throw faults.InvalidDBClusterStateFault(
      `Cannot create a snapshot because the database cluster ${of.api.DBClusterIdentifier} is not currently in the available state.`,
    );
}

/** Registers a snapshot in state creating and begins to copy the data. A single instance is `backing-up` until it is there. */
export function record(
  call: Pick<Call, "home" | "region">,
  family: Family,
  of: Database,
  id: string,
  type: "manual" | "automated",
  tags: Tags,
): Taking {
  const { home, region } = call;
  const ids =
    of.what === "instance"
      ? { id: of.api.DBInstanceIdentifier, resource: of.api.DbiResourceId }
      : { id: of.api.DBClusterIdentifier, resource: of.api.DbClusterResourceId };
  const snapshot: Snapshot = {
    what: "snapshot",
    family,
    place: region.place,
    id,
    of: ids,
    type,
    status: "creating",
    copying: false,
    turn: 0,
    api: { ...(of.what === "instance" ? ofInstance(of) : ofCluster(of)), ...times(family, home.clock.now()) },
    instanceClass: of.what === "instance" ? of.api.DBInstanceClass : undefined,
    tags,
    master: of.master,
    data: undefined,
    shared: new Set(),
  };
  region.snapshots.set(`${family.kind}:${id}`, snapshot);
  const free = of.what === "instance" ? occupy(of) : () => {};
  tellCreating(call, snapshot);
  const taken = copyData(call, of, snapshot);
  // Whoever does not wait for it is told by the snapshot's state.
  taken.catch(() => {});
  begin(home, {
    thing: snapshot,
    ms: lasts.backingUp,
    work: () => taken,
    over: free,
    done: () => becomeAvailable(call, snapshot),
    failed() {
      snapshot.status = "failed";
    },
  });
  return { snapshot, taken };
}

/** Only snapshots of instances tell when the first of a line of copies was taken, and where they are kept. */
function times({ kind }: Family, SnapshotCreateTime: Date): Partial<Snapshot["api"]> {
  return {
    SnapshotCreateTime,
    ...(kind === "snapshot" ? { OriginalSnapshotCreateTime: SnapshotCreateTime, SnapshotTarget: "region" } : {}),
  };
}

function occupy(instance: Instance): () => void {
  instance.api.DBInstanceStatus = "backing-up";
  const { turn } = instance;
  return () => {
    if (instance.turn === turn && instance.api.DBInstanceStatus === "backing-up") instance.api.DBInstanceStatus = "available";
  };
}

async function copyData({ home }: Pick<Call, "home">, { volume }: Database, snapshot: Snapshot): Promise<void> {
  if (volume?.server) snapshot.data = await photograph(home.rack, volume.server);
  else if (volume?.seed) snapshot.data = await home.rack.disk.share(volume.seed.data, "data");
}

/** The event may come before the first description that shows it. */
async function becomeAvailable(call: Pick<Call, "home">, snapshot: Snapshot): Promise<void> {
  const { home } = call;
  tellCreated(call, snapshot);
  if (home.events.ahead > 0) await home.clock.pass(home.events.ahead, home.over);
  snapshot.status = "available";
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html */
function tellCreating({ home }: Pick<Call, "home">, snapshot: Snapshot): void {
  if (snapshot.type === "manual") tell({ home }, snapshot, snapshot.family.event.creating, false);
}
function tellCreated({ home }: Pick<Call, "home">, snapshot: Snapshot): void {
  const { created, auto } = snapshot.family.event;
  tell({ home }, snapshot, snapshot.type === "manual" ? created : auto, true);
}

function tell({ home }: Pick<Call, "home">, { family, type, place, id, tags }: Snapshot, event: string, created: boolean): void {
  const words = family.kind === "snapshot" ? "snapshot" : "cluster snapshot";
  const which = type === "manual" ? "Manual" : "Automated";
  home.events.tell({
    id: event,
    type: family.event.type,
    source: family.event.source,
    categories: [family.kind === "snapshot" ? "creation" : "backup"],
    message: created ? `${which} ${words} created` : `Creating ${which.toLowerCase()} ${words}`,
    place,
    kind: family.kind,
    name: id,
    tags,
  });
}

function ofInstance({ api, master }: Instance): Snapshot["api"] {
  return {
    ...common(api, master.user),
    Port: api.Endpoint?.Port,
    AvailabilityZone: api.AvailabilityZone,
    VpcId: api.DBSubnetGroup?.VpcId,
    InstanceCreateTime: api.InstanceCreateTime,
    Iops: api.Iops,
    StorageThroughput: api.StorageThroughput,
    OptionGroupName: api.OptionGroupMemberships?.[0]?.OptionGroupName,
    Encrypted: api.StorageEncrypted,
    ProcessorFeatures: [],
    DedicatedLogVolume: api.DedicatedLogVolume,
    MultiTenant: false,
  };
}

function ofCluster({ api, master }: Cluster): Snapshot["api"] {
  return {
    ...common(api, master.user),
    // The API says 0 for Aurora.
    Port: 0,
    ClusterCreateTime: api.ClusterCreateTime,
    EngineMode: api.EngineMode,
    StorageEncrypted: api.StorageEncrypted,
  };
}

function common(api: Instance["api"] | Cluster["api"], MasterUsername: string) {
  const {
    Engine,
    EngineVersion,
    AllocatedStorage,
    StorageType,
    KmsKeyId,
    IAMDatabaseAuthenticationEnabled,
    BackupRetentionPeriod,
    PreferredBackupWindow,
  } = api;
  const LicenseModel = "LicenseModel" in api ? api.LicenseModel : "postgresql-license";
  return {
    Engine,
    EngineVersion,
    AllocatedStorage,
    StorageType,
    KmsKeyId,
    IAMDatabaseAuthenticationEnabled,
    BackupRetentionPeriod,
    PreferredBackupWindow,
    MasterUsername,
    LicenseModel,
  };
}
