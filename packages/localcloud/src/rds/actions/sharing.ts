import { clusterFamily, type Family, instanceFamily } from "../family.ts";
import { common, faults } from "../faults.ts";
import { findSnapshot } from "../find.ts";
import type { Action, Call } from "../home.ts";
import type { Snapshot } from "../state.ts";

export const ModifyDBSnapshotAttribute: Action = (call) => modify(call, instanceFamily);
export const ModifyDBClusterSnapshotAttribute: Action = (call) => modify(call, clusterFamily);
export const DescribeDBSnapshotAttributes: Action = (call) => describe(call, instanceFamily);
export const DescribeDBClusterSnapshotAttributes: Action = (call) => describe(call, clusterFamily);

function own({ home, form, region }: Call, family: Family): Snapshot {
  const snapshot = findSnapshot({ home, region }, family, form.required(family.id));
  if (snapshot.place.account !== region.place.account) throw family.notFound(snapshot.id);
  return snapshot;
}

function describe(call: Call, family: Family): object {
  return result(own(call, family));
}

async function modify(call: Call, family: Family): Promise<object> {
  const { form, home } = call;
  const snapshot = own(call, family);
  const name = form.required("AttributeName");
  if (name !== "restore") throw common.InvalidParameterValue(`Invalid AttributeName: ${name}`);
  const add = form.texts("ValuesToAdd", "AttributeValue") ?? [];
  const remove = form.texts("ValuesToRemove", "AttributeValue") ?? [];
  if (snapshot.type !== "manual") throw family.badState("Only manual snapshots can be shared: copy the automated one first.");
  await checkSharable(call, snapshot, add);
  const after = new Set([...snapshot.shared, ...add].filter((account) => !remove.includes(account)));
  if (after.size > home.quotas.shares)
    throw faults.SharedSnapshotQuotaExceeded(`A snapshot cannot be shared with more than ${home.quotas.shares} accounts.`);
  snapshot.shared = after;
  return result(snapshot);
}

/** Throws InvalidParameterValue, the family's bad state. */
async function checkSharable({ home }: Call, { family, place, api }: Snapshot, add: readonly string[]): Promise<void> {
  const wrong = add.find((value) => value !== "all" && !/^\d{12}$/.test(value));
  if (wrong) throw common.InvalidParameterValue(`Invalid account: ${wrong}`);
  if (add.length > 0 && api.KmsKeyId === (await home.keys.managed(place)))
    throw family.badState("Cannot share a snapshot that is encrypted with the default service key for RDS.");
  if (add.includes("all") && api.KmsKeyId) throw family.badState("An encrypted snapshot cannot be made public.");
}

function result({ family, id, shared }: Snapshot): object {
  const attributes = [{ AttributeName: "restore", AttributeValues: [...shared].toSorted() }];
  return { [`${family.item}AttributesResult`]: { [family.id]: id, [`${family.item}Attributes`]: attributes } };
}
