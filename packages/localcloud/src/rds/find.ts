import { common, faults } from "./faults.ts";
import type { Family } from "./family.ts";
import type { Call, Home } from "./home.ts";
import { parseArn } from "./names.ts";
import type { Cluster, Instance, Region, Snapshot } from "./state.ts";

const last = (given: string): string => (parseArn(given)?.name ?? given).toLowerCase();

/** Throws DBInstanceNotFound. */
export function findInstance({ instances }: Region, given: string): Instance {
  const found = instances.get(last(given));
  if (!found) throw faults.DBInstanceNotFound(`DBInstance ${given} not found.`);
  return found;
}

/** Throws DBClusterNotFoundFault. */
export function findCluster({ clusters }: Region, given: string): Cluster {
  const found = clusters.get(last(given));
  if (!found) throw faults.DBClusterNotFoundFault(`DBCluster ${given} not found.`);
  return found;
}

/** A snapshot by identifier or ARN, which may be of another region or, when it is shared, of another account. Throws the family's NotFound. */
export function findSnapshot({ home, region }: Pick<Call, "home" | "region">, family: Family, given: string): Snapshot {
  const at = parseArn(given);
  const { snapshots } = at ? home.estate.region(at) : region;
  const found = snapshots.get(`${family.kind}:${last(given)}`);
  if (!found || (at && at.kind !== family.kind) || !isOpenTo(found, region.place.account)) throw family.notFound(given);
  return found;
}

export function isOpenTo({ place, shared }: Snapshot, account: string): boolean {
  return place.account === account || shared.has(account) || shared.has("all");
}

/** Throws InvalidDBInstanceState. */
export function checkInstanceName({ instances }: Region, id: string, { quotas }: Home): void {
  if (instances.has(id)) throw faults.DBInstanceAlreadyExists("DB instance already exists");
  if (instances.size >= quotas.instances) throw faults.InstanceQuotaExceeded("DB Instance quota exceeded");
}

/** Throws DBClusterAlreadyExistsFault, DBClusterQuotaExceededFault. */
export function checkClusterName({ clusters }: Region, id: string, { quotas }: Home): void {
  if (clusters.has(id)) throw faults.DBClusterAlreadyExistsFault(`DB Cluster already exists`);
  if (clusters.size >= quotas.clusters) throw faults.DBClusterQuotaExceededFault("DB Cluster quota exceeded");
}

/** Throws InvalidParameterCombination when not exactly one of two parameters is given. */
export function exactlyOne(names: readonly [string, string], given: readonly [unknown, unknown]): void {
  const both = given.filter((value) => value !== undefined && value !== false).length;
  if (both !== 1) throw common.InvalidParameterCombination(`Exactly one of ${names[0]} and ${names[1]} must be specified.`);
}
