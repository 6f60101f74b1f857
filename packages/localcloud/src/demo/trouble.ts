import type { Place } from "@holdfast/cli/src/place.ts";
import { z } from "zod";
import { DemoFailed } from "./errors.ts";

/** As functions log an error: its name, and what a person is told. */
const line = z.object({ level: z.literal("ERROR"), message: z.string(), told: z.string() });

/** Lambda tries an asynchronous invocation three times; a message of a queue again only after hours. After that nothing comes by itself. */
export const tries = { asynchronous: 3, queue: 1 } as const;
/** Logs are looked at seldom: they are there for the case that nothing else comes. */
const everyMillis = 2_000;

/** Something to call while waiting for a function. Throws {@link DemoFailed} with the function's own words once it has given up. */
export function watchForTrouble(
  { name, most, every = everyMillis }: { name: string; most: number; every?: number },
  { cloud, name: called }: Pick<Place, "cloud" | "name">,
  signal: AbortSignal,
): () => Promise<void> {
  const since = new Date();
  let looked = performance.now();
  return async () => {
    if (performance.now() - looked < every) return;
    looked = performance.now();
    const errors = (await cloud.logs.since(called(name), since, signal)).flatMap(errorIn);
    if (errors.length < most) return;
    const times = errors.length === 1 ? "failed" : `failed ${errors.length} times`;
    throw new DemoFailed(`${name} ${times}: ${errors.at(-1)}`, "Its log has all of it.");
  };
}

/** What a line of a log tells of an error. */
export function errorIn(text: string): string[] {
  if (!text.startsWith("{")) return [];
  try {
    const parsed = line.safeParse(JSON.parse(text));
    return parsed.success ? [parsed.data.told] : [];
  } catch {
    return [];
  }
}
