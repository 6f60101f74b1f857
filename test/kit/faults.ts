import { type Bytes, type Store, StoreUnavailable } from "@holdfast/core";

/**
 * Counts every effect on a store and lets one of them fail: before it happened, or after it did and without saying so (an answer that was
 * lost). Repeated for every number until nothing fails any more, it finds each place where an error would leave something behind.
 */
export class Faults {
  count = 0;
  readonly #at: number;
  readonly #when: "before" | "after";
  constructor(at: number, when: "before" | "after") {
    this.#at = at;
    this.#when = when;
  }
  get struck(): boolean {
    return this.count >= this.#at;
  }
  async around<T>(effect: () => Promise<T>): Promise<T> {
    const mine = ++this.count === this.#at;
    if (mine && this.#when === "before") throw lost();
    const result = await effect();
    if (mine) throw lost();
    return result;
  }
  async *through<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    const mine = ++this.count === this.#at;
    if (mine && this.#when === "before") throw lost();
    for await (const item of items) {
      yield item;
      if (mine) throw lost();
    }
    if (mine) throw lost();
  }
}
const lost = () => new StoreUnavailable("the store did not answer", "Try again.");

/** The same store, through faults. */
export function faulty(store: Store, faults: Faults): Pick<Store, "read" | "list" | "create" | "mark"> & Required<Pick<Store, "prune">> {
  const { read, list, create, mark, prune } = store;
  const { lockUntil } = mark;
  return {
    read: {
      head: (at) => faults.around(() => read.head(at)),
      read: (at, range, signal): Bytes => faults.through(read.read(at, range, signal)),
    },
    list: { list: (prefix) => faults.through(list.list(prefix)) },
    prune: { delete: (at) => faults.around(async () => prune?.delete(at)) },
    create: { create: (key, body, context, size) => faults.around(() => create.create(key, body, context, size)) },
    mark: {
      marked: (at) => faults.around(() => mark.marked(at)),
      mark: (at, wanted) => faults.around(() => mark.mark(at, wanted)),
      ...(lockUntil ? { lockUntil: (at, until) => faults.around(() => lockUntil(at, until)) } : {}),
    },
  };
}

/** Rejections that nobody handled while `work` ran: in Lambda each would end the process. */
export async function unhandledDuring(work: () => Promise<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  const note = (reason: unknown) => void found.push(reason);
  process.on("unhandledRejection", note);
  try {
    await work();
    // Node reports a rejection after the microtasks of the turn in which it happened.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("unhandledRejection", note);
  }
  return found;
}
