import type { DBCluster, DBClusterSnapshot, DBInstance, DBSnapshot } from "@aws-sdk/client-rds";
import { lasts } from "./clock.ts";
import type { Home } from "./home.ts";
import { arn } from "./names.ts";
import type { Cluster, Database, Instance, Snapshot } from "./state.ts";

/** What the API tells of an instance now. */
export function told(home: Home, instance: Instance): DBInstance {
  const LatestRestorableTime = restorable(home, instance)?.latest;
  return { ...instance.api, ...(LatestRestorableTime ? { LatestRestorableTime } : {}) };
}

export function toldCluster(home: Home, cluster: Cluster): DBCluster {
  const window = restorable(home, cluster);
  const times = window ? { EarliestRestorableTime: window.earliest, LatestRestorableTime: window.latest } : {};
  return { ...cluster.api, ...times };
}

/** Times that an instance or a cluster can be taken back to. None before its first base backup. */
export function restorable({ clock }: Home, { volume, api }: Database): { earliest: Date; latest: Date } | undefined {
  const first = volume?.bases[0]?.at;
  if (!first || !api.BackupRetentionPeriod) return undefined;
  const latest = new Date(clock.now().getTime() - clock.real(lasts.shippingLogs));
  return { earliest: first, latest: latest < first ? first : latest };
}

/** What the API tells of a snapshot now. */
export function toldSnapshot(snapshot: Snapshot): DBSnapshot | DBClusterSnapshot {
  const { family, id, of, type, status, place, tags, api } = snapshot;
  return {
    ...api,
    [family.id]: id,
    [family.owner]: of.id,
    [family.ownerResource]: of.resource,
    [`${family.item}Arn`]: arn(place, family.kind, id),
    SnapshotType: type,
    Status: status,
    PercentProgress: status === "available" ? 100 : 0,
    TagList: tags,
  };
}
