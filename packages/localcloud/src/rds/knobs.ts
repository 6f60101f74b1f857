import { automate } from "./automated.ts";
import { clusterFamily, instanceFamily } from "./family.ts";
import type { Fate, RdsEvent } from "./events.ts";
import { RdsFault } from "./faults.ts";
import { findCluster, findInstance, findSnapshot } from "./find.ts";
import type { Home } from "./home.ts";
import { HOST } from "./instances.ts";
import type { Quotas } from "./quotas.ts";
import type { Database, SnapshotStatus } from "./state.ts";
import type { Trouble } from "./serve.ts";
import type { Connection } from "../services/index.ts";

/** What a test or a demo does to the double from outside the API. Names are those of the double's own account, in `region`. */
export type Knobs = {
  /** Puts an instance into a state: storage-full, incompatible-parameters, modifying, stopped, … It stays there. */
  setInstance(region: string, id: string, status: string): void;
  setCluster(region: string, id: string, status: string): void;
  /** `available` brings it back; `failed` is how a snapshot ends badly. What was under way for it gives up. */
  setSnapshot(region: string, id: string, status: SnapshotStatus): void;
  /** Takes an automated snapshot now, as RDS does once a day. Resolves to its name when its data is there. */
  automate(region: string, id: string): Promise<string>;
  /** How the master user reaches an instance or a cluster. */
  connection(region: string, id: string, database?: string): Connection;
  /** Refuses the next `times` calls of an action with a code: Throttling, say. Default once. Returns what ends that before. */
  refuse(action: string, code: string, times?: number, message?: string): () => void;
  readonly quotas: Quotas;
  readonly events: { fate: Fate; ahead: number; readonly happened: readonly RdsEvent[] };
  /** Keys that RDS cannot use, by ARN. */
  readonly refusedKeys: Set<string>;
  /** Versions on offer, by engine. Take one away to have snapshots of a version that is no longer offered. */
  readonly versions: Record<string, string[]>;
  /** What failed by itself inside the double; empty unless a test meant it. */
  readonly failures: readonly unknown[];
  /** Resolves when nothing is under way any more. On a clock by hand that may need `advance` first. */
  settled(): Promise<void>;
};

export function knobs(home: Home, account: string): { knobs: Knobs; trouble: Trouble } {
  const at = (region: string) => home.estate.region({ account, region });
  const refusals: { action: string; fault: RdsFault; left: number }[] = [];
  return {
    trouble(action) {
      const found = refusals.find((one) => one.action === action && one.left > 0);
      if (found) found.left -= 1;
      return found?.fault;
    },
    knobs: {
      setInstance(region, id, status) {
        const instance = findInstance(at(region), id);
        instance.turn += 1;
        instance.api.DBInstanceStatus = status;
      },
      setCluster(region, id, status) {
        const cluster = findCluster(at(region), id);
        cluster.turn += 1;
        cluster.api.Status = status;
      },
      setSnapshot(region, id, status) {
        const snapshot = anySnapshot(home, at(region), id);
        snapshot.turn += 1;
        snapshot.status = status;
        snapshot.copying = status === "copying";
      },
      automate: async (region, id) => (await automate(home, anyDatabase(at(region), id))).id,
      connection(region, id, database) {
        const { volume, master } = anyDatabase(at(region), id);
        if (!volume?.door) throw new Error(`no server of ${id} runs`);
        return {
          host: HOST,
          port: volume.door.port,
          user: master.user,
          password: master.password,
          database: database ?? master.database ?? "postgres",
        };
      },
      refuse(action, code, times = 1, message = code === "Throttling" ? "Rate exceeded" : `refused: ${code}`) {
        const one = { action, left: times, fault: new RdsFault(code, 400, message) };
        refusals.push(one);
        return () => {
          one.left = 0;
        };
      },
      quotas: home.quotas,
      events: home.events,
      refusedKeys: home.keys.refused,
      versions: home.versions,
      failures: home.failures,
      async settled() {
        while (home.tasks.size > 0) await Promise.allSettled(home.tasks);
      },
    },
  };
}

type At = ReturnType<Home["estate"]["region"]>;
/** The cluster or the instance of that name; for an instance of a cluster, its cluster. */
function anyDatabase(region: At, id: string): Database {
  const found = region.clusters.get(id) ?? findInstance(region, id);
  return (found.what === "instance" && region.clusters.get(found.api.DBClusterIdentifier ?? "")) || found;
}
const anySnapshot = (home: Home, region: At, id: string) =>
  region.snapshots.has(`${clusterFamily.kind}:${id}`)
    ? findSnapshot({ home, region }, clusterFamily, id)
    : findSnapshot({ home, region }, instanceFamily, id);
