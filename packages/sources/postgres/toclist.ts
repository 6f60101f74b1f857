/** What of an archive's table of contents a restore leaves out; objects are named by their oid at the source, since names may hold anything. */
export type Omit = {
  /** Schemas that the extensions' making brought along. */
  schemas: ReadonlySet<number>;
  /** Policies for roles that the target lacks. */
  policies: ReadonlySet<number>;
  /** Tables of extensions: their rows belong to whoever made the extension. */
  extensionTables: ReadonlySet<number>;
  /** Before 15 the schema public belongs to the server's first superuser. */
  publicComment: boolean;
};

/**
 * Extensions are made before by whoever may. Event triggers need a superuser. A copy that published, subscribed or held remote passwords would
 * reach out to the systems of the original.
 */
const NEVER = /^(EXTENSION|EVENT TRIGGER|PUBLICATION( .*)?|SUBSCRIPTION( .*)?|USER MAPPING|SECURITY LABEL|ACL|DEFAULT ACL) /;
const COMMENT_ON = /^COMMENT \S+ (EXTENSION|EVENT TRIGGER|PUBLICATION|SUBSCRIPTION) /;
const LINE = /^(\d+); (\d+) (\d+) (.*)$/;

/** Takes what `pg_restore --list` says and gives what `--use-list` shall do, in the same order. */
export function selectEntries(list: string, omit: Omit): string {
  const kept = list.split("\n").flatMap((line) => {
    const [, id, , oid, entry = ""] = LINE.exec(line) ?? [];
    return id !== undefined && isWanted(Number(oid), entry, omit) ? [`${id};`] : [];
  });
  return `${kept.join("\n")}\n`;
}

function isWanted(oid: number, entry: string, omit: Omit): boolean {
  if (NEVER.test(entry) || COMMENT_ON.test(entry)) return false;
  if (entry.startsWith("SCHEMA - ")) return !omit.schemas.has(oid);
  if (entry.startsWith("POLICY ")) return !omit.policies.has(oid);
  if (entry.startsWith("TABLE DATA ")) return !omit.extensionTables.has(oid);
  // A comment names its policy only by text.
  if (/^COMMENT \S+ POLICY /.test(entry)) return omit.policies.size === 0;
  return !(omit.publicComment && entry.startsWith("COMMENT - SCHEMA public "));
}
