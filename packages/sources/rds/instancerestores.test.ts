import type { DBInstanceAutomatedBackup, RDSClient } from "@aws-sdk/client-rds";
import { expect, test } from "vitest";
import type { Api } from "./api.ts";
import { instanceRestores } from "./instancerestores.ts";

const earliest = new Date("2026-11-18T00:00:00Z");
const latest = new Date("2026-11-21T09:55:00Z");
const window = (...DBInstanceAutomatedBackups: DBInstanceAutomatedBackup[]) => {
  const client = { send: async () => ({ DBInstanceAutomatedBackups }) } as unknown as RDSClient;
  const api: Api = {
    rds: (_doing, ask) => ask(client, { abortSignal: new AbortController().signal }),
    key: async () => undefined,
  };
  return instanceRestores.window(api, "shop", "db-ONE");
};
const own = { DbiResourceId: "db-ONE", Status: "active", RestoreWindow: { EarliestTime: earliest, LatestTime: latest } };

test("a moment can be gone to while the instance itself stands: not by an earlier one of its name, nor by what is retained of it", async () => {
  expect(await window({ ...own, DbiResourceId: "db-EARLIER" }, own)).toEqual({ earliest, latest });
  expect(await window({ ...own, DbiResourceId: "db-EARLIER" })).toBeUndefined();
  expect(await window({ ...own, Status: "retained" })).toBeUndefined();
  expect(await window({ ...own, Status: "creating", RestoreWindow: {} })).toBeUndefined();
});
