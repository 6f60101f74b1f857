import { randomBytes } from "node:crypto";
import { backup, type CaptureFactory, finishBegun, type Kind, parseSchedule } from "@holdfast/core";
import { z } from "zod";
import { lambda } from "./bundle.ts";
import { signer } from "./clients.ts";
import { primary, sealing } from "./files.ts";

/** From the Scheduler: `scheduled`. From `watch`: `slot`. From a person: nothing, or `{"trigger": "manual"}`. From an event that hints at it, or `watch`: `finish`. */
const input = z.looseObject({
  scheduled: z.string().optional(),
  slot: z.iso.datetime().optional(),
  trigger: z.enum(["manual", "replay"]).optional(),
  finish: z.literal(true).optional(),
});

export function backupFunction<Config, Native, Target>(
  source: { name: string; schedule: string; offlineKeys: string[] },
  config: Config,
  kind: Kind<Config, Native, Target>,
  capture: CaptureFactory<Config, Native>,
) {
  return lambda(`backing up ${source.name}`, async (event: unknown, { context, surroundings }) => {
    const asked = input.parse(event ?? {});
    const { list, create } = await primary();
    const ports = { kind, capture: capture(config, surroundings), seal: sealing(source.offlineKeys), sign: signer(), list, create };
    const attempt = () => randomBytes(8).toString("hex");
    if (asked.finish) return await finishBegun({ source: source.name, attempt, trigger: begunBy(source.schedule) }, ports, context);
    return await backup({ source: source.name, attempt: attempt(), ...slotOf(asked, source.schedule, context.now()) }, ports, context);
  });
}

/** What a slot that was begun earlier is for: of an occurrence the schedule itself, of any other moment a person. */
const begunBy = (schedule: string) => (at: Date) =>
  parseSchedule(schedule).latest(at).getTime() === at.getTime() ? ("schedule" as const) : ("manual" as const);

/** The slot is the schedule's own occurrence; a local scheduler leaves the placeholder as it is, and the clock finds the same occurrence. */
function slotOf(event: z.infer<typeof input>, schedule: string, now: Date): { at: Date; trigger: "schedule" | "replay" | "manual" } {
  if (event.slot !== undefined) return { at: new Date(event.slot), trigger: "replay" };
  if (event.trigger === "manual" || event.scheduled === undefined)
    return { at: new Date(Math.floor(now.getTime() / 1000) * 1000), trigger: "manual" };
  const scheduled = Date.parse(event.scheduled);
  return { at: parseSchedule(schedule).latest(Number.isNaN(scheduled) ? now : new Date(scheduled)), trigger: "schedule" };
}
