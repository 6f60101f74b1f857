import type { Clock } from "./clock.ts";
import type { Events } from "./events.ts";
import type { Form } from "./form.ts";
import type { Keys } from "./keys.ts";
import type { Quotas } from "./quotas.ts";
import type { Place } from "./names.ts";
import type { Rights } from "./rights/rights.ts";
import type { Estate, Living, Region } from "./state.ts";
import type { Rack } from "./volume.ts";

/** What all actions of one double share. */
export type Home = {
  readonly clock: Clock;
  readonly estate: Estate;
  readonly rack: Rack;
  readonly events: Events;
  readonly quotas: Quotas;
  readonly keys: Keys;
  /** Whether a token is signed by somebody who may log in as its user to the database of that resource id. */
  readonly mayConnect: Rights["mayConnect"];
  /** Versions that are offered, by engine, newest last. */
  readonly versions: Record<string, string[]>;
  /** Ends everything under way. */
  readonly over: AbortSignal;
  /** What goes on after its request was answered. */
  readonly tasks: Set<Promise<void>>;
  /** Why things failed by themselves, oldest first: a server that did not start, a bus that took no event. */
  readonly failures: unknown[];
};

export type Call = {
  readonly home: Home;
  readonly form: Form;
  readonly region: Region;
  /** The ARN of a key that RDS can use for the caller now. Throws KMSKeyNotAccessibleFault. */
  useKey(key: string, place?: Place): Promise<string>;
};
/** One action of the API: the members of its result. */
export type Action = (call: Call) => object | Promise<object>;

export type Change<T> = {
  thing: Living;
  /** How long it lasts in RDS's time, at least. */
  ms: number;
  /** What is really done meanwhile. */
  work(): Promise<T>;
  done(result: T): void | Promise<void>;
  /** When the work fails. */
  failed(): void;
  /** Told first, even when something else decided about the thing meanwhile. */
  over?(): void;
};

/**
 * Begins a change of a thing, which ends after the answer. When something else decides about the thing meanwhile, neither end is told.
 * Its work is waited for even when everything is over, so that nothing is started behind the back of whoever stops it.
 */
export function begin<T>(home: Home, { thing, ms, work, done, failed, over }: Change<T>): void {
  if (home.over.aborted) return;
  thing.turn += 1;
  const { turn } = thing;
  const change = async () => {
    const [worked] = await Promise.allSettled([work(), home.clock.pass(ms, home.over)]);
    over?.();
    if (home.over.aborted) return;
    const isOurs = thing.turn === turn;
    if (worked.status === "fulfilled") return isOurs ? await done(worked.value) : undefined;
    if (isOurs) failed();
    throw worked.reason;
  };
  goOn(home, change());
}

/** Lets work go on until it ends or everything is stopped. */
export function goOn(home: Home, work: Promise<void>): void {
  const told = work.catch((error: unknown) => {
    if (!home.over.aborted) home.failures.push(error);
  });
  const task = told.finally(() => home.tasks.delete(task));
  home.tasks.add(task);
}
