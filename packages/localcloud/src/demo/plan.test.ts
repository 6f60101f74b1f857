import { parsePlan, parseSchedule } from "@holdfast/core";
import { kinds } from "@holdfast/sources";
import { stores } from "@holdfast/stores";
import { expect, test } from "vitest";
import { demoPlan, demoSchedule, keptSchedule, orders, shop, stayingSchedule, vault } from "./plan.ts";
import { countdown } from "./scheduled.ts";

const vaults = { original: "http://127.0.0.1:20001", fresh: "http://127.0.0.1:20002" };
const cluster = { key: "arn:aws:kms:eu-central-1:000000000000:key/6f1c", ca: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" };
const copies = {
  seaweedfs: { endpoint: "http://127.0.0.1:20003", region: "us-east-1" },
  azure: { endpoint: "http://127.0.0.1:20004/holdfastlocal", account: "holdfastlocal" },
  google: { endpoint: "http://127.0.0.1:20005" },
};
const offlineKey = `age1${"q".repeat(58)}`;

test.each([demoSchedule, stayingSchedule, keptSchedule(new Date("2026-11-21T23:58:30Z"))])(
  "the demo's plan is right with the schedule %s",
  (schedule) => {
    const plan = parsePlan(demoPlan({ offlineKey, schedule, vaults, cluster, copies }), { kinds, stores });
    for (const { source, target } of [shop, orders, orders.dump, vault]) {
      expect(plan.sources[source]?.schedule).toBe(schedule);
      expect(plan.targets[target]?.protected).toBe(false);
    }
    const copied = Object.values(plan.sources).map(({ name, copies }) => [name, copies]);
    const all = ["seaweedfs", "azure", "google"];
    expect(Object.fromEntries(copied)).toEqual({ shop: all, "orders-dump": all, vault: all, orders: [] });
    expect(Object.values(plan.stores).map(({ kind }) => kind)).toEqual(["s3", "azure", "gcs"]);
  },
);

test("a demo that stays is backed up in the minutes that are next and then each quarter of an hour", () => {
  const now = new Date("2026-11-21T23:58:30Z");
  const schedule = parseSchedule(keptSchedule(now));
  const times: string[] = [];
  for (let at = now; times.length < 8; ) {
    at = schedule.next(at);
    times.push(at.toISOString().slice(11, 16));
  }
  expect(times).toEqual(["23:59", "00:00", "00:01", "00:02", "00:03", "00:15", "00:30", "00:45"]);
});

test("the countdown says when the schedule fires, and then that the functions are at work", () => {
  const due = new Date("2026-11-21T10:44:00Z");
  expect(countdown(demoSchedule, due, new Date("2026-11-21T10:43:37.200Z"))).toContain("in 23 s, at 10:44:00 UTC");
  expect(countdown(demoSchedule, due, due)).toContain("the functions are at work");
});
