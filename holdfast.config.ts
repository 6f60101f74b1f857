import { plan, secret } from "@holdfast/core";

/**
 * Everything that an operator decides, in one place. Replace what stands here by your own; `npx sst deploy --stage prod` names the path
 * of what is wrong. docs/deploy.md goes through it line by line.
 */
// biome-ignore lint/style/noDefaultExport: the plan's file is read by its default export
export default plan({
  project: "acme",
  region: "eu-central-1",
  residency: "eu",
  // Public halves of keys that `npm run holdfast -- keygen` made on a machine that is not a server. This one is refused until it is yours.
  offlineKeys: ["age1…"],
  alerts: ["ops@acme.example"],
  sources: {
    shop: {
      kind: "postgres",
      client: "acme-shop",
      connection: secret("acme/shop/backup"),
      databases: ["shop"],
      schedule: "cron(0 2 * * ? *)",
    },
  },
  targets: {
    staging: { kind: "postgres", connection: secret("acme/staging/restore") },
    production: { kind: "postgres", connection: secret("acme/production/restore"), protected: true },
  },
});
