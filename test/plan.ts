import { type PlanInput, plan, secret } from "@holdfast/core";
import { kind as memo } from "./kinds/memo/kind.ts";
import { kind as shelf } from "./stores/shelf/kind.ts";

/** A kind that nothing outside test/ knows. */
export const kinds = { memo: { kind: memo, folder: "test/kinds/memo" } };

/** A store likewise. */
export const stores = { shelf: { kind: shelf, folder: "test/stores/shelf" } };

/** What the end-to-end tests deploy. `folder`: where memos are restored to; `offlineKey`: a public half. */
export const testPlan = ({ folder, offlineKey }: { folder: string; offlineKey: string }): PlanInput =>
  plan({
    project: "test",
    region: "eu-central-1",
    offlineKeys: [offlineKey],
    stores: { shelf: { kind: "shelf", folder: `${folder}/../shelf` } },
    sources: {
      tick: { kind: "memo", secret: secret("test/note"), schedule: "rate(1 minute)" },
      note: { kind: "memo", secret: secret("test/note"), schedule: "rate(1 day)", keep: { minimum: 1 } },
      shop: { kind: "postgres", connection: secret("test/shop"), databases: ["shop"], schedule: "rate(1 day)" },
    },
    targets: {
      desk: { kind: "memo", folder, waits: 2 },
      safe: { kind: "memo", folder, protected: true },
      staging: { kind: "postgres", connection: secret("test/staging") },
    },
  });
