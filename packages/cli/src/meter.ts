import type { Output } from "./output.ts";
import type { Clock } from "./world.ts";
import { bytes, took } from "./wording.ts";

/** Bytes, rate and time of one long thing, on the live line. */
export interface Meter {
  /** All so far. */
  at(total: number): void;
  add(more: number): void;
  /** Time went by. */
  tick(): void;
}

/** `expected`: bytes at the end, where they are known. A rate is told over the whole time, so that it does not jump. */
export function meter(doing: string, out: Output, clock: Clock, expected?: number): Meter {
  const began = clock.now().getTime();
  let [count, drawn] = [0, 0];
  const draw = () => {
    const now = clock.now().getTime();
    if (now - drawn < redrawMillis) return;
    drawn = now;
    out.live(`${doing}  ${progress(count, (now - began) / 1000, expected)}`);
  };
  return {
    at(total) {
      count = Math.max(count, total);
      draw();
    },
    add(more) {
      count += more;
      draw();
    },
    tick: draw,
  };
}
/** Often enough to look alive, seldom enough to cost nothing. */
const redrawMillis = 100;

export function progress(count: number, seconds: number, expected?: number): string {
  const of = expected === undefined ? "" : ` of ${bytes(expected)}`;
  const share = expected ? `${Math.floor((count / expected) * 100)} %` : "";
  const rate = count > 0 && seconds >= 1 ? `${bytes(count / seconds)}/s` : "";
  return [count > 0 || expected !== undefined ? bytes(count) + of : "", share, rate, took(seconds)]
    .filter((part) => part !== "")
    .join("  ");
}
