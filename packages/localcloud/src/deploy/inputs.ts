import type { z } from "zod";
import { UnknownInput } from "./errors.ts";
import { isRecord, type Value, type Values } from "./graph.ts";

/** Inputs without those that an applier ignores. A path is dotted; `*` stands for every element of a list. */
export function withoutIgnored(inputs: Values, paths: readonly string[]): Values {
  return paths.reduce((rest, at) => without(rest, at.split(".")) as Values, inputs);
}

function without(value: Value | undefined, [first = "", ...rest]: string[]): Value | undefined {
  if (Array.isArray(value)) return first === "*" ? value.map((item) => without(item, rest) as Value) : value;
  if (!isRecord(value) || !(first in value)) return value;
  const { [first]: taken, ...others } = value as Values;
  return rest.length === 0 ? others : { ...others, [first]: without(taken, rest) as Value };
}

/** Inputs as the applier's schema has them. Throws {@link UnknownInput} with the path of each that is unknown or has another form. */
export function parseInputs<Inputs>(type: string, name: string, inputs: Values, schema: z.ZodType<Inputs>): Inputs {
  const parsed = schema.safeParse(inputs);
  if (parsed.success) return parsed.data;
  const told = parsed.error.issues.map((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => [...issue.path, key].join(".")).join(", ")
      : `${issue.path.join(".")} (${issue.message})`,
  );
  throw new UnknownInput(type, name, told.join(", "));
}
