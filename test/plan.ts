import { type PlanInput, plan, secret } from "@holdfast/core";
import { kind as memo } from "./kinds/memo/kind.ts";
import { kind as shelf } from "./stores/shelf/kind.ts";

/** A kind that nothing outside test/ knows. */
export const kinds = { memo: { kind: memo, folder: "test/kinds/memo" } };

/** A store likewise. */
export const stores = { shelf: { kind: shelf, folder: "test/stores/shelf" } };

/**
 * `folder`: where memos are restored to; `offlineKey`: a public half; `vaults`: addresses of nodes; `key` and `farKey`: ARNs, of snapshots and of
 * their copies in another region; `ca`: the authority of the databases at RDS, in PEM.
 */
export type TestPlan = {
  folder: string;
  offlineKey: string;
  vaults: Record<"three" | "alone" | "spare" | "drill", string[]>;
  key: string;
  farKey: string;
  ca: string;
};

const approle = (name: string) => ({ method: "approle", secret: secret(name) });
/** The first token of a fresh cluster, which dies with the restore. */
const token = (name: string) => ({ method: "token", secret: secret(name) });
const marker = "secret/data/holdfast";
/** Somebody who lives inside the backups of databases of RDS. */
const owner = secret("test/owner");

/** What the end-to-end tests deploy. */
export const testPlan = ({ folder, offlineKey, vaults, key, farKey, ca }: TestPlan): PlanInput =>
  plan({
    project: "test",
    region: "eu-central-1",
    offlineKeys: [offlineKey],
    stores: { shelf: { kind: "shelf", folder: `${folder}/../shelf` } },
    sources: {
      tick: { kind: "memo", secret: secret("test/note"), schedule: "rate(1 minute)" },
      note: { kind: "memo", secret: secret("test/note"), schedule: "rate(1 day)", keep: { minimum: 1 }, drill: { target: "desk" } },
      shop: { kind: "postgres", connection: secret("test/shop"), databases: ["shop"], schedule: "rate(1 day)" },
      vault: { kind: "vault", nodes: vaults.three, auth: approle("test/vault"), marker, schedule: "rate(1 day)" },
      box: { kind: "vault", nodes: vaults.alone, auth: approle("test/box"), marker, schedule: "rate(1 day)" },
      orders: {
        kind: "aurora",
        cluster: "orders-prod",
        key,
        snapshots: 3,
        replicas: [{ region: "eu-west-1", key: farKey }],
        dump: { databases: ["goods"], tls: { ca } },
        drill: { target: "clusters" },
        schedule: "rate(1 day)",
      },
      till: { kind: "rds", instance: "till-prod", key, snapshots: 1, dump: false, schedule: "rate(1 day)" },
    },
    targets: {
      desk: { kind: "memo", folder, waits: 2 },
      safe: { kind: "memo", folder, protected: true },
      staging: { kind: "postgres", connection: secret("test/staging") },
      spare: { kind: "vault", nodes: vaults.spare, auth: token("test/spare"), reader: approle("test/vault") },
      drill: { kind: "vault", nodes: vaults.drill, auth: token("test/drill"), reader: approle("test/box"), drill: true },
      clusters: { kind: "aurora", connection: owner, key },
      instances: { kind: "rds", connection: owner, key },
    },
  });
