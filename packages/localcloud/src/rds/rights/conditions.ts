import { common } from "../faults.ts";
import { like, list, type OneOrMore } from "./patterns.ts";

/** Condition keys in lower case, with their values; a key that the request does not have is missing. */
export type Context = Readonly<Record<string, string | readonly string[]>>;

export type Condition = Readonly<Record<string, Readonly<Record<string, OneOrMore<string | boolean>>>>>;

type Compare = (wanted: string, given: string) => boolean;
const equal: Compare = (wanted, given) => wanted === given;
const alike: Compare = (wanted, given) => like(wanted, given);
const sameWord: Compare = (wanted, given) => wanted.toLowerCase() === given.toLowerCase();

const OPERATORS: Readonly<Record<string, { compare: Compare; not: boolean }>> = {
  StringEquals: { compare: equal, not: false },
  StringNotEquals: { compare: equal, not: true },
  StringEqualsIgnoreCase: { compare: sameWord, not: false },
  StringNotEqualsIgnoreCase: { compare: sameWord, not: true },
  StringLike: { compare: alike, not: false },
  StringNotLike: { compare: alike, not: true },
  ArnEquals: { compare: alike, not: false },
  ArnLike: { compare: alike, not: false },
  ArnNotEquals: { compare: alike, not: true },
  ArnNotLike: { compare: alike, not: true },
  Bool: { compare: sameWord, not: false },
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html. Throws InternalFailure for other operators. */
export function holds(condition: Condition, context: Context): boolean {
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => holdsOne(operator, context[key.toLowerCase()], list(wanted).map(String))),
  );
}

function holdsOne(operator: string, given: Context[string] | undefined, wanted: readonly string[]): boolean {
  const [, set, name = "", ifExists] = operator.match(/^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/) ?? [];
  if (name === "Null") return wanted.includes(String(given === undefined));
  const known = OPERATORS[name];
  if (!known) throw common.InternalFailure(`the double does not evaluate the condition operator ${operator}`);
  const values = given === undefined ? [] : list(given);
  if (values.length === 0) return set === "ForAllValues" || ifExists !== undefined || (known.not && set !== "ForAnyValue");
  const passes = (value: string) => wanted.some((one) => known.compare(one, value)) !== known.not;
  return set === "ForAllValues" ? values.every(passes) : known.not && set === undefined ? values.every(passes) : values.some(passes);
}
