/**
 * SQL as pg_dumpall writes it, cut into statements and what stands between them. Quotes decide: a semicolon or a name in a string or an identifier is
 * neither. Joined again the pieces are the text, byte for byte, also where something is not understood.
 */
export type Piece = { gap: string } | { statement: string; tokens: readonly Token[] };
/** `name` is an identifier as the server knows it, in quotes or not; `word` an unquoted one, which may be a keyword. Offsets are in the statement. */
export type Token = { word?: string; name?: string; other?: string; start: number; end: number };

/** Whitespace, comments and psql's own commands (`\restrict`). */
const GAP = /(?:\s+|--[^\n]*|\\[^\n]*)+/y;
/** Two strings side by side are as good as one with a doubled quote in it. In E'…' a backslash hides what follows. */
const TOKEN = /[eE]'(?:[^'\\]+|\\[\s\S]|'')*'|'[^']*'|"[^"]*"(?:"[^"]*")*|--[^\n]*|\s+|[A-Za-z_\x80-\xff][\w$\x80-\xff]*|[\s\S]/y;

/** `text` in latin1, so that no byte changes whatever its encoding: all that has a meaning here is ASCII in each that a server stores. */
export function* cutStatements(text: string): Generator<Piece> {
  let at = 0;
  while (at < text.length) {
    GAP.lastIndex = at;
    const gap = GAP.exec(text)?.[0];
    if (gap) yield { gap };
    else yield readStatement(text, at);
    at = gap ? GAP.lastIndex : TOKEN.lastIndex;
  }
}

function readStatement(text: string, from: number): Piece {
  const tokens: Token[] = [];
  TOKEN.lastIndex = from;
  for (let found = TOKEN.exec(text); found; found = TOKEN.exec(text)) {
    const token = tokenOf(found[0], found.index - from);
    if (token) tokens.push(token);
    if (found[0] === ";" || TOKEN.lastIndex === text.length) break;
  }
  return { statement: text.slice(from, TOKEN.lastIndex), tokens };
}

function tokenOf(raw: string, start: number): Token | undefined {
  if (/^(\s|--)/.test(raw)) return undefined;
  const place = { start, end: start + raw.length };
  if (raw.length > 1 && raw.startsWith('"')) return { name: raw.slice(1, -1).replaceAll('""', '"'), ...place };
  if (!/^[A-Za-z_\x80-\xff][\w$\x80-\xff]*$/.test(raw)) return { other: raw, ...place };
  return { word: raw.toLowerCase(), name: raw.toLowerCase(), ...place };
}
