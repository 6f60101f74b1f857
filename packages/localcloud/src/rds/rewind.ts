import path from "node:path";
import { type Rack, type Seed, shipLogs, type Volume } from "./volume.ts";

/** What a server starts from to become the volume as it was at `time`; undefined: as it is now. */
export async function rewind({ disk }: Rack, volume: Volume, time: Date | undefined): Promise<Seed> {
  const base = volume.bases.findLast(({ at }) => time === undefined || at <= time);
  if (!base) throw new Error("there is no base backup before that time");
  if (volume.server) await shipLogs(volume, volume.server);
  const [data, logs] = await Promise.all([disk.share(base.data, "seed"), disk.share(volume.archive, "logs")]);
  disk.write(path.join(data, "recovery.signal"), "");
  const target: Record<string, string> = time ? { recovery_target_time: written(time), recovery_target_action: "promote" } : {};
  // As a hot standby it would be called ready before it is at its target.
  return { data, settings: { restore_command: `cp ${logs}/%f %p`, hot_standby: "off", ...target } };
}

/** When a server reads its settings it knows no names of zones yet, `Z` among them. */
const written = (time: Date): string => time.toISOString().replace("T", " ").replace("Z", "+00");
