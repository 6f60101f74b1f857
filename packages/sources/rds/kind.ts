/**
 * @module @holdfast/sources/rds
 * DB instances of RDS: manual snapshots on schedule with all that a faithful restore needs, restores under new identifiers, also to a time.
 *
 * This file is pure; `capture.ts`, `read.ts` and `restore.ts` hold the verbs, made of what instances and clusters have in common. A snapshot's
 * tags are all the state there is. Snapshots stay inside AWS and are not immutable.
 */
import type { Kind, Needs, Verb } from "@holdfast/core";
import { cautionsOf } from "./cautions.ts";
import { type Config, config, type Target, target } from "./config.ts";
import { bringDump } from "./dump.ts";
import { type Native, native } from "./native.ts";
import { type Names, needsOfPruningReplicas, needsOfReplicate, replicatesTo } from "./replicas.ts";
import { allow, ifOwn, ifUnderWay, toMake } from "./rights.ts";

const rds = (resource: string) => `arn:aws:rds:{region}:{account}:${resource}`;
/** Also of another account, which has to allow it too. */
const ANY_KEY = "arn:aws:kms:{region}:*:key/*";
const GROUPS = [rds("subgrp:*"), rds("pg:*"), rds("og:*")];

/** Names of its snapshots as IAM matches them: a slot at the end, so that `shop` is not `shop-eu` too. */
const snapshotsOf = (instance: string, prefix: string) => rds(`snapshot:${prefix}-${instance}-????????t??????z*`);

function needsOfCapture({ instance, key, network }: Config): Needs {
  const [db, own, raw] = [rds(`db:${instance}`), snapshotsOf(instance, "holdfast"), snapshotsOf(instance, "holdfastraw")];
  return {
    secrets: [],
    layers: [],
    vpc: network,
    allow: [
      allow("rds:DescribeDBInstances", db),
      allow("rds:DescribeDBSnapshots", db, rds("snapshot:*")),
      allow("rds:CreateDBSnapshot", db, own, raw),
      allow("rds:AddTagsToResource", own, raw),
      allow("rds:CopyDBSnapshot", rds(`snapshot:rds:${instance}-*`), own, raw),
      // What was encrypted anew is not needed twice. Nothing else that a backup made can be deleted by whoever makes backups.
      allow("rds:DeleteDBSnapshot", raw),
      ...(key ? [allow("kms:CreateGrant", key)] : []),
      allow("rds:DescribeAccountAttributes", "*"),
      allow("kms:DescribeKey", ANY_KEY),
    ],
  };
}

const namesOf = ({ instance }: Config): Names => ({
  item: "DBSnapshot",
  own: snapshotsOf(instance, "holdfast"),
  of: rds(`db:${instance}`),
  all: rds("snapshot:*"),
});

/** It makes nothing, and needs no key to let go of what is under one. */
const needsOfPrune = (config: Config): Needs => ({
  secrets: [],
  layers: [],
  allow: [
    allow("rds:DescribeDBSnapshots", rds(`db:${config.instance}`), rds("snapshot:*")),
    ifOwn(allow("rds:DeleteDBSnapshot", snapshotsOf(config.instance, "holdfast"), snapshotsOf(config.instance, "holdfastraw"))),
    ...needsOfPruningReplicas(namesOf(config), config),
  ],
});

const needsOfRead: Needs = {
  secrets: [],
  layers: [],
  allow: [allow("rds:DescribeDBSnapshots", rds("snapshot:holdfast-*")), allow("kms:DescribeKey", ANY_KEY)],
};

function needsOfRestore({ names, key = ANY_KEY, connection, iam, network }: Target): Needs {
  const made = rds(`db:${names}*`);
  return {
    secrets: connection ? [connection] : [],
    layers: connection || iam ? ["postgres"] : [],
    vpc: network,
    allow: [
      allow("rds:RestoreDBInstanceFromDBSnapshot", made, rds("snapshot:holdfast-*"), ...GROUPS),
      allow("rds:RestoreDBInstanceToPointInTime", rds("db:*"), ...GROUPS),
      toMake(made),
      ifUnderWay(allow("rds:AddTagsToResource rds:RemoveTagsFromResource rds:ModifyDBInstance rds:DeleteDBInstance", made)),
      allow("rds:DescribeDBInstances rds:DescribeDBInstanceAutomatedBackups", rds("db:*"), rds("auto-backup:*")),
      allow("rds:DescribeDBSnapshots", rds("snapshot:holdfast-*")),
      allow("rds:DescribeDBSubnetGroups rds:DescribeDBParameterGroups rds:DescribeOptionGroups", ...GROUPS),
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

export const rdsKind: Kind<Config, Native, Target> = {
  name: "rds",
  config,
  native,
  target,
  verified: ["present"],
  moments: true,
  portable: false,
  needs,
  keeps: ({ snapshots }) => snapshots,
  // Besides those that it keeps: the newest restored one, the next one before the oldest goes, and the one that is encrypted anew on its way to that.
  occupies: ({ snapshots, key }) => ({ ManualSnapshots: snapshots + (key ? 3 : 2) }),
  // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
  quotas: { ManualSnapshots: { usual: 100, code: "L-272F1212" } },
  expand: (name, config) => bringDump(name, config, { instance: config.instance }),
  cautions: cautionsOf,
  replicatesTo,
  looksUp: ({ instance }) => ({ instance }),
  hints: ({ instance }) => [
    {
      source: ["aws.rds"],
      "detail-type": ["RDS DB Snapshot Event"],
      // A manual snapshot was made, a copy within the region was finished.
      detail: {
        EventID: ["RDS-EVENT-0042", "RDS-EVENT-0197"],
        SourceIdentifier: [{ prefix: `holdfast-${instance}-` }, { prefix: `holdfastraw-${instance}-` }],
      },
    },
  ],
  undrilled: (_config, targets) =>
    targets.length > 0 ? undefined : "the plan has no target of kind rds, so its snapshots are described and never restored",
  sealedBy: ({ snapshot: { key } }) => (key === undefined ? undefined : { key, withoutAws: "no" }),
};

/** The name under which generated entries import it. */
export { rdsKind as kind };
