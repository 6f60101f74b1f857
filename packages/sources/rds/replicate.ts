import { ModifyDBSnapshotAttributeCommand } from "@aws-sdk/client-rds";
import type { ReplicateFactory } from "@holdfast/core";
import { openApi } from "./api.ts";
import type { Config } from "./config.ts";
import { instances } from "./instances.ts";
import type { Native } from "./native.ts";
import { openAway } from "./replicaplaces.ts";
import { type Copyable, replicating } from "./replicating.ts";

const copyable: Copyable = {
  snapshots: instances,
  uncopyable: () => undefined,
  sized: true,
  async share(api, id, account) {
    const command = new ModifyDBSnapshotAttributeCommand({ DBSnapshotIdentifier: id, AttributeName: "restore", ValuesToAdd: [account] });
    await api.rds(`sharing the snapshot ${id} with ${account}`, (client, options) => client.send(command, options));
  },
};

/** Copies snapshots of one instance to other regions and accounts. */
export const replicate: ReplicateFactory<Config, Native> = ({ replicas }, surroundings) =>
  replicating({
    ...copyable,
    project: surroundings.project,
    replicas,
    home: openApi(surroundings),
    away: (replica) => openAway(replica, surroundings),
  });
