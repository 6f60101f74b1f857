import { clusterFamily, instanceFamily } from "../family.ts";
import { common } from "../faults.ts";
import { findCluster, findInstance, findSnapshot } from "../find.ts";
import type { Action, Call } from "../home.ts";
import { parseArn } from "../names.ts";
import type { Database, Snapshot } from "../state.ts";

type Tags = { Key: string; Value: string }[];
/** Where the tags of a resource are kept. */
type Tagged = { read(): Tags; write(tags: Tags): void };

export const ListTagsForResource: Action = (call) => {
  call.form.filters();
  return { TagList: tagged(call).read() };
};

export const AddTagsToResource: Action = (call) => {
  const { read, write } = tagged(call);
  const added = call.form.tags() as Tags;
  const names = new Set(added.map(({ Key }) => Key));
  write([...read().filter(({ Key }) => !names.has(Key)), ...added]);
  return {};
};

export const RemoveTagsFromResource: Action = (call) => {
  const { read, write } = tagged(call);
  const gone = new Set(call.form.texts("TagKeys", "member"));
  write(read().filter(({ Key }) => !gone.has(Key)));
  return {};
};

function tagged(call: Call): Tagged {
  const name = call.form.required("ResourceName");
  const at = parseArn(name);
  if (!at) throw common.InvalidParameterValue(`Invalid resource name: ${name}`);
  const region = call.home.estate.region(at);
  if (at.kind === "db") return ofDatabase(findInstance(region, at.name).api);
  if (at.kind === "cluster") return ofDatabase(findCluster(region, at.name).api);
  if (at.kind === "snapshot") return ofSnapshot(findSnapshot(call, instanceFamily, name));
  if (at.kind === "cluster-snapshot") return ofSnapshot(findSnapshot(call, clusterFamily, name));
  return { read: () => region.groupTags.get(name) ?? [], write: (tags) => region.groupTags.set(name, tags) };
}

function ofDatabase(api: Database["api"]): Tagged {
  return {
    read: () => api.TagList as Tags,
    write(tags) {
      api.TagList = tags;
    },
  };
}

function ofSnapshot(snapshot: Snapshot): Tagged {
  return {
    read: () => snapshot.tags,
    write(tags) {
      snapshot.tags = tags;
    },
  };
}
