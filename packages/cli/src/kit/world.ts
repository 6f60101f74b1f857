import type { Stream } from "../output.ts";
import type { World } from "../world.ts";

export type Recorder = Stream & { text: string; chunks: Uint8Array[] };
export type TestWorld = World & {
  stdout: World["stdout"] & Recorder;
  stderr: Recorder;
  /** Runs at the beginning of the nth wait from now on (from 1): what happens elsewhere while the command waits. */
  atWait(n: number, happen: () => unknown): void;
  /** Runs once, at the beginning of the first wait at which `ready` answers yes. */
  when(ready: () => Promise<boolean>, happen: () => Promise<unknown>): void;
  /** Work that takes real time, like signing: meanwhile none passes here, however busy the machine is. */
  standing<T>(work: () => Promise<T>): Promise<T>;
  waits: number;
  interrupt(reason: unknown): void;
  leave(): void;
};

/** A process that nobody started: text is kept, time passes only while somebody waits, and nobody sits at the terminal. */
export function testWorld(
  over: { cwd?: string; root?: string; env?: World["env"]; answer?: string; tty?: boolean; start?: string } = {},
): TestWorld {
  const controller = new AbortController();
  const leaving = new AbortController();
  const happenings = new Map<number, () => unknown>();
  const working = new Set<Promise<unknown>>();
  const conditions: [() => Promise<boolean>, () => Promise<unknown>][] = [];
  let time = Date.parse(over.start ?? "2026-11-21T12:00:00Z");
  const world: TestWorld = {
    env: over.env ?? {},
    cwd: over.cwd ?? "/nowhere",
    root: over.root ?? "/nowhere",
    stdout: recorder(over.tty),
    stderr: recorder(over.tty),
    ask:
      over.answer === undefined
        ? undefined
        : async (question) => {
            world.stderr.write(question);
            return over.answer ?? "";
          },
    clock: {
      now: () => new Date(time),
      async wait(milliseconds, signal) {
        world.waits += 1;
        await happenings.get(world.waits)?.();
        for (const [ready, happen] of conditions.splice(0)) await ((await ready()) ? happen() : conditions.push([ready, happen]));
        while (working.size > 0) await Promise.allSettled(working);
        time += milliseconds;
        // Lets whatever else is ready have its turn, as a real wait does.
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      },
    },
    signal: controller.signal,
    leaving: leaving.signal,
    async standing(work) {
      const under = work();
      working.add(under);
      return await under.finally(() => working.delete(under));
    },
    waits: 0,
    atWait: (n, happen) => happenings.set(world.waits + n, happen),
    when: (ready, happen) => conditions.push([ready, happen]),
    interrupt: (reason) => controller.abort(reason),
    leave: () => leaving.abort(),
  };
  return world;
}

function recorder(tty = false): Recorder & { write(text: string | Uint8Array, done?: (error?: Error | null) => void): unknown } {
  const kept: Recorder = { text: "", chunks: [], isTTY: tty, columns: 100, write: () => true };
  return Object.assign(kept, {
    write(text: string | Uint8Array, done?: (error?: Error | null) => void) {
      if (typeof text === "string") kept.text += text;
      else kept.chunks.push(text);
      done?.();
      return true;
    },
  });
}
