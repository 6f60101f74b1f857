import { isDeepStrictEqual } from "node:util";

/** Names of what differs, of all but the settings that a restore has of its own. */
export function compareSettings<S extends object>(
  wanted: S,
  found: S,
  except: readonly (keyof S)[],
): { compared: number; differ: string[] } {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])] as (keyof S & string)[];
  const compared = names.filter((name) => !except.includes(name));
  return { compared: compared.length, differ: compared.filter((name) => !isDeepStrictEqual(wanted[name], found[name])) };
}

/** Without what is undefined, which the SDK would take for a value where types are exact. */
export function given<T extends object>(of: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}
