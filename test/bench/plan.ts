import { plan, secret } from "@holdfast/core";
import { recipient } from "../../packages/age/test/keys.ts";

/** The deployment whose functions are weighed: one PostgreSQL and one place to restore to. */
// biome-ignore lint/style/noDefaultExport: the plan's file is read by its default export
export default plan({
  project: "bench",
  region: "eu-central-1",
  offlineKeys: [recipient],
  sources: { shop: { kind: "postgres", connection: secret("bench/shop"), databases: ["shop"], schedule: "rate(1 day)" } },
  targets: { staging: { kind: "postgres", connection: secret("bench/staging") } },
});
