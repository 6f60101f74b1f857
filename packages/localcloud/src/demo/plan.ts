import { type MarkedUse, type PlanInput, plan, secret } from "@holdfast/core";

/** Each full minute: the demo has not to wait long, and the moment can be counted down. */
export const demoSchedule = "cron(* * * * ? *)";
/** What stays running makes a backup each quarter of an hour: the local AWS holds them all in memory. */
export const stayingSchedule = "cron(0/15 * * * ? *)";
/** For a demo that stays afterwards: each quarter of an hour, and in the minutes that are next. */
export function keptSchedule(now: Date): string {
  const next = [1, 2, 3, 4, 5].map((minutes) => (now.getUTCMinutes() + minutes) % 60);
  const minutes = [...new Set([0, 15, 30, 45, ...next])].sort((a, b) => a - b);
  return `cron(${minutes.join(",")} * * * ? *)`;
}

export const region = "eu-central-1";
/** The target is the very server that the shop is on, since it comes back after an accident there. */
export const shop = {
  source: "shop",
  database: "shop",
  target: "shop-server",
  secrets: { backup: "demo/shop/backup", restore: "demo/shop/restore" },
} as const;
/** The target is a fresh Vault beside the one that is lost. Its first token dies with the restore; from then on the backup's own login reads. */
export const vault = {
  source: "vault",
  target: "vault-new",
  secrets: { backup: "demo/vault/backup", restore: "demo/vault-new/root" },
} as const;

/** Restores stand beside the cluster. Its dump is a source of its own, and goes to the shop's server, which is not at RDS. */
export const orders = {
  source: "orders",
  cluster: "orders",
  database: "orders",
  target: "clusters",
  secrets: { restore: "demo/orders/owner" },
  dump: { source: "orders-dump", target: shop.target, database: "orders_of_the_dump" },
} as const;

/** Where copies go, each of a kind of its own. Google's double asks nobody who they are, so it needs no secrets. */
export const elsewhere = {
  seaweedfs: { bucket: "demo-copies", secrets: perUse("seaweedfs") },
  azure: { container: "demo-copies", secrets: perUse("azure") },
  google: { bucket: "demo-copies" },
} as const;
export type Elsewhere = keyof typeof elsewhere;
export const stores = Object.keys(elsewhere) as readonly Elsewhere[];

function perUse(store: string): Record<MarkedUse, string> {
  const named = (use: MarkedUse) => `demo/${store}/${use}`;
  return { copy: named("copy"), mark: named("mark"), read: named("read") };
}

export type DemoPlan = {
  /** A public half. */
  offlineKey: string;
  schedule: string;
  /** Addresses of the Vault that is backed up and of the one that it is restored into. */
  vaults: { original: string; fresh: string };
  /** Of the cluster: the ARN of the key that it is under, and the authority (PEM) of its certificate. */
  cluster: { key: string; ca: string };
  /** Addresses of the stores that get copies. */
  copies: { seaweedfs: { endpoint: string; region: string }; azure: { endpoint: string; account: string }; google: { endpoint: string } };
};

/** What the demo deploys. */
export const demoPlan = ({ offlineKey, schedule, vaults, cluster, copies: at }: DemoPlan): PlanInput => {
  const keep = { daily: 1, monthly: 0, minimum: 3 };
  const copies = [...stores];
  const approle = { method: "approle", secret: secret(vault.secrets.backup) };
  return plan({
    project: "demo",
    region,
    residency: "eu",
    offlineKeys: [offlineKey],
    stores: storesAt(at),
    sources: {
      [shop.source]: { kind: "postgres", connection: secret(shop.secrets.backup), databases: [shop.database], schedule, keep, copies },
      [orders.source]: {
        kind: "aurora",
        cluster: orders.cluster,
        key: cluster.key,
        dump: { databases: [orders.database], database: orders.database, tls: { ca: cluster.ca }, copies },
        schedule,
        keep,
      },
      [vault.source]: { kind: "vault", nodes: [vaults.original], auth: approle, marker: "secret/data/holdfast", schedule, keep, copies },
    },
    targets: {
      [shop.target]: { kind: "postgres", connection: secret(shop.secrets.restore) },
      [orders.target]: { kind: "aurora", key: cluster.key, connection: secret(orders.secrets.restore) },
      [vault.target]: {
        kind: "vault",
        nodes: [vaults.fresh],
        auth: { method: "token", secret: secret(vault.secrets.restore) },
        reader: approle,
      },
    },
  });
};

/** Azurite has no versions and checks MD5; SeaweedFS keeps the sum that manifests are signed with. */
function storesAt({ seaweedfs, azure, google }: DemoPlan["copies"]): PlanInput["stores"] {
  const s3 = { bucket: elsewhere.seaweedfs.bucket, credentials: elsewhere.seaweedfs.secrets, checksum: "crc64nvme" };
  const blobs = {
    container: elsewhere.azure.container,
    credentials: elsewhere.azure.secrets,
    checksum: "md5",
    versions: false,
    archive: false,
  };
  return {
    seaweedfs: { kind: "s3", ...s3, ...seaweedfs },
    azure: { kind: "azure", ...blobs, ...azure },
    google: { kind: "gcs", bucket: elsewhere.google.bucket, ...google },
  };
}
