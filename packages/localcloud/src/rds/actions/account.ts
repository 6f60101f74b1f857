import { familyOf, isAurora, majorOf } from "../engines.ts";
import { clusterFamily, instanceFamily } from "../family.ts";
import { common } from "../faults.ts";
import type { Action } from "../home.ts";
import { filtered, paged } from "../list.ts";
import { manualSnapshots } from "../quotas.ts";

export const DescribeAccountAttributes: Action = ({ region, home: { quotas } }) => {
  const gigabytes = [...region.instances.values()].reduce((sum, { api }) => sum + (api.AllocatedStorage ?? 0), 0);
  const used: [string, number, number][] = [
    ["DBInstances", region.instances.size, quotas.instances],
    ["AllocatedStorage", gigabytes, 100_000],
    ["ManualSnapshots", manualSnapshots(region, instanceFamily), quotas.manualSnapshots],
    ["DBSubnetGroups", region.subnetGroups.size, 50],
    ["DBParameterGroups", region.parameterGroups.size, 50],
    ["OptionGroups", region.optionGroups.size, 20],
    ["DBClusters", region.clusters.size, quotas.clusters],
    ["DBClusterParameterGroups", region.clusterParameterGroups.size, 50],
    ["ManualClusterSnapshots", manualSnapshots(region, clusterFamily), quotas.manualClusterSnapshots],
  ];
  return { AccountQuotas: used.map(([AccountQuotaName, Used, Max]) => ({ AccountQuotaName, Used, Max })) };
};

export const DescribeDBEngineVersions: Action = ({ form, home }) => {
  const engine = form.text("Engine");
  const version = form.text("EngineVersion");
  const family = form.text("DBParameterGroupFamily");
  const defaultOnly = form.flag("DefaultOnly") ?? false;
  const all = Object.entries(home.versions).flatMap(([Engine, versions]) =>
    versions.map((EngineVersion) => ({
      Engine,
      MajorEngineVersion: majorOf(Engine, EngineVersion),
      EngineVersion,
      DBParameterGroupFamily: familyOf(Engine, EngineVersion),
      DBEngineDescription: Engine,
      DBEngineVersionDescription: `${Engine} ${EngineVersion}`,
      SupportsReadReplica: true,
      SupportsGlobalDatabases: isAurora(Engine),
      Status: "available",
    })),
  );
  const fit = all.filter(
    (one) =>
      (!engine || one.Engine === engine) &&
      (!version || one.EngineVersion === version || one.EngineVersion.startsWith(`${version}.`)) &&
      (!family || one.DBParameterGroupFamily === family) &&
      (!defaultOnly || home.versions[one.Engine]?.at(-1) === one.EngineVersion),
  );
  const kept = filtered(form, fit, { "engine-mode": () => "provisioned", status: ({ Status }) => Status });
  const { page, Marker } = paged(form, kept, ({ Engine, EngineVersion }) => `${Engine} ${EngineVersion}`);
  return { Marker, DBEngineVersions: page };
};

/** The newest general ones, one burstable, and Aurora's serverless. */
const CLASSES = ["db.t4g.micro", "db.t4g.medium", "db.m7g.large", "db.r7g.large"];

export const DescribeOrderableDBInstanceOptions: Action = ({ form, region, home }) => {
  const Engine = form.required("Engine");
  const version = form.text("EngineVersion");
  const wanted = form.text("DBInstanceClass");
  form.flag("Vpc");
  form.text("LicenseModel");
  const versions = home.versions[Engine];
  if (!versions) throw common.InvalidParameterValue(`Invalid DB engine: ${Engine}`);
  const classes = isAurora(Engine) ? [...CLASSES.slice(1), "db.serverless"] : CLASSES;
  const options = versions
    .filter((one) => !version || one === version)
    .flatMap((EngineVersion) =>
      classes
        .filter((one) => !wanted || one === wanted)
        .map((DBInstanceClass) => ({
          Engine,
          EngineVersion,
          DBInstanceClass,
          LicenseModel: "postgresql-license",
          AvailabilityZones: ["a", "b", "c"].map((zone) => ({ Name: `${region.place.region}${zone}` })),
          MultiAZCapable: !isAurora(Engine),
          ReadReplicaCapable: true,
          Vpc: true,
          SupportsStorageEncryption: true,
          StorageType: isAurora(Engine) ? "aurora" : "gp3",
          SupportsIAMDatabaseAuthentication: true,
        })),
    );
  const { page, Marker } = paged(form, options, ({ EngineVersion, DBInstanceClass }) => `${EngineVersion} ${DBInstanceClass}`);
  return { Marker, OrderableDBInstanceOptions: page };
};
