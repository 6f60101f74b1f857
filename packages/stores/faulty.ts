import { type Bytes, type Ref, ShortRead, type Store } from "@holdfast/core";

/** The methods of a store's ports, as `port.method`. */
export type Method =
  | "read.head"
  | "read.read"
  | "list.list"
  | "create.create"
  | "ranges.begin"
  | "ranges.parts"
  | "ranges.put"
  | "ranges.commit"
  | "ranges.abort"
  | "mark.marked"
  | "mark.mark"
  | "mark.lockUntil"
  | "prune.delete"
  | "thaw.thaw";
/**
 * What happens to the `nth` call (from 1) of a method, or to each where `nth` is left out; `key` narrows both to one object's calls.
 *
 * - `before`: it fails and had no effect. - `after`: it takes effect, then fails: the answer was lost.
 * - `hold`: it waits for a promise, then goes on.
 * - `cut`: a body ends after so many bytes: with {@link ShortRead}, or `silently`, which no honest adapter does.
 * - `flip`: one bit of that byte of a body is wrong.
 */
export type Fault = { method: Method; nth?: number; key?: string } & (
  | { before: Error }
  | { after: Error }
  | { hold: Promise<unknown> }
  | { cut: number; silently?: boolean }
  | { flip: number }
);
/** Every call that was made, oldest first. To fail at each effect in turn, run once without faults and once for each call of this list. */
export type Call = { method: Method; key: string };
export type FaultyStore = Store & { calls: readonly Call[] };

/** A store that breaks where it is told to, for tests. Bodies are those of read(), create() and put(). */
export function faulty(store: Store, faults: readonly Fault[]): FaultyStore {
  const calls: Call[] = [];
  const strikes = (method: Method, key: string) => {
    calls.push({ method, key });
    return faults.filter((fault) => {
      if (fault.method !== method || (fault.key !== undefined && fault.key !== key)) return false;
      const so = calls.filter((call) => call.method === method && (fault.key === undefined || call.key === key));
      return fault.nth === undefined || fault.nth === so.length;
    });
  };
  const once = async <T>(method: Method, key: string, effect: (change: (body: Bytes) => Bytes) => Promise<T>): Promise<T> => {
    const now = strikes(method, key);
    await enter(now);
    const answer = await effect((body) => altered(body, key, now));
    leave(now);
    return answer;
  };
  async function* many<T>(method: Method, key: string, items: () => AsyncIterable<T>): AsyncIterable<T> {
    const now = strikes(method, key);
    await enter(now);
    yield* items();
    leave(now);
  }
  async function* reading(key: string, body: () => Bytes): Bytes {
    const now = strikes("read.read", key);
    await enter(now);
    yield* altered(body(), key, now);
    leave(now);
  }
  const { read, list, create, ranges, mark, prune, thaw } = store;
  const { lockUntil } = mark;
  return {
    calls,
    read: {
      head: (at) => once("read.head", at.key, () => read.head(at)),
      read: (at, range, signal) => reading(at.key, () => read.read(at, range, signal)),
    },
    list: { list: (prefix) => many("list.list", prefix, () => list.list(prefix)) },
    create: {
      create: (key, body, context, size) => once("create.create", key, (change) => create.create(key, change(body), context, size)),
    },
    ranges: {
      limits: ranges.limits,
      begin: (key, bytes) => once("ranges.begin", key, () => ranges.begin(key, bytes)),
      parts: (upload) => many("ranges.parts", upload.key, () => ranges.parts(upload)),
      put: (upload, n, body, context) => once("ranges.put", upload.key, (change) => ranges.put(upload, n, change(body), context)),
      commit: (upload, parts) => once("ranges.commit", upload.key, () => ranges.commit(upload, parts)),
      abort: (upload) => once("ranges.abort", upload.key, () => ranges.abort(upload)),
    },
    mark: {
      marked: (at) => once("mark.marked", at.key, () => mark.marked(at)),
      mark: (at, wanted) => once("mark.mark", at.key, () => mark.mark(at, wanted)),
      ...(lockUntil && { lockUntil: (at: Ref, until: Date) => once("mark.lockUntil", at.key, () => lockUntil.call(mark, at, until)) }),
    },
    ...(prune && { prune: { delete: (at: Ref) => once("prune.delete", at.key, () => prune.delete(at)) } }),
    ...(thaw && { thaw: { thaw: (at: Ref, days: number) => once("thaw.thaw", at.key, () => thaw.thaw(at, days)) } }),
  };
}

async function enter(faults: readonly Fault[]): Promise<void> {
  for (const fault of faults) {
    if ("hold" in fault) await fault.hold;
    if ("before" in fault) throw fault.before;
  }
}
function leave(faults: readonly Fault[]): void {
  for (const fault of faults) if ("after" in fault) throw fault.after;
}

async function* altered(body: Bytes, key: string, faults: readonly Fault[]): Bytes {
  const cut = faults.find((fault) => "cut" in fault);
  const flips = faults.flatMap((fault) => ("flip" in fault ? [fault.flip] : []));
  let at = 0;
  for await (const whole of body) {
    const chunk = new Uint8Array(whole.subarray(0, cut && Math.max(0, cut.cut - at)));
    for (const flip of flips) if (flip >= at && flip < at + chunk.length) chunk[flip - at] = (chunk[flip - at] ?? 0) ^ 1;
    at += chunk.length;
    if (chunk.length > 0) yield chunk;
    if (chunk.length < whole.length) {
      if (cut?.silently) return;
      throw new ShortRead(key, at - chunk.length + whole.length, at);
    }
  }
}
