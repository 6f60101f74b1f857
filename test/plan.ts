import { type MarkedUse, type PlanInput, plan, secret } from "@holdfast/core";
import { kind as memo } from "./kinds/memo/kind.ts";
import { kind as frail } from "./stores/frail/kind.ts";
import { kind as shelf } from "./stores/shelf/kind.ts";

/** A kind that nothing outside test/ knows. */
export const kinds = { memo: { kind: memo, folder: "test/kinds/memo" } };

/** Stores likewise. */
export const stores = {
  shelf: { kind: shelf, folder: "test/stores/shelf" },
  frail: { kind: frail, folder: "test/stores/frail" },
};

const perUse = (store: string): Record<MarkedUse, string> => ({
  copy: secret(`test/${store}-copy`),
  mark: secret(`test/${store}-mark`),
  read: secret(`test/${store}-read`),
});
/** Where copies go. Google's double asks nobody who they are. */
export const copies = {
  sea: { bucket: "test-copies", secrets: perUse("sea") },
  azure: { container: "test-copies", secrets: perUse("azure") },
  google: { bucket: "test-copies" },
} as const;
/** Bytes that one function copies to Azure: of letters all but a long one, which it takes a handful of workers to send. */
const few = 27_000;
/** See {@link lambdaFits}, {@link rangeAt}. */
const rate = few / 600 / 2 ** 20;
const range = few / 5;

/**
 * `folder`: where memos are restored to; `offlineKey`: a public half; `vaults`: addresses of nodes; `key` and `farKey`: ARNs, of snapshots and of
 * their copies in another region; `ca`: the authority of the databases at RDS, in PEM; `copies`: addresses of the stores that get copies.
 */
export type TestPlan = {
  folder: string;
  offlineKey: string;
  vaults: Record<"three" | "alone" | "spare" | "drill", string[]>;
  key: string;
  farKey: string;
  ca: string;
  copies: { sea: { endpoint: string; region: string }; azure: { endpoint: string; account: string }; google: { endpoint: string } };
};

const approle = (name: string) => ({ method: "approle", secret: secret(name) });
/** The first token of a fresh cluster, which dies with the restore. */
const token = (name: string) => ({ method: "token", secret: secret(name) });
const marker = "secret/data/holdfast";
/** Somebody who lives inside the backups of databases of RDS. */
const owner = secret("test/owner");

/** What the end-to-end tests deploy. */
export const testPlan = ({ folder, offlineKey, vaults, key, farKey, ca, copies: at }: TestPlan): PlanInput =>
  plan({
    project: "test",
    region: "eu-central-1",
    offlineKeys: [offlineKey],
    stores: { shelf: { kind: "shelf", folder: `${folder}/../shelf` }, ...storesAt(at, `${folder}/../frail`) },
    sources: {
      tick: { kind: "memo", secret: secret("test/note"), schedule: "rate(1 minute)", copies: ["google"] },
      letter: { kind: "memo", secret: secret("test/letter"), schedule: "rate(1 day)", keep: { minimum: 1 }, copies: Object.keys(copies) },
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

/** Azurite has no versions and checks MD5; SeaweedFS keeps the sum that manifests are signed with. */
function storesAt({ sea, azure, google }: TestPlan["copies"], frail: string): NonNullable<PlanInput["stores"]> {
  const { container, secrets } = copies.azure;
  const blobs = { container, credentials: secrets, checksum: "md5", versions: false, archive: false, limits: { maxPart: range } };
  return {
    sea: { kind: "s3", bucket: copies.sea.bucket, credentials: copies.sea.secrets, checksum: "crc64nvme", ...sea },
    azure: { kind: "frail", rate, folder: frail, of: { ...blobs, ...azure } },
    google: { kind: "gcs", bucket: copies.google.bucket, ...google },
  };
}
