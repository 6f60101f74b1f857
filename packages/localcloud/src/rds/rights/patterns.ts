import { common } from "../faults.ts";

export type OneOrMore<T> = T | readonly T[];

/** Whether `value` is like a pattern with `*` and `?`. Throws InternalFailure for policy variables. */
export function like(pattern: string, value: string, ignoreCase = false): boolean {
  if (pattern.includes("${")) throw common.InternalFailure(`the double does not evaluate the policy variable in ${pattern}`);
  const source = pattern
    .replaceAll(/[\\^$.|+()[\]{}]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, ignoreCase ? "is" : "s").test(value);
}

export function list<T>(given: OneOrMore<T>): readonly T[] {
  return Array.isArray(given) ? given : [given as T];
}
