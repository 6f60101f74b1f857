import { type Bytes, type Capture, type Captured, type Finding, type Kind, type Produced, type Read, ShortRead } from "@holdfast/core";
import { z } from "zod";

/** A kind for tests of core: lines of text in one artifact, their number in another one and in the manifest. */
const native = z.strictObject({ rows: z.int(), padding: z.string().optional() });
export type Rows = z.infer<typeof native>;
export const rows: Kind<{ connection: string }, Rows, { connection: string }> = {
  name: "rows",
  config: z.strictObject({ connection: z.string() }),
  native,
  target: z.strictObject({ connection: z.string() }),
  verified: ["readable"],
  portable: true,
  needs: () => ({ secrets: [], layers: [], allow: [] }),
};

/** A source whose every turn a test decides. `steps` tells what was asked of it and let go by it, in order. */
export type RowsSource = Capture<Rows> & { steps: string[]; script: Script };
export type Script = {
  rows: string[];
  preflight?: Finding[];
  findings?: Finding[];
  pending?: string;
  native?: () => Promise<unknown>;
  /** What becomes of an artifact while it is produced: it may throw, wait, or hand out something else. */
  during?: (name: string, bytes: Bytes) => Bytes;
  /** Verdict of whoever made the bytes, after their end. */
  done?: (name: string) => Promise<void>;
  /** Between artifacts: after this one was consumed. */
  after?: (name: string) => Promise<void>;
};

export function rowsSource(script: Partial<Script> = {}): RowsSource {
  const steps: string[] = [];
  const source: RowsSource = {
    steps,
    script: { rows: ["one", "two", "three"], ...script },
    async preflight() {
      steps.push("preflight");
      return source.script.preflight ?? [];
    },
    async capture({ attempt }): Promise<Captured<Rows>> {
      steps.push(`capture ${attempt}`);
      if (source.script.pending !== undefined) return { state: "pending", note: source.script.pending };
      const count = source.script.rows.length;
      const texts = { "rows.txt": source.script.rows.map((row) => `${row}\n`), "contents.json": [JSON.stringify({ rows: count })] };
      return {
        state: "ready",
        artifacts: artifacts(source, texts),
        native: async () => (source.script.native ? ((await source.script.native()) as Rows) : { rows: count }),
        findings: source.script.findings ?? [],
      };
    },
  };
  return source;
}

async function* artifacts({ steps, script }: RowsSource, texts: Record<string, string[]>): AsyncGenerator<Produced> {
  try {
    for (const [name, lines] of Object.entries(texts)) {
      const bytes = letGo(steps, name, script.during?.(name, each(lines)) ?? each(lines));
      yield { name, compress: true, bytes, done: script.done?.(name) ?? Promise.resolve() };
      await script.after?.(name);
    }
  } finally {
    steps.push("closed");
  }
}

async function* each(lines: readonly string[]): Bytes {
  for (const line of lines) yield Buffer.from(line);
}

async function* letGo(steps: string[], name: string, bytes: Bytes): Bytes {
  try {
    yield* bytes;
  } finally {
    steps.push(`let go of ${name}`);
  }
}

export type RowsRead = Read<Rows> & { reads: number };
/** Compares rows with contents, and contents with those of the backup before. */
export function rowsRead(during: (open: (name: string) => Bytes) => Promise<void> = async () => {}): RowsRead {
  const reader: RowsRead = {
    reads: 0,
    async read({ backup, open }, previous) {
      reader.reads += 1;
      await during(open);
      const found = (await textOf(open("rows.txt"))).split("\n").length - 1;
      const expected = countIn(await textOf(open("contents.json")));
      const before = previous && countIn(await textOf(previous.open("contents.json")));
      const findings: Finding[] = [];
      if (found !== expected || expected !== backup.native.rows)
        findings.push({ name: "rows-differ", severity: "refuse", message: `${found} of ${expected} rows`, hint: "Use another backup." });
      if (before !== undefined && found < before / 2)
        findings.push({ name: "rows-dropped", severity: "doubt", message: `${found} rows, ${before} before`, hint: "Look at the source." });
      return findings;
    },
  };
  return reader;
}
const countIn = (text: string): number => z.object({ rows: z.number() }).parse(JSON.parse(text)).rows;

export async function textOf(bytes: Bytes): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** A fault of the world: says nothing about a backup. */
export const worldFault = () => new ShortRead("somewhere", 2, 1);
