import type { State } from "@holdfast/core";

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
/** `1.2 GiB`: three digits at most, in the units that disks and networks are measured with. */
export function bytes(count: number): string {
  let [value, unit] = [count, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `40 s`, `12 min`, `31 h`, `12 d`: one unit, rounded down, so that an age is never told younger than a whole unit ago. */
export function span(seconds: number): string {
  if (seconds < 0) return `in ${span(-seconds)}`;
  if (seconds < 90) return `${Math.floor(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** How long something took: `0.8 s`, `12 s`, `3 min 20 s`. */
export function took(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** `2026-11-22 02:00 UTC`. */
export const moment = (at: Date | string): string => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
export const day = (at: Date): string => at.toISOString().slice(0, 10);
export const counted = (count: number, one: string, many = `${one}s`): string => `${grouped(count)} ${count === 1 ? one : many}`;
export const grouped = (count: number): string => count.toLocaleString("en-US");

export const stateWord: Record<State, string> = {
  verified: "verified",
  doubt: "doubt",
  failed: "broken",
  unverified: "not verified",
  pruned: "gone",
};
