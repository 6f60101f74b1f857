import { expect, test } from "vitest";
import { checkDefinition } from "./definition.ts";

const check = (definition: object) => checkDefinition("machine", JSON.stringify(definition));
const jsonata = { QueryLanguage: "JSONata", StartAt: "A" };

test("a good definition passes", () => {
  expect(() =>
    check({
      ...jsonata,
      States: {
        A: { Type: "Choice", Choices: [{ Condition: "{% $states.input.x = 1 %}", Next: "B" }], Default: "C" },
        B: { Type: "Wait", Seconds: "{% $states.input.seconds %}", Next: "C" },
        C: { Type: "Pass", End: true },
      },
    }),
  ).not.toThrow();
});

test.each([
  ["StartAt", { ...jsonata, StartAt: "X", States: { A: { Type: "Pass", End: true } } }, 'StartAt names the state "X"'],
  ["a Next", { ...jsonata, States: { A: { Type: "Pass", Next: "X" } } }, 'States.A.Next names the state "X"'],
  [
    "a Default",
    { ...jsonata, States: { A: { Type: "Choice", Choices: [{ Condition: "{% true %}", Next: "A" }], Default: "X" } } },
    'States.A.Default names the state "X"',
  ],
  [
    "a choice",
    { ...jsonata, States: { A: { Type: "Choice", Choices: [{ Condition: "{% true %}", Next: "X" }] } } },
    'States.A.Choices[0].Next names the state "X"',
  ],
  [
    "a state inside a map",
    {
      ...jsonata,
      States: { A: { Type: "Map", End: true, ItemProcessor: { StartAt: "I", States: { I: { Type: "Pass", Next: "A" } } } } },
    },
    'States.I.Next names the state "A"',
  ],
])("%s that names no state is refused by its path", (_, definition, told) => {
  expect(() => check(definition)).toThrow(told);
});

test.each([
  ["a mistyped field", { ...jsonata, States: { A: { Type: "Task", Resorce: "x", End: true } } }, "States.A"],
  ["a bad expression", { ...jsonata, States: { A: { Type: "Pass", Output: "{% 1 + %}", End: true } } }, "States.A"],
])("%s is refused with the state's path", (_, definition, told) => {
  expect(() => check(definition)).toThrow(told);
});

test("what is not JSON is refused", () => {
  expect(() => checkDefinition("machine", "{")).toThrow('the state machine "machine" is not valid: it is not a JSON object');
});
