import { type PlanInput, plan, secret } from "@holdfast/core";

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

export const secrets = { backup: "demo/shop/backup", restore: "demo/shop/restore" } as const;
export const source = "shop";
export const database = "shop";
export const target = "shop-server";

/** What the demo deploys. `offlineKey`: a public half. The target is the very server that the shop is on, since it comes back after an accident there. */
export const demoPlan = ({ offlineKey, schedule }: { offlineKey: string; schedule: string }): PlanInput =>
  plan({
    project: "demo",
    region: "eu-central-1",
    residency: "eu",
    offlineKeys: [offlineKey],
    sources: {
      [source]: {
        kind: "postgres",
        connection: secret(secrets.backup),
        databases: [database],
        schedule,
        keep: { daily: 1, monthly: 0, minimum: 3 },
      },
    },
    targets: { [target]: { kind: "postgres", connection: secret(secrets.restore) } },
  });
