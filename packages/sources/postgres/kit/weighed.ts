import type { Contents, TableContents } from "../contents.ts";
import { totals } from "../contents.ts";
import type { Weighed } from "../doubts.ts";
import type { Native } from "../native.ts";

/** A backup in few words: rows by table, or why they are not there. */
export type Shape = {
  database?: string;
  bytes: number;
  tables: Record<string, number | NonNullable<TableContents["without"]>>;
  partitions?: string[];
  sequences?: number;
};

export const FIRST_OID = 16385;

export function aBackup({ database = "shop", bytes, tables, partitions = [], sequences = 0 }: Shape): Weighed & { contents: Contents } {
  const dump = `${database}.dump`;
  const of: Contents["databases"][number] = {
    name: database,
    dump,
    snapshot: "00000003-1",
    locale: { encoding: "UTF8", provider: "libc", collate: "C", ctype: "C" },
    settings: [],
    extensions: [],
    tables: Object.entries(tables).map(([name, rows], i) => ({
      oid: FIRST_OID + i,
      schema: "public",
      name,
      kind: "table",
      ...(partitions.includes(name) ? { partition: true } : {}),
      ...(typeof rows === "number" ? { rows } : { without: rows }),
    })),
    sequences: Array.from({ length: sequences }, (_, i) => ({ schema: "public", name: `s${i}`, last: "1", called: false, increment: "1" })),
    largeObjects: 0,
    policies: [],
    aside: { eventTriggers: 0, publications: 0, subscriptions: 0, userMappings: 0 },
  };
  const native: Native = {
    format: "holdfast-postgres/1",
    server: 170011,
    client: "17.11",
    databases: [{ name: database, dump, bytes, ...totals(of) }],
    globals: false,
    incomplete: [],
  };
  const contents: Contents = { format: "holdfast-postgres-contents/1", server: "17.11", client: "17.11", databases: [of] };
  return {
    backup: {
      artifacts: [
        { name: dump, plainBytes: bytes },
        { name: "contents.json", plainBytes: 1 },
      ],
      native,
    },
    contents,
  };
}
