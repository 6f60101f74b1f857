/**
 * What every long operation gets from its runner.
 *
 * - `now` is the only clock below `functions/`.
 * - `signal` is the deadline: it aborts shortly before the runner is killed, with a {@link DeadlineNear} (or the person's Ctrl-C) as reason.
 *   Whoever starts a child, a request or an upload passes it on and cleans up when it fires.
 * - `progress` counts plaintext bytes since the last call; it may be called often and must be cheap.
 */
export type Context = {
  now(): Date;
  signal: AbortSignal;
  progress(bytes: number): void;
};
