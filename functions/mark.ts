import { copiedTo, type OpenStore, parseEvidenceKey, type RetainSource, retain } from "@holdfast/core";
import { lambda } from "./bundle.ts";
import { identity, secrets } from "./clients.ts";
import { environment } from "./environment.ts";
import { objectOf, type QueueEvent } from "./event.ts";
import { now, primary } from "./files.ts";

/** On evidence of a copy there: its source alone. From the Scheduler: all of them. */
export function markFunction<Config>(store: { name: string; config: Config; sources: RetainSource[] }, open: OpenStore<Config>) {
  return lambda(`marking what may expire in ${store.name}`, async (event: QueueEvent | { scheduled: string }, { context }) => {
    const ref = "Records" in event ? parseEvidenceKey(objectOf(event).key) : undefined;
    if ("Records" in event && (!ref || copiedTo(ref) !== store.name)) return [];
    const { list, mark } = await open(store.config, { secrets, identity, region: environment.AWS_REGION, use: "mark", now });
    const copies = { store: store.name, primary: (await primary()).list };
    const done = [];
    for (const source of store.sources)
      if (!ref || source.name === ref.source) done.push(await retain(source, { list, mark, copies }, context));
    return done;
  });
}
