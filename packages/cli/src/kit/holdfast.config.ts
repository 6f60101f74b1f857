import { plan, secret } from "@holdfast/core";

/** A plan that is right, in a folder of its own: what `--plan` and a repository's root mean to the command line. */
// biome-ignore lint/style/noDefaultExport: the plan's file is read by its default export
export default plan({
  project: "acme",
  region: "eu-central-1",
  offlineKeys: ["age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp"],
  sources: { shop: { kind: "postgres", connection: secret("acme/shop"), databases: ["shop"], schedule: "rate(1 day)" } },
});
