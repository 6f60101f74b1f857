/** One line of the table. `ok` is undefined where there is no budget, or nothing was measured. */
export type Row = { what: string; measured: string; beside?: string; budget?: string; ok?: boolean; failed?: true };
/** A section's rows, and the numbers behind them. */
export type Section = { rows: Row[]; numbers: Record<string, unknown> };

export const mebibyte = 2 ** 20;
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = Number.NaN, high = Number.NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
};
/** How many times as fast as the other, round by round: what else the machine did meanwhile, it did to both. */
export const timesAsFast = (ours: readonly number[], theirs: readonly number[]): number =>
  median(ours.map((seconds, i) => (theirs[i] ?? Number.NaN) / seconds));
export const rate = (bytes: number, seconds: number): string => `${Math.floor(bytes / mebibyte / seconds)} MiB/s`;
export const mib = (bytes: number): string => `${(bytes / mebibyte).toFixed(0)} MiB`;
export const times = (ratio: number): string => `${ratio.toFixed(2)} ×`;
