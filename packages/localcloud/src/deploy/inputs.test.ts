import { expect, test } from "vitest";
import { z } from "zod";
import { parseInputs, withoutIgnored } from "./inputs.ts";

const schema = z.strictObject({ name: z.string(), target: z.strictObject({ arn: z.string() }).optional() });
const parse = (inputs: Parameters<typeof withoutIgnored>[0]) => parseInputs("aws:x/y:Y", "Thing", inputs, schema);

test("inputs that the applier knows are its own", () => {
  expect(parse({ name: "a", target: { arn: "b" } })).toEqual({ name: "a", target: { arn: "b" } });
});

test("an unknown input is refused by its path, however deep it is", () => {
  expect(() => parse({ name: "a", colour: "red" })).toThrow('aws:x/y:Y "Thing" has inputs that the local cloud would not apply: colour');
  expect(() => parse({ name: "a", target: { arn: "b", deadLetterConfig: {} } })).toThrow("would not apply: target.deadLetterConfig");
});

test("an input of another form is refused with what is wrong", () => {
  expect(() => parse({ name: 1 })).toThrow(/name \(.*expected string/);
});

test("ignored inputs are taken away by their dotted path, in each element of a list", () => {
  const inputs = { a: 1, b: { c: 2, d: 3 }, list: [{ x: 1, y: 2 }, { y: 3 }] };
  expect(withoutIgnored(inputs, ["a", "b.c", "list.*.x", "none.at.all"])).toEqual({ b: { d: 3 }, list: [{ y: 2 }, { y: 3 }] });
  expect(inputs.a).toBe(1);
});
