import { lasts } from "../clock.ts";
import { bringUpCluster } from "../clusters.ts";
import { versionOf } from "../engines.ts";
import { clusterFamily, instanceFamily } from "../family.ts";
import { common } from "../faults.ts";
import { checkClusterName, checkInstanceName, findSnapshot } from "../find.ts";
import type { Action, Call } from "../home.ts";
import { bringUp, volumeFor } from "../instances.ts";
import { named } from "../names.ts";
import { clusterSettings } from "../clustersettings.ts";
import { instanceSettings } from "../settings.ts";
import type { Snapshot } from "../state.ts";
import { told, toldCluster } from "../tell.ts";
import type { Volume } from "../volume.ts";

type Tags = { Key: string; Value: string }[];

export const RestoreDBInstanceFromDBSnapshot: Action = async (call) => {
  const { form, region, home } = call;
  const id = named("DBInstanceIdentifier", form.required("DBInstanceIdentifier"), 63);
  const snapshot = findSnapshot(call, instanceFamily, form.required("DBSnapshotIdentifier"));
  const { api } = snapshot;
  checkUsable(call, snapshot);
  checkInstanceName(region, id, home);
  const engine = form.text("Engine") ?? api.Engine ?? "";
  const version = versionOf(home.versions, engine, api.EngineVersion);
  const KmsKeyId = api.Encrypted && api.KmsKeyId ? await call.useKey(api.KmsKeyId) : undefined;
  const settings = {
    ...instanceSettings(call, engine, version, { ...api, DBInstanceClass: snapshot.instanceClass }),
    StorageEncrypted: api.Encrypted ?? false,
    ...(KmsKeyId ? { KmsKeyId } : {}),
  };
  const own = form.tags() as Tags;
  const rest = {
    place: region.place,
    tags: own.length > 0 ? own : snapshot.tags,
    master: snapshot.master,
    port: form.number("Port"),
    ms: lasts.restoring,
  };
  const volume = await volumeFrom(call, engine, snapshot);
  return { DBInstance: told(home, bringUp(home, { id, engine, version, settings, volume, ...rest })) };
};

export const RestoreDBClusterFromSnapshot: Action = async (call) => {
  const { form, region, home } = call;
  const id = named("DBClusterIdentifier", form.required("DBClusterIdentifier"), 63);
  const snapshot = findSnapshot(call, clusterFamily, form.required("SnapshotIdentifier"));
  const { api } = snapshot;
  checkUsable(call, snapshot);
  checkClusterName(region, id, home);
  const engine = form.required("Engine");
  if (engine !== api.Engine) throw common.InvalidParameterCombination(`The snapshot is of engine ${api.Engine}, not ${engine}.`);
  const version = versionOf(home.versions, engine, form.text("EngineVersion") ?? api.EngineVersion);
  const wanted = form.text("KmsKeyId") ?? (api.StorageEncrypted ? api.KmsKeyId : undefined);
  const KmsKeyId = wanted ? await call.useKey(wanted) : undefined;
  const settings = {
    ...clusterSettings(call, engine, version, api),
    StorageEncrypted: KmsKeyId !== undefined,
    ...(KmsKeyId ? { KmsKeyId } : {}),
  };
  form.text("DatabaseName");
  const rest = { place: region.place, tags: form.tags() as Tags, master: snapshot.master, port: form.number("Port"), ms: lasts.restoring };
  const volume = await volumeFrom(call, engine, snapshot);
  return { DBCluster: toldCluster(home, await bringUpCluster(home, { id, engine, version, settings, volume, ...rest })) };
};

/** Throws the family's bad state: not available, or shared, encrypted and not copied yet (instances only). */
function checkUsable({ region }: Call, { status, family, id, place, api }: Snapshot): void {
  if (status !== "available") throw family.badState(`Cannot restore from the snapshot ${id}: it is not in the available state.`);
  if (family.kind === "snapshot" && api.Encrypted && place.account !== region.place.account)
    throw family.badState(`Cannot restore from the shared encrypted snapshot ${id}: copy it first.`);
  if (place.region !== region.place.region) throw family.notFound(id);
}

async function volumeFrom({ home }: Call, engine: string, { data }: Snapshot): Promise<Volume | undefined> {
  const volume = volumeFor(home, engine);
  if (volume && data) volume.seed = { data: await home.rack.disk.share(data, "seed"), settings: {} };
  return volume;
}
