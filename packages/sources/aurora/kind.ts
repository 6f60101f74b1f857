/**
 * @module @holdfast/sources/aurora
 * Clusters of Aurora, and Multi-AZ DB clusters: as kind `rds`, whose code it shares, with a cluster's instances recorded and restored too.
 */
import type { Kind, Needs, Verb } from "@holdfast/core";
import { cautionsOf } from "../rds/cautions.ts";
import { bringDump } from "../rds/dump.ts";
import { type Names, needsOfPruningReplicas, needsOfReplicate, replicatesTo } from "../rds/replicas.ts";
import { allow, ifOwn, ifUnderWay, toMake } from "../rds/rights.ts";
import { type Config, config, type Target, target } from "./config.ts";
import { type Native, native } from "./native.ts";

const rds = (resource: string) => `arn:aws:rds:{region}:{account}:${resource}`;
/** Also of another account, which has to allow it too. */
const ANY_KEY = "arn:aws:kms:{region}:*:key/*";
const GROUPS = [rds("subgrp:*"), rds("pg:*"), rds("cluster-pg:*"), rds("og:*")];

/** Longer identifiers are shortened in names of snapshots, to which a hyphen and six digits are added. */
const LONGEST = 32;
const KEPT = 25;
function snapshotsOf(cluster: string, prefix: string): string {
  const called = cluster.length <= LONGEST ? cluster : `${cluster.slice(0, KEPT).replace(/-$/, "")}-??????`;
  return rds(`cluster-snapshot:${prefix}-${called}-????????t??????z*`);
}

function needsOfCapture({ cluster, key, network }: Config): Needs {
  const [own, final, raw] = [rds(`cluster:${cluster}`), snapshotsOf(cluster, "holdfast"), snapshotsOf(cluster, "holdfastraw")];
  return {
    secrets: [],
    layers: [],
    vpc: network,
    allow: [
      allow("rds:DescribeDBClusters", own),
      // The instances of a cluster are found by a filter, which IAM does not see.
      allow("rds:DescribeDBInstances", rds("db:*")),
      allow("rds:DescribeDBClusterSnapshots", own, rds("cluster-snapshot:*")),
      allow("rds:CreateDBClusterSnapshot", own, final, raw),
      allow("rds:AddTagsToResource", final, raw),
      allow("rds:CopyDBClusterSnapshot", rds(`cluster-snapshot:rds:${cluster}-*`), final, raw),
      allow("rds:DeleteDBClusterSnapshot", raw),
      ...(key ? [allow("kms:CreateGrant", key)] : []),
      allow("rds:DescribeAccountAttributes", "*"),
      allow("kms:DescribeKey", ANY_KEY),
    ],
  };
}

const namesOf = ({ cluster }: Config): Names => ({
  item: "DBClusterSnapshot",
  own: snapshotsOf(cluster, "holdfast"),
  of: rds(`cluster:${cluster}`),
  all: rds("cluster-snapshot:*"),
});

/** It makes nothing, and needs no key to let go of what is under one. */
const needsOfPrune = (config: Config): Needs => ({
  secrets: [],
  layers: [],
  allow: [
    allow("rds:DescribeDBClusterSnapshots", rds(`cluster:${config.cluster}`), rds("cluster-snapshot:*")),
    ifOwn(allow("rds:DeleteDBClusterSnapshot", snapshotsOf(config.cluster, "holdfast"), snapshotsOf(config.cluster, "holdfastraw"))),
    ...needsOfPruningReplicas(namesOf(config), config),
  ],
});

const needsOfRead: Needs = {
  secrets: [],
  layers: [],
  allow: [allow("rds:DescribeDBClusterSnapshots", rds("cluster-snapshot:holdfast-*")), allow("kms:DescribeKey", ANY_KEY)],
};

function needsOfRestore({ names, key = ANY_KEY, connection, iam, network }: Target): Needs {
  const made = [rds(`cluster:${names}*`), rds(`db:${names}*`)];
  return {
    secrets: connection ? [connection] : [],
    layers: connection || iam ? ["postgres"] : [],
    vpc: network,
    allow: [
      allow("rds:RestoreDBClusterFromSnapshot", rds(`cluster:${names}*`), rds("cluster-snapshot:holdfast-*"), ...GROUPS),
      allow("rds:RestoreDBClusterToPointInTime", rds("cluster:*"), ...GROUPS),
      allow("rds:CreateDBInstance", rds(`db:${names}*`), ...GROUPS),
      toMake(...made),
      ifUnderWay(allow("rds:CreateDBInstance rds:ModifyDBCluster rds:DeleteDBCluster", rds(`cluster:${names}*`))),
      ifUnderWay(allow("rds:AddTagsToResource rds:RemoveTagsFromResource", ...made)),
      ifUnderWay(allow("rds:DeleteDBInstance", rds(`db:${names}*`))),
      allow("rds:DescribeDBClusters rds:DescribeDBInstances", rds("cluster:*"), rds("db:*")),
      allow("rds:DescribeDBClusterSnapshots", rds("cluster-snapshot:holdfast-*")),
      allow("rds:DescribeDBSubnetGroups rds:DescribeDBParameterGroups rds:DescribeDBClusterParameterGroups", ...GROUPS),
      allow("rds:DescribeDBEngineVersions rds:DescribeOrderableDBInstanceOptions rds:DescribeAccountAttributes", "*"),
      allow("kms:DescribeKey kms:CreateGrant", key),
      // The id of what a restore will make is not known before, so any database that has this role lets it in.
      ...(iam ? [allow("rds-db:connect", `arn:aws:rds-db:{region}:{account}:dbuser:*/${iam.user}`)] : []),
    ],
  };
}

function needs(verb: Verb, where?: Config | Target): Needs {
  if (verb === "capture") return needsOfCapture(where as Config);
  if (verb === "prune") return needsOfPrune(where as Config);
  if (verb === "replicate") return needsOfReplicate(namesOf(where as Config), where as Config);
  return verb === "restore" ? needsOfRestore(where as Target) : needsOfRead;
}

export const aurora: Kind<Config, Native, Target> = {
  name: "aurora",
  config,
  native,
  target,
  verified: ["present"],
  moments: true,
  portable: false,
  needs,
  keeps: ({ snapshots }) => snapshots,
  // Besides those that it keeps: the newest restored one, the next one before the oldest goes, and the one that is encrypted anew on its way to that.
  occupies: ({ snapshots, key }) => ({ ManualClusterSnapshots: snapshots + (key ? 3 : 2) }),
  // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
  quotas: { ManualClusterSnapshots: { usual: 100, code: "L-9B510759" } },
  expand: (name, config) => bringDump(name, config, { cluster: config.cluster }),
  cautions: cautionsOf,
  replicatesTo,
  looksUp: ({ cluster }) => ({ cluster }),
  hints: ({ cluster }) => [
    {
      source: ["aws.rds"],
      "detail-type": ["RDS DB Cluster Snapshot Event"],
      // A manual snapshot was made. Copies of a cluster's snapshots have no event at all.
      detail: {
        EventID: ["RDS-EVENT-0075"],
        SourceIdentifier: [{ prefix: `holdfast-${cluster.slice(0, KEPT)}` }, { prefix: `holdfastraw-${cluster.slice(0, KEPT)}` }],
      },
    },
  ],
  undrilled: (_config, targets) =>
    targets.length > 0 ? undefined : "the plan has no target of kind aurora, so its snapshots are described and never restored",
  sealedBy: ({ snapshot: { key } }) => (key === undefined ? undefined : { key, withoutAws: "no" }),
};

/** The name under which generated entries import it. */
export { aurora as kind };
