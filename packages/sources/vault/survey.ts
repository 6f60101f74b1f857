import type { Native } from "./native.ts";

/** What a target is, as far as a plan must know it. No secret, no path and no address: it travels through the history of executions. */
export type Facts = {
  product: Native["product"];
  version: string;
  clusterId: string;
  /** Its servers' fingerprints, as {@link Native} has them. */
  servers: string[];
  /** What it is sealed with now. Shares and threshold are of the recovery keys where it opens by itself. */
  seal: { type: string; shares: number; threshold: number };
  /** Secrets engines beside those that every cluster has. */
  engines: number;
};
