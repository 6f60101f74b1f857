import * as model from "@aws-sdk/client-rds";
import type { Element } from "./parse.ts";

/** The API's model as client-rds carries it: static schemas, `[kind, namespace, name, traits, …]`. */
type Schema = readonly unknown[] | number | (() => Schema);
type Traits = { xmlName?: string; awsQueryError?: [string, number] };
const all = Object.values(model) as unknown[];
const schemas = all.filter((value): value is readonly unknown[] => Array.isArray(value) && typeof value[0] === "number");

const STRUCTURE = 3;
const LIST = 1;
const OPERATION = 9;
const ERROR = -3;
/** Simple kinds by their numbers; a list of a simple kind is 64 more: https://github.com/smithy-lang/smithy-typescript, SchemaNormalizer */
const SIMPLE: Readonly<Record<number, RegExp>> = {
  0: /^.*$/s,
  1: /^-?\d+(\.\d+)?$/,
  2: /^(true|false)$/,
  4: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
};

/** Codes of the API's own errors and the status of each. */
export const errorCodes: ReadonlyMap<string, number> = new Map(
  schemas
    .flatMap(([kind, , , traits]) => (kind === ERROR && traits ? [(traits as Traits).awsQueryError] : []))
    .filter((code) => code !== undefined),
);

/** What is wrong with an answer: members that the API does not have, texts of another type, items of other names. */
export function wrongWith(action: string, answer: Element): string[] {
  const operation = schemas.find(([kind, , name]) => kind === OPERATION && name === action);
  if (!operation) return [`there is no operation ${action}`];
  const result = answer.children.find(({ name }) => name === `${action}Result`);
  return result ? check(operation[5] as Schema, result, action) : [];
}

function check(given: Schema, element: Element, path: string): string[] {
  const schema = plain(given);
  if (typeof schema === "number") return schema >= 64 ? checkItems(schema - 64, {}, element, path) : checkText(schema, element, path);
  if (schema[0] === STRUCTURE) return checkMembers(schema, element, path);
  if (schema[0] === LIST) return checkItems(...itemOf(schema[4]), element, path);
  return [`${path}: nothing is known of a schema of kind ${String(schema[0])}`];
}

function checkMembers(schema: readonly unknown[], element: Element, path: string): string[] {
  const names = schema[4] as string[];
  return element.children.flatMap((child) => {
    const at = names.indexOf(child.name);
    return at < 0
      ? [`${path}/${child.name}: ${String(schema[2])} has no such member`]
      : check((schema[5] as Schema[])[at] as Schema, child, `${path}/${child.name}`);
  });
}

function checkItems(item: Schema, { xmlName = "member" }: Traits, element: Element, path: string): string[] {
  return element.children.flatMap((child) =>
    child.name === xmlName ? check(item, child, `${path}/${child.name}`) : [`${path}/${child.name}: its items are called ${xmlName}`],
  );
}

function checkText(kind: number, { text, children }: Element, path: string): string[] {
  const shape = SIMPLE[kind];
  if (!shape) return [`${path}: nothing is known of a simple schema ${kind}`];
  return children.length === 0 && shape.test(text) ? [] : [`${path}: ${JSON.stringify(text)} is not of its type`];
}

/** A schema behind the functions and traits that wrap it. */
function plain(given: Schema): readonly unknown[] | number {
  if (typeof given === "function") return plain(given());
  if (typeof given === "number") return given;
  return typeof given[0] === "number" && given.length > 2 ? given : plain(given[0] as Schema);
}

function itemOf(given: unknown): [Schema, Traits] {
  return Array.isArray(given) && given.length === 2 && typeof given[1] === "object" ? [given[0], given[1]] : [given as Schema, {}];
}
