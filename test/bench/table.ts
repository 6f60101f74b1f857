import type { Row } from "./row.ts";

const titles = ["what", "measured", "beside", "budget", ""];

/** As columns of text, each as wide as its widest cell. */
export function table(rows: readonly Row[]): string {
  const cells = [titles, ...rows.map((row) => [row.what, row.measured, row.beside ?? "", row.budget ?? "", verdictOf(row)])];
  const widths = titles.map((_, column) => Math.max(...cells.map((line) => [...(line[column] ?? "")].length)));
  const lines = cells.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return lines.join("\n");
}

function verdictOf({ ok, failed }: Row): string {
  if (failed) return "FAILED";
  return ok === undefined ? "" : ok ? "ok" : "over";
}
