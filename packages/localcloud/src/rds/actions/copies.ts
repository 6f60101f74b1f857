import { lasts } from "../clock.ts";
import { isAurora } from "../engines.ts";
import { clusterFamily, type Family, instanceFamily } from "../family.ts";
import { common, faults } from "../faults.ts";
import { findSnapshot } from "../find.ts";
import { findOptionGroup } from "../groups.ts";
import { type Action, begin, type Call } from "../home.ts";
import { named } from "../names.ts";
import { checkCopies, checkManual } from "../quotas.ts";
import type { Snapshot } from "../state.ts";
import { toldSnapshot } from "../tell.ts";

export const CopyDBSnapshot: Action = (call) => copy(call, instanceFamily);
export const CopyDBClusterSnapshot: Action = (call) => copy(call, clusterFamily);

async function copy(call: Call, family: Family): Promise<object> {
  const { home, form, region } = call;
  const source = findSnapshot(call, family, form.required(family.source));
  const id = named(family.target, form.required(family.target), family.longest);
  const key = await keyOfCopy(call, source);
  if (region.snapshots.has(`${family.kind}:${id}`)) throw family.alreadyExists(id);
  if (source.status !== "available") throw family.badState(`Cannot copy the snapshot ${source.id}: it is not in the available state.`);
  checkManual(region, family, home.quotas);
  checkCopies(region, family, home.quotas);
  const snapshot = recorded(call, family, source, id, key);
  region.snapshots.set(`${family.kind}:${id}`, snapshot);
  tellCopy(call, snapshot, "started");
  begin(home, {
    thing: snapshot,
    ms: lasts.copying,
    async work() {
      if (source.data) snapshot.data = await home.rack.disk.share(source.data, "data");
    },
    done() {
      snapshot.status = "available";
      snapshot.copying = false;
      tellCopy(call, snapshot, "finished");
    },
    failed() {
      snapshot.status = "failed";
      snapshot.copying = false;
    },
  });
  return { [family.item]: toldSnapshot(snapshot) };
}

/** The key of the copy. Throws KMSKeyNotAccessibleFault, InvalidParameterCombination, InvalidParameterValue. */
async function keyOfCopy(call: Call, { family, place, api }: Snapshot): Promise<string | undefined> {
  const { form, home, region } = call;
  const wanted = form.text("KmsKeyId");
  const encrypted = (family.kind === "snapshot" ? api.Encrypted : api.StorageEncrypted) ?? false;
  const crosses = place.region !== region.place.region;
  const url = form.text("PreSignedUrl");
  if (family.kind === "cluster-snapshot" && !isAurora(api.Engine ?? ""))
    throw common.InvalidParameterCombination("Multi-AZ DB cluster snapshots cannot be copied.");
  if (family.kind === "cluster-snapshot" && wanted && !encrypted)
    throw common.InvalidParameterCombination(
      "An unencrypted DB cluster snapshot cannot be encrypted by copying it: restore it with a key instead.",
    );
  if (crosses && encrypted && !url)
    throw common.InvalidParameterCombination("PreSignedUrl must be specified to copy an encrypted snapshot across regions.");
  if (crosses && encrypted && !wanted)
    throw common.InvalidParameterCombination("KmsKeyId must be specified to copy an encrypted snapshot across regions.");
  const key = wanted ?? (encrypted ? api.KmsKeyId : undefined);
  // What AWS's own key encrypts cannot be read by another account, whoever it is shared with.
  if (encrypted && place.account !== region.place.account && api.KmsKeyId === (await home.keys.managed(place)))
    throw faults.KMSKeyNotAccessibleFault(
      `The source snapshot KMS key [${api.KmsKeyId}] does not exist, is not enabled or you do not have permissions to access it.`,
    );
  if (encrypted && api.KmsKeyId) await call.useKey(api.KmsKeyId, place);
  return key === undefined ? undefined : await call.useKey(key);
}

function recorded({ home, form, region }: Call, family: Family, source: Snapshot, id: string, key: string | undefined): Snapshot {
  const carried = form.flag("CopyTags") ? source.tags : [];
  const own = form.tags() as Snapshot["tags"];
  const option = form.text("OptionGroupName");
  const arn = toldSnapshot(source) as Record<string, unknown>;
  return {
    ...source,
    turn: 0,
    place: region.place,
    id,
    type: "manual",
    status: family.kind === "snapshot" && source.place.region === region.place.region ? "creating" : "copying",
    copying: true,
    api: {
      ...source.api,
      SnapshotCreateTime: home.clock.now(),
      ...(family.kind === "snapshot"
        ? { SourceRegion: source.place.region, Encrypted: key !== undefined }
        : { StorageEncrypted: key !== undefined }),
      [`Source${family.item}${family.kind === "snapshot" ? "Identifier" : "Arn"}`]: arn[`${family.item}Arn`],
      ...(key ? { KmsKeyId: key } : {}),
      ...(option ? { OptionGroupName: findOptionGroup(region, option) } : {}),
    },
    tags: own.length > 0 ? own : carried,
    data: undefined,
    shared: new Set(),
  };
}

const EVENTS = {
  local: { started: "RDS-EVENT-0196", finished: "RDS-EVENT-0197" },
  across: { started: "RDS-EVENT-0059", finished: "RDS-EVENT-0060" },
} as const;

/** Copies of cluster snapshots have no event. */
function tellCopy({ home }: Call, { family, place, id, tags, api }: Snapshot, what: "started" | "finished"): void {
  if (family.kind !== "snapshot") return;
  const across = api.SourceRegion !== place.region;
  home.events.tell({
    id: EVENTS[across ? "across" : "local"][what],
    type: family.event.type,
    source: family.event.source,
    categories: ["notification"],
    message: across
      ? `${what === "started" ? "Started" : "Finished"} copy of snapshot from region ${api.SourceRegion}`
      : `${what === "started" ? "Started" : "Finished"} copy of snapshot in region ${place.region}`,
    place,
    kind: family.kind,
    name: id,
    tags,
  });
}
