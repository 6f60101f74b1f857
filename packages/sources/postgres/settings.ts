import { ident, literal } from "./names.ts";

/** Settings that hold lists of names, each quoted by itself when set (GUC_LIST_QUOTE; dumputils.c, variable_is_guc_list_quote). */
const LISTS = ["local_preload_libraries", "search_path", "session_preload_libraries", "temp_tablespaces"];

/** `ALTER DATABASE … SET` for one of `pg_db_role_setting`'s entries, `name=value`. */
export function settingClause(setting: string): string {
  const at = setting.indexOf("=");
  const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
  return `SET ${name.split(".").map(ident).join(".")} TO ${LISTS.includes(name.toLowerCase()) ? names(value) : literal(value)}`;
}

function names(value: string): string {
  const parts = value.match(/"(?:[^"]|"")*"|[^,\s]+/g) ?? [];
  return parts.length === 0
    ? "''"
    : parts.map((part) => literal(part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part)).join(", ");
}
