import { lasts } from "../clock.ts";
import { bringUpCluster } from "../clusters.ts";
import { common, faults } from "../faults.ts";
import { checkClusterName, checkInstanceName, exactlyOne, findCluster, findInstance } from "../find.ts";
import type { Action, Call } from "../home.ts";
import { bringUp, volumeFor } from "../instances.ts";
import { named } from "../names.ts";
import { rewind } from "../rewind.ts";
import { clusterSettings } from "../clustersettings.ts";
import { instanceSettings } from "../settings.ts";
import type { Database } from "../state.ts";
import { restorable, told, toldCluster } from "../tell.ts";
import type { Volume } from "../volume.ts";

type Tags = { Key: string; Value: string }[];

export const RestoreDBInstanceToPointInTime: Action = async (call) => {
  const { form, region, home } = call;
  const id = named("TargetDBInstanceIdentifier", form.required("TargetDBInstanceIdentifier"), 63);
  const source = findInstance(region, form.required("SourceDBInstanceIdentifier"));
  const { api } = source;
  if (api.DBClusterIdentifier)
    throw faults.InvalidDBInstanceState("An instance of a cluster is restored with RestoreDBClusterToPointInTime.");
  const time = wantedTime(call, source, "RestoreTime");
  checkInstanceName(region, id, home);
  const { Engine: engine, EngineVersion: version, StorageEncrypted = false } = api;
  const KmsKeyId = api.KmsKeyId ? await call.useKey(api.KmsKeyId) : undefined;
  const settings = { ...instanceSettings(call, engine, version, api), StorageEncrypted, ...(KmsKeyId ? { KmsKeyId } : {}) };
  const rest = { place: region.place, tags: form.tags() as Tags, master: source.master, port: form.number("Port"), ms: lasts.restoring };
  return { DBInstance: told(home, bringUp(home, { id, engine, version, settings, volume: await backThen(call, source, time), ...rest })) };
};

export const RestoreDBClusterToPointInTime: Action = async (call) => {
  const { form, region, home } = call;
  const id = named("DBClusterIdentifier", form.required("DBClusterIdentifier"), 63);
  const source = findCluster(region, form.required("SourceDBClusterIdentifier"));
  const { api } = source;
  const type = form.text("RestoreType") ?? "full-copy";
  if (type !== "full-copy") throw common.InvalidParameterCombination(`The double restores by full-copy only, not by ${type}.`);
  const time = wantedTime(call, source, "RestoreToTime");
  checkClusterName(region, id, home);
  const { Engine: engine, EngineVersion: version } = api;
  const wanted = form.text("KmsKeyId") ?? api.KmsKeyId;
  const KmsKeyId = wanted ? await call.useKey(wanted) : undefined;
  const settings = {
    ...clusterSettings(call, engine, version, api),
    StorageEncrypted: KmsKeyId !== undefined,
    ...(KmsKeyId ? { KmsKeyId } : {}),
  };
  const rest = { place: region.place, tags: form.tags() as Tags, master: source.master, port: form.number("Port"), ms: lasts.restoring };
  const volume = await backThen(call, source, time);
  return { DBCluster: toldCluster(home, await bringUpCluster(home, { id, engine, version, settings, volume, ...rest })) };
};

/** Undefined: the latest. Throws InvalidParameterCombination, InvalidParameterValue, PointInTimeRestoreNotEnabled. */
function wantedTime({ form, home }: Call, source: Database, parameter: "RestoreTime" | "RestoreToTime"): Date | undefined {
  const time = form.time(parameter);
  exactlyOne([parameter, "UseLatestRestorableTime"], [time, form.flag("UseLatestRestorableTime")]);
  const window = restorable(home, source);
  if (!window)
    throw faults.PointInTimeRestoreNotEnabled("Point in time restore is not enabled: there are no automated backups of the source.");
  if (time && (time < window.earliest || time > window.latest))
    throw common.InvalidParameterValue(
      `The source cannot be restored to a time earlier than ${window.earliest.toISOString()} or later than ${window.latest.toISOString()}.`,
    );
  return time;
}

async function backThen({ home }: Call, { api, volume: source }: Database, time: Date | undefined): Promise<Volume | undefined> {
  const volume = volumeFor(home, api.Engine);
  if (volume && source) volume.seed = await rewind(home.rack, source, time);
  return volume;
}
