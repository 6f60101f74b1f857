import type { Store } from "@holdfast/core";

type Ports = Pick<Store, "read" | "list" | "create">;

/**
 * The same store, each of whose calls may be the last of its process, before or after it took effect; the process tells nobody. `calm`: what the
 * test itself sees of it.
 */
export function crashing(store: Ports, crashes: () => boolean, Crash: new () => Error): Ports & { calm: Ports } {
  const last = () => {
    if (crashes()) throw new Crash();
  };
  async function* through<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    last();
    yield* items;
    last();
  }
  const { read, list, create } = store;
  return {
    calm: store,
    read: {
      async head(at) {
        last();
        return await read.head(at);
      },
      read: (at, range, signal) => through(read.read(at, range, signal)),
    },
    list: { list: (prefix) => through(list.list(prefix)) },
    create: {
      async create(key, body, context, size) {
        last();
        const made = await create.create(key, body, context, size);
        last();
        return made;
      },
    },
  };
}
