import { join } from "node:path";
import { type Postgres, postgres } from "@holdfast/localcloud";
import { buildServers } from "../../../../scripts/layers.mjs";

/** Starts a server of that major version; the pinned wheels hold one of each. */
export async function startMajor(major: number, settings: Record<string, string> = {}): Promise<Postgres> {
  return await postgres({ bin: join(await buildServers(), String(major), "bin"), settings });
}
