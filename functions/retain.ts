import { parseEvidenceKey, type RetainSource, retain } from "@holdfast/core";
import { lambda } from "./bundle.ts";
import { objectOf, type QueueEvent } from "./event.ts";
import { primary } from "./files.ts";

/** On evidence: its source alone. From the Scheduler: all of them. */
export function retainFunction(sources: RetainSource[]) {
  return lambda("marking what may expire", async (event: QueueEvent | { scheduled: string }, { context }) => {
    const store = await primary();
    const one = "Records" in event ? parseEvidenceKey(objectOf(event).key)?.source : undefined;
    const done = [];
    for (const source of sources)
      if (!("Records" in event) || source.name === one) done.push(await retain(source, { list: store.list, mark: store.mark }, context));
    return done;
  });
}
