import type { DBClusterAutomatedBackup, DBInstanceAutomatedBackup } from "@aws-sdk/client-rds";
import type { Action, Home } from "../home.ts";
import { filtered, paged } from "../list.ts";
import { arn } from "../names.ts";
import type { Cluster, Instance } from "../state.ts";
import { restorable } from "../tell.ts";

/** Automated backups of what is there. Those of what was deleted are not kept here. */
export const DescribeDBInstanceAutomatedBackups: Action = ({ form, region, home }) => {
  const id = form.text("DBInstanceIdentifier")?.toLowerCase();
  const resource = form.text("DbiResourceId");
  const all = [...region.instances.values()].filter(
    ({ api }) => (!id || api.DBInstanceIdentifier === id) && (!resource || api.DbiResourceId === resource),
  );
  const kept = filtered(
    form,
    all.filter((one) => restorable(home, one)),
    {
      "db-instance-id": ({ api }) => api.DBInstanceIdentifier,
      "dbi-resource-id": ({ api }) => api.DbiResourceId,
      status: () => "active",
    },
  );
  const { page, Marker } = paged(form, kept, ({ api }) => api.DBInstanceIdentifier);
  return { Marker, DBInstanceAutomatedBackups: page.map((one) => ofInstance(home, one)) };
};

export const DescribeDBClusterAutomatedBackups: Action = ({ form, region, home }) => {
  const id = form.text("DBClusterIdentifier")?.toLowerCase();
  const resource = form.text("DbClusterResourceId");
  const all = [...region.clusters.values()].filter(
    ({ api }) => (!id || api.DBClusterIdentifier === id) && (!resource || api.DbClusterResourceId === resource),
  );
  const kept = filtered(
    form,
    all.filter((one) => restorable(home, one)),
    {
      "db-cluster-id": ({ api }) => api.DBClusterIdentifier,
      "db-cluster-resource-id": ({ api }) => api.DbClusterResourceId,
      status: () => "active",
    },
  );
  const { page, Marker } = paged(form, kept, ({ api }) => api.DBClusterIdentifier);
  return { Marker, DBClusterAutomatedBackups: page.map((one) => ofCluster(home, one)) };
};

function windowOf(home: Home, of: Instance | Cluster) {
  const window = restorable(home, of);
  return window ? { RestoreWindow: { EarliestTime: window.earliest, LatestTime: window.latest } } : {};
}

function ofInstance(home: Home, instance: Instance): DBInstanceAutomatedBackup {
  const { api, place } = instance;
  const { DBInstanceArn, DBInstanceIdentifier, DbiResourceId, AllocatedStorage, AvailabilityZone, InstanceCreateTime, MasterUsername } =
    api;
  const { Engine, EngineVersion, LicenseModel, StorageType, KmsKeyId, IAMDatabaseAuthenticationEnabled, BackupRetentionPeriod, TagList } =
    api;
  return {
    ...{ DBInstanceArn, DBInstanceIdentifier, DbiResourceId, AllocatedStorage, AvailabilityZone, InstanceCreateTime, MasterUsername },
    ...{ Engine, EngineVersion, LicenseModel, StorageType, KmsKeyId, IAMDatabaseAuthenticationEnabled, BackupRetentionPeriod, TagList },
    ...windowOf(home, instance),
    Region: place.region,
    Status: "active",
    Port: api.Endpoint?.Port,
    Encrypted: api.StorageEncrypted,
    DBInstanceAutomatedBackupsArn: arn(place, "auto-backup", `ab-${DbiResourceId.slice(3).toLowerCase()}`),
  };
}

function ofCluster(home: Home, cluster: Cluster): DBClusterAutomatedBackup {
  const { api, place } = cluster;
  const { DBClusterArn, DBClusterIdentifier, DbClusterResourceId, ClusterCreateTime, MasterUsername, Engine, EngineVersion, EngineMode } =
    api;
  const { StorageEncrypted, KmsKeyId, IAMDatabaseAuthenticationEnabled, BackupRetentionPeriod, Port, TagList } = api;
  return {
    ...{ DBClusterArn, DBClusterIdentifier, DbClusterResourceId, ClusterCreateTime, MasterUsername, Engine, EngineVersion, EngineMode },
    ...{ StorageEncrypted, KmsKeyId, IAMDatabaseAuthenticationEnabled, BackupRetentionPeriod, Port, TagList },
    ...windowOf(home, cluster),
    Region: place.region,
    Status: "active",
    DBClusterAutomatedBackupsArn: arn(place, "cluster-auto-backup", `ab-${DbClusterResourceId.slice(8).toLowerCase()}`),
  };
}
