import { common } from "./faults.ts";
import type { Form } from "./form.ts";

/** What a filter of that name compares with. */
export type Filters<T> = Readonly<Record<string, (item: T) => string | undefined>>;

/** The items that pass all the request's filters. Throws InvalidParameterValue for a filter that there is not. */
export function filtered<T>(form: Form, items: readonly T[], filters: Filters<T>): T[] {
  return form.filters().reduce<T[]>(
    (left, { Name = "", Values = [] }) => {
      const read = filters[Name];
      if (!read) throw common.InvalidParameterValue(`Unrecognized filter name: ${Name}`);
      // An ARN is taken where an identifier is.
      const wanted = new Set(Values.map((value) => value.split(":").at(-1)?.toLowerCase()));
      return left.filter((item) => wanted.has(read(item)?.toLowerCase()));
    },
    [...items],
  );
}

const FEWEST = 20;
const MOST = 100;

/** One page of items in the order of their names: at most MaxRecords from Marker on. Throws InvalidParameterValue. */
export function paged<T>(form: Form, items: readonly T[], name: (item: T) => string): { page: T[]; Marker: string | undefined } {
  const size = form.number("MaxRecords") ?? MOST;
  if (size < FEWEST || size > MOST)
    throw common.InvalidParameterValue(`Invalid value ${size} for MaxRecords. Must be between ${FEWEST} and ${MOST}`);
  const after = unmarked(form.text("Marker"));
  const left = items.toSorted((a, b) => compare(name(a), name(b))).filter((item) => after === undefined || compare(name(item), after) > 0);
  const page = left.slice(0, size);
  const last = page.at(-1);
  return { page, Marker: left.length > size && last !== undefined ? marked(name(last)) : undefined };
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
const marked = (name: string): string => Buffer.from(`after:${name}`).toString("base64url");

function unmarked(marker: string | undefined): string | undefined {
  if (marker === undefined || marker === "") return undefined;
  const text = Buffer.from(marker, "base64url").toString();
  if (!text.startsWith("after:")) throw common.InvalidParameterValue("Invalid Marker");
  return text.slice("after:".length);
}
