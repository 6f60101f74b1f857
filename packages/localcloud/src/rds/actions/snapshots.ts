import { clusterFamily, type Family, instanceFamily } from "../family.ts";
import { common } from "../faults.ts";
import { findCluster, findInstance, findSnapshot, isOpenTo } from "../find.ts";
import type { Action, Call } from "../home.ts";
import { filtered, paged } from "../list.ts";
import { arn, parseArn } from "../names.ts";
import { takeSnapshot } from "../snapshots.ts";
import type { Snapshot } from "../state.ts";
import { toldSnapshot } from "../tell.ts";

export const CreateDBSnapshot: Action = ({ form, region, home }) => {
  const id = form.required("DBSnapshotIdentifier");
  const instance = findInstance(region, form.required("DBInstanceIdentifier"));
  // https://github.com/cloud-custodian/cloud-custodian/issues/313
  if (instance.api.DBClusterIdentifier)
    throw common.InvalidParameterValue(
      "The specified instance is a member of a cluster and a snapshot cannot be created directly. Please use the CreateDBClusterSnapshot API instead.",
    );
  const { snapshot } = takeSnapshot({ home, region }, instanceFamily, instance, id, form.tags() as Snapshot["tags"]);
  return { DBSnapshot: toldSnapshot(snapshot) };
};

export const CreateDBClusterSnapshot: Action = ({ form, region, home }) => {
  const id = form.required("DBClusterSnapshotIdentifier");
  const cluster = findCluster(region, form.required("DBClusterIdentifier"));
  const { snapshot } = takeSnapshot({ home, region }, clusterFamily, cluster, id, form.tags() as Snapshot["tags"]);
  return { DBClusterSnapshot: toldSnapshot(snapshot) };
};

export const DescribeDBSnapshots: Action = (call) => describe(call, instanceFamily, "DBSnapshots");
export const DescribeDBClusterSnapshots: Action = (call) => describe(call, clusterFamily, "DBClusterSnapshots");

function describe({ home, form, region }: Call, family: Family, list: string): object {
  const id = form.text(family.id);
  const owner = form.text(family.owner);
  const resource = form.text(family.ownerResource);
  const types = typesWanted(form);
  const found = id === undefined ? visible({ home, region }, family, types) : [findSnapshot({ home, region }, family, id)];
  const ofType = types.has("any") ? found : found.filter((snapshot) => types.has(snapshot.type) || !isOwn(snapshot, region));
  const ofOwner = ofType.filter(
    ({ of }) => (owner === undefined || of.id === lastOf(owner)) && (resource === undefined || of.resource === resource),
  );
  const kept = filtered(form, ofOwner, {
    [family.ownerFilter]: ({ of }) => of.id,
    [family.idFilter]: (snapshot) => snapshot.id,
    [family.kind === "snapshot" ? "dbi-resource-id" : "db-cluster-resource-id"]: ({ of }) => of.resource,
    "snapshot-type": ({ type }) => type,
    engine: ({ api }) => api.Engine,
  });
  const { page, Marker } = paged(form, kept, (snapshot) => arn(snapshot.place, family.kind, snapshot.id));
  return { Marker, [list]: page.map(toldSnapshot) };
}

const lastOf = (owner: string): string => (parseArn(owner)?.name ?? owner).toLowerCase();
const isOwn = ({ place }: Snapshot, region: Call["region"]): boolean => place.account === region.place.account;

const TYPES = ["automated", "manual", "shared", "public", "awsbackup"];

/** Which types are asked for; `any` when one's own are not narrowed. Throws InvalidParameterValue. */
function typesWanted(form: Call["form"]): Set<string> {
  const type = form.text("SnapshotType")?.toLowerCase();
  const shared = form.flag("IncludeShared") ? ["shared"] : [];
  const open = form.flag("IncludePublic") ? ["public"] : [];
  if (type !== undefined && !TYPES.includes(type)) throw common.InvalidParameterValue(`Unrecognized snapshot type: ${type}`);
  return new Set([type ?? "any", ...shared, ...open]);
}

/** One's own, and of other accounts what is shared with us when that is asked for. */
function visible({ home, region }: Pick<Call, "home" | "region">, family: Family, types: ReadonlySet<string>): Snapshot[] {
  const own = types.has("shared") && types.size === 1 ? [] : [...region.snapshots.values()];
  const foreign = home.estate
    .all()
    .filter(({ place }) => place.region === region.place.region && place.account !== region.place.account)
    .flatMap(({ snapshots }) => [...snapshots.values()])
    .filter(({ shared }) => (types.has("shared") && shared.has(region.place.account)) || (types.has("public") && shared.has("all")));
  return [...own, ...foreign].filter((snapshot) => snapshot.family.kind === family.kind && isOpenTo(snapshot, region.place.account));
}

export const DeleteDBSnapshot: Action = (call) => remove(call, instanceFamily);
export const DeleteDBClusterSnapshot: Action = (call) => remove(call, clusterFamily);

function remove({ home, form, region }: Call, family: Family): object {
  const snapshot = findSnapshot({ home, region }, family, form.required(family.id));
  if (!isOwn(snapshot, region)) throw family.notFound(snapshot.id);
  if (snapshot.type !== "manual")
    throw family.badState(`The snapshot ${snapshot.id} is not a manual snapshot: only manual snapshots may be deleted.`);
  if (snapshot.status !== "available" && snapshot.status !== "failed")
    throw family.badState(`Cannot delete the snapshot because it is not currently in the available or failed state.`);
  snapshot.turn += 1;
  region.snapshots.delete(`${family.kind}:${snapshot.id}`);
  if (snapshot.data) home.rack.disk.remove(snapshot.data);
  if (family.kind === "snapshot") tellDeleted({ home }, snapshot);
  return { [family.item]: { ...toldSnapshot(snapshot), Status: "deleted" } };
}

/** Clusters have no event for it. */
function tellDeleted({ home }: Pick<Call, "home">, { place, id, tags, family }: Snapshot): void {
  const what = {
    id: "RDS-EVENT-0041",
    type: family.event.type,
    source: family.event.source,
    categories: ["deletion"],
    message: "Deleted manual snapshot",
  };
  home.events.tell({ ...what, place, kind: family.kind, name: id, tags });
}
