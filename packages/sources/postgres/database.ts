import type { Bytes, Context, Produced } from "@holdfast/core";
import type { Config } from "./config.ts";
import type { Connect } from "./connect.ts";
import { type DatabaseContents, totals } from "./contents.ts";
import { Counting } from "./count.ts";
import { describe, dumpedSequences, dumpName, readSequences, withRows } from "./describe.ts";
import { type At, startDump } from "./dump.ts";
import { DumpFailed, DumpIncomplete } from "./errors.ts";
import { findIncomplete } from "./incomplete.ts";
import { type Inspection, inspect } from "./inspect.ts";
import type { NativeDatabase } from "./native.ts";
import type { Running } from "./program.ts";
import { holdSnapshot, type Snapshot } from "./snapshot.ts";

export type Dumped = { contents: DatabaseContents; native: NativeDatabase; lostLargeObjects: boolean };

/**
 * One database as one artifact, and what it holds. The dump and the counts see one snapshot, held until both are done. Whoever leaves the
 * generator early, or whose signal fires, leaves nothing running here or on the server.
 */
export async function* dumpDatabase(
  database: string,
  at: At,
  connect: Connect,
  config: Config,
  context: Context,
): AsyncGenerator<Produced, Dumped> {
  const snapshot = await holdSnapshot(connect, database);
  let dump: Running | undefined;
  let counting: Counting | undefined;
  try {
    const found = await inspectWhole(database, snapshot, config);
    const sequences = await readSequences(snapshot.session, dumpedSequences(found));
    counting = new Counting(connect, database, snapshot.id, withRows(found), context.now);
    dump = await startDump(at, database, snapshot.id, found, config);
    yield { name: dumpName(database), compress: true, bytes: beginning(dump.output, counting), done: dump.done };
    await dump.done;
    const contents = describe(database, snapshot.id, found, sequences, await counting.finish());
    const lostLargeObjects = found.largeObjects.readable < found.largeObjects.all;
    return { contents, lostLargeObjects, native: { name: database, dump: dumpName(database), bytes: found.bytes, ...totals(contents) } };
  } finally {
    await dump?.stop(new DumpFailed("pg_dump", "ended by us", "nobody read its output any more"));
    await counting?.stop();
    await snapshot.session.end();
  }
}

/** pg_dump writes its first byte when it holds all locks and knows all definitions. */
async function* beginning(output: Bytes, counting: Counting): Bytes {
  for await (const chunk of output) {
    counting.begin();
    yield chunk;
  }
}

/** The preflight looked before; here it is the dump's own snapshot that counts. Throws {@link DumpIncomplete}. */
async function inspectWhole(database: string, snapshot: Snapshot, config: Config): Promise<Inspection> {
  const found = await inspect(snapshot.session, config.excludeData);
  const refusals = findIncomplete(database, found, config).filter((finding) => finding.severity === "refuse");
  if (refusals.length > 0) throw new DumpIncomplete(refusals.map((it) => it.message).join("; "), refusals.map((it) => it.hint).join(" "));
  return found;
}
