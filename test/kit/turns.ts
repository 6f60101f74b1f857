import { type Bytes, type Store, StoreUnavailable } from "@holdfast/core";

/** Lets many workers go on one at a time, in an order that `random` decides. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #random: () => number;
  constructor(random: () => number) {
    this.#random = random;
  }
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
  /** Gives turns until `work` has ended. */
  async until<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    for (let barren = 0; !ended; ) {
      await new Promise(setImmediate); // whoever had the turn runs until it asks for the next one
      const [next] = this.#waiting.splice(Math.floor(this.#random() * this.#waiting.length), 1);
      next?.();
      barren = next ? 0 : barren + 1;
      if (barren > 100) throw new Error("nobody asks for a turn, and the work has not ended");
    }
    return work;
  }
}

/** How often, from 0 to 1, a worker dies at a step, or the store fails it, or flips a bit of what it is sent. */
export type Trouble = { dies: number; fails: number; flips: number };
/** The worker was killed: none of its code ran on, as with a Lambda's timeout. */
export class Killed extends Error {}

/** Runs one worker on stores that take turns with those of all others. A worker that dies stops where it stands. */
export function worker<T>(
  turns: Turns,
  random: () => number,
  { dies, fails, flips }: Trouble,
  work: (through: (store: Store) => Store) => Promise<T>,
): Promise<T> {
  const death = Promise.withResolvers<never>();
  let dead = false;
  const step = async () => {
    await turns.next();
    if (!dead && random() < dies) {
      dead = true;
      death.reject(new Killed("killed"));
    }
    if (dead) await new Promise(() => {});
    if (random() < fails) throw new StoreUnavailable("503", "Wait.");
  };
  const around = async <R>(effect: () => Promise<R>): Promise<R> => {
    await step();
    const answer = await effect();
    await step();
    return answer;
  };
  async function* items<R>(all: () => AsyncIterable<R>): AsyncGenerator<R> {
    for await (const item of all()) {
      await step();
      yield item;
    }
    await step();
  }
  async function* sent(body: Bytes): Bytes {
    for await (const chunk of body) yield random() < flips ? chunk.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) : chunk;
  }
  const through = ({ read, list, create, ranges, mark }: Store): Store => ({
    mark,
    read: { head: (at) => around(() => read.head(at)), read: (...call) => items(() => read.read(...call)) },
    list: { list: (prefix) => items(() => list.list(prefix)) },
    create: { create: (key, body, ...rest) => around(() => create.create(key, sent(body), ...rest)) },
    ranges: {
      limits: ranges.limits,
      begin: (...call) => around(() => ranges.begin(...call)),
      parts: (upload) => items(() => ranges.parts(upload)),
      put: (upload, n, body, context) => around(() => ranges.put(upload, n, sent(body), context)),
      commit: (...call) => around(() => ranges.commit(...call)),
      abort: (upload) => around(() => ranges.abort(upload)),
    },
  });
  return Promise.race([work(through), death.promise]);
}
