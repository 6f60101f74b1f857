import { styleText } from "node:util";

/** As much of a terminal or a file as the command line writes to. */
export type Stream = { write(text: string): unknown; isTTY?: boolean | undefined; columns?: number | undefined };
export type Tone = "good" | "bad" | "unsure" | "quiet" | "strong";

/** Results go to stdout, everything about the way there to stderr, so that `> file` and `| jq` get the result alone. */
export interface Output {
  /** A line of the result. */
  line(text?: string): void;
  /** A line about what happens. */
  note(text: string): void;
  /** What happens right now: rewritten in place on a terminal, elsewhere a line every {@link plainEverySeconds}. */
  live(text: string): void;
  /** Takes the live line away. */
  settle(): void;
  /** Colours a part of the result, on a terminal that wants it. */
  paint(tone: Tone, text: string): string;
}

/** Logs of a CI job stay readable, and still show that something moves. */
const plainEverySeconds = 10;
const styles = { good: "green", bad: "red", unsure: "yellow", quiet: "dim", strong: "bold" } as const;

export function output(out: Stream, err: Stream, options: { now(): Date; color: boolean }): Output {
  let shown = false;
  let said = options.now().getTime();
  const settle = () => {
    if (shown) err.write("\r\u001b[2K");
    shown = false;
  };
  return {
    line(text = "") {
      if (out.isTTY) settle();
      out.write(`${printable(text)}\n`);
    },
    note(text) {
      settle();
      err.write(`${printable(text)}\n`);
    },
    live(text) {
      if (err.isTTY) {
        err.write(`\r\u001b[2K${printable(text).slice(0, (err.columns || 80) - 1)}`);
        shown = true;
        return;
      }
      if (options.now().getTime() - said < plainEverySeconds * 1000) return;
      said = options.now().getTime();
      err.write(`${printable(text)}\n`);
    },
    settle,
    paint: (tone, text) => (out.isTTY && options.color ? styleText(styles[tone], text, { validateStream: false }) : text),
  };
}

/** Servers and manifests are quoted in messages: nothing but colours and line ends may reach the terminal as a command. */
export const printable = (text: string): string => text.replaceAll(control, "");
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it takes out
const control = /\u001b(?!\[[0-9;]*m)|[\u0000-\u0009\u000b-\u001a\u001c-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

export type Cell = string | { text: string; tone: Tone };
/** Columns two spaces apart; those in `right` are numbers. The last one is never padded. */
export function table(rows: readonly (readonly Cell[])[], out: Output, right: readonly number[] = []): void {
  const textOf = (cell: Cell) => printable(typeof cell === "string" ? cell : cell.text);
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => width(textOf(row[i] ?? "")))));
  for (const row of rows) {
    const cells = row.map((cell, i) => {
      const text = textOf(cell);
      const pad = " ".repeat(i === row.length - 1 && !right.includes(i) ? 0 : (widths[i] ?? 0) - width(text));
      const painted = typeof cell === "string" ? text : out.paint(cell.tone, text);
      return right.includes(i) ? pad + painted : painted + pad;
    });
    out.line(cells.join("  ").trimEnd());
  }
}
const width = (text: string): number => [...text].length;

/** Machine-readable results: one JSON document, and nothing else on stdout. */
export const json = (value: unknown, out: Output): void => out.line(JSON.stringify(value, undefined, 2));
