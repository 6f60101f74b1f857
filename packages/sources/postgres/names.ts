/** Quotes an identifier for SQL. */
export const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const qualified = (schema: string, name: string): string => `${ident(schema)}.${ident(name)}`;

/** Quotes a text for SQL, whatever `standard_conforming_strings` says. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return quoted.includes("\\") ? `E${quoted}` : quoted;
}

/** Reads what {@link tableName} lets through: `schema.table`, parts in double quotes taken letter by letter. */
export function parseTable(text: string): { schema: string; name: string } {
  const [schema = "", name = ""] = text.match(/"(?:[^"]|"")+"|[^".]+/g) ?? [];
  const plain = (part: string) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part);
  return { schema: plain(schema), name: plain(name) };
}

/** A database's name as part of a key: everything but letters, digits, `_` and `-` percent-encoded, so that names stay apart and none starts with a dot. */
export function fileName(database: string): string {
  const bytes = [...Buffer.from(database)];
  return bytes.map((byte) => (/[A-Za-z0-9_-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : percent(byte))).join("");
}
const percent = (byte: number) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
