import { faults } from "./faults.ts";
import type { Family } from "./family.ts";
import type { Region } from "./state.ts";

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html; each can be raised there, and set here. */
export type Quotas = {
  instances: number;
  clusters: number;
  manualSnapshots: number;
  manualClusterSnapshots: number;
  /** Copies under way to one destination region. */
  snapshotCopies: number;
  clusterSnapshotCopies: number;
  /** Accounts that one snapshot can be shared with. */
  shares: number;
};
export const defaultQuotas: Quotas = {
  instances: 40,
  clusters: 40,
  manualSnapshots: 100,
  manualClusterSnapshots: 100,
  snapshotCopies: 20,
  clusterSnapshotCopies: 5,
  shares: 20,
};

/** Automated snapshots, and those of AWS Backup, do not count. */
export function manualSnapshots({ snapshots }: Region, { kind }: Family): number {
  return [...snapshots.values()].filter(({ family, type }) => family.kind === kind && type === "manual").length;
}

/** Throws SnapshotQuotaExceeded. The message tells the two quotas of that code apart. */
export function checkManual(region: Region, family: Family, quotas: Quotas): void {
  const most = quotas[family.quota];
  if (manualSnapshots(region, family) >= most) throw faults.SnapshotQuotaExceeded(`Cannot create more than ${most} manual snapshots`);
}

/** Throws SnapshotQuotaExceeded. */
export function checkCopies(region: Region, family: Family, quotas: Quotas): void {
  const most = quotas[family.copies];
  const underWay = [...region.snapshots.values()].filter((snapshot) => snapshot.family.kind === family.kind && snapshot.copying);
  if (underWay.length >= most) throw faults.SnapshotQuotaExceeded(`Cannot copy more than ${most} snapshots across regions`);
}
