import { ModifyDBClusterSnapshotAttributeCommand } from "@aws-sdk/client-rds";
import type { ReplicateFactory } from "@holdfast/core";
import { openApi } from "../rds/api.ts";
import { openAway } from "../rds/replicaplaces.ts";
import { type Copyable, replicating } from "../rds/replicating.ts";
import { clusters } from "./clusters.ts";
import type { Config } from "./config.ts";
import type { Native } from "./native.ts";
import { isMultiAz } from "./settings.ts";

const copyable: Copyable = {
  snapshots: clusters,
  uncopyable: (engine) => (isMultiAz({ Engine: engine }) ? "snapshots of Multi-AZ DB clusters cannot be copied" : undefined),
  sized: false,
  async share(api, id, account) {
    const input = { DBClusterSnapshotIdentifier: id, AttributeName: "restore", ValuesToAdd: [account] };
    const command = new ModifyDBClusterSnapshotAttributeCommand(input);
    await api.rds(`sharing the snapshot ${id} with ${account}`, (client, options) => client.send(command, options));
  },
};

/** Copies snapshots of one cluster to other regions and accounts. Copies of Aurora are always full. */
export const replicate: ReplicateFactory<Config, Native> = ({ replicas }, surroundings) =>
  replicating({
    ...copyable,
    project: surroundings.project,
    replicas,
    home: openApi(surroundings),
    away: (replica) => openAway(replica, surroundings),
  });
