import { setTimeout as pause } from "node:timers/promises";

/** What time it is for everybody, PostgreSQL included, and how long a state of RDS's lasts. */
export type Clock = {
  now(): Date;
  /** Resolves when `ms` of RDS's time went by; rejects when the signal ends. */
  pass(ms: number, signal: AbortSignal): Promise<void>;
  /** How many milliseconds really go by in `ms` of RDS's time. */
  real(ms: number): number;
};

/** A clock on which `scale` of each wait passes really: 0.001 makes a minute 60 ms. */
export function scaled(scale: number): Clock {
  return {
    now: () => new Date(),
    pass: (ms, signal) => pause(ms * scale, undefined, { signal, ref: false }),
    real: (ms) => ms * scale,
  };
}

export type HandClock = Clock & {
  /** Lets `ms` of RDS's time go by, wait after wait. What ends in it has ended when this resolves, but for real work under way. */
  advance(ms: number): Promise<void>;
};

/** A clock on which nothing ends until a test lets time pass. */
export function byHand(): HandClock {
  let passed = 0;
  const waiting = new Set<Waiting>();
  return {
    now: () => new Date(),
    pass: (ms, signal) =>
      new Promise((resolve, reject) => {
        const entry = { until: passed + ms, resolve };
        waiting.add(entry);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      }),
    real: () => 0,
    async advance(ms) {
      const end = passed + ms;
      for (let next = earliest(waiting, end); next; next = earliest(waiting, end)) {
        waiting.delete(next);
        passed = next.until;
        next.resolve();
        // What was waited for may wait again, from this moment on.
        await pause(0);
      }
      passed = end;
    },
  };
}

type Waiting = { until: number; resolve(): void };

function earliest(waiting: ReadonlySet<Waiting>, end: number): Waiting | undefined {
  return [...waiting].filter(({ until }) => until <= end).toSorted((a, b) => a.until - b.until)[0];
}

const MINUTE = 60_000;

/** How long things take, in RDS's time. Magnitudes that people see of a small database; RDS promises none of them. */
export const lasts = {
  creating: 5 * MINUTE,
  backingUp: 2 * MINUTE,
  copying: 3 * MINUTE,
  restoring: 8 * MINUTE,
  modifying: MINUTE,
  deleting: 2 * MINUTE,
  /** "RDS uploads transaction logs every 5 minutes": https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html */
  shippingLogs: 5 * MINUTE,
  delivering: 5_000,
} as const;
