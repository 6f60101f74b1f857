import { publicKeyKey } from "./layout.ts";
import type { Context } from "./ports/context.ts";
import { ObjectExists } from "./ports/errors.ts";
import type { TrustedKeys } from "./ports/sign.ts";
import type { StoreCreate, StoreList } from "./ports/store.ts";
import { once } from "./record.ts";
import { look, type Replay, type SourceStatus, type WatchedSource } from "./status.ts";

export type WatchPorts = {
  list: StoreList;
  create: StoreCreate;
  /** Age in seconds of the newest verified backup of each source. A source without one publishes nothing: missing data breaches. */
  publish(ages: { source: string; seconds: number }[]): Promise<void>;
  replay(replay: Replay): Promise<void>;
  /** The deployment's own signing keys, put into the store so that a reader without AWS finds them. */
  keys: TrustedKeys;
};
export type Watched = { statuses: SourceStatus[]; replayed: Replay[]; failed: { source: string; error: unknown }[] };

/**
 * Looks at every source, publishes ages, replays what was lost. One source that cannot be looked at does not hide the others, and a deadline
 * does not hide what was seen before it.
 */
export async function watch(sources: readonly WatchedSource[], ports: WatchPorts, context: Context): Promise<Watched> {
  const watched: Watched = { statuses: [], replayed: [], failed: [] };
  for (const source of sources) {
    try {
      context.signal.throwIfAborted();
      const { status, replays } = await look(source, ports.list, context.now());
      watched.statuses.push(status);
      for (const replay of replays) {
        await ports.replay(replay);
        watched.replayed.push(replay);
      }
    } catch (error) {
      watched.failed.push({ source: source.name, error });
    }
  }
  await ports.publish(
    watched.statuses.flatMap(({ source, ageSeconds }) => (ageSeconds === undefined ? [] : [{ source, seconds: ageSeconds }])),
  );
  for (const [id, pem] of Object.entries(ports.keys)) await publishKey(id, pem, ports, context);
  return watched;
}

async function publishKey(id: string, pem: string, ports: WatchPorts, context: Context): Promise<void> {
  for await (const object of ports.list.list(publicKeyKey(id))) if (object.key === publicKeyKey(id)) return;
  try {
    await ports.create.create(publicKeyKey(id), once(Buffer.from(pem)), context, pem.length);
  } catch (error) {
    if (!(error instanceof ObjectExists)) throw error;
  }
}
