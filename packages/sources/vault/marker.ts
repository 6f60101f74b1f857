import { createHash } from "node:crypto";
import { z } from "zod";
import type { Client } from "./client.ts";
import { MarkerMissing, MarkerUnreadable, PolicyTooNarrow, TokenRefused } from "./errors.ts";
import { explain } from "./refusal.ts";

const answer = z.looseObject({ data: z.record(z.string(), z.unknown()) });

/**
 * SHA-256 of what stands at a path, lower-case hexadecimal: of the answer's `data` as canonical JSON. In a kv version 2 mount that holds the version and when
 * it was written, so an equal text that was written anew is another marker.
 * Throws {@link MarkerMissing}, {@link MarkerUnreadable}, {@link PolicyTooNarrow}, {@link TokenRefused} and what {@link Client.ask} throws.
 */
export async function readMarker(client: Client, node: string, token: string, path: string): Promise<string> {
  const got = await client.ask(node, "GET", path, { token });
  const read = answer.safeParse(got.json);
  if (got.status === 200 && read.success) return createHash("sha256").update(canonical(read.data.data)).digest("hex");
  if (got.status === 404) throw new MarkerMissing(path);
  if (got.status === 200) throw new MarkerUnreadable(path, "it is not something that a secrets engine holds");
  const why = await explain(client, node, { path, token, capability: "read" }, got);
  if (why instanceof PolicyTooNarrow || why instanceof TokenRefused || why.fault === "world") throw why;
  throw new MarkerUnreadable(path, why.message, { cause: why });
}

/** JSON whose keys are in order at every depth. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const sorted = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, of]) => `${JSON.stringify(key)}:${canonical(of)}`).join(",")}}`;
}
