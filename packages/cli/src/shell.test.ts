import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { filled, line, quoted, scriptOf } from "./shell.ts";

const name = (text: string) => `\${${text}}`;

describe("an argument", () => {
  test.each([
    ["plain/and=simple", "plain/and=simple"],
    ["two words", "'two words'"],
    ["it's", "'it'\\''s'"],
    ["$HOME `date`", "'$HOME `date`'"],
    ["", "''"],
    [`/subscriptions/${name("SUB")}/x`, `"/subscriptions/${name("SUB")}/x"`],
    [`{"a": "${name("SUB")}", "b": "$HOME\`\\"}`, `"{\\"a\\": \\"${name("SUB")}\\", \\"b\\": \\"\\$HOME\\\`\\\\\\"}"`],
  ])("%s is written %s", (argument, written) => {
    expect(quoted(argument)).toBe(written);
  });
  test("gets what an earlier step kept, and nothing else", () => {
    expect(filled(["a", `b${name("X")}`, name("Y")], { X: "1" })).toEqual(["a", "b1", name("Y")]);
  });
});

/** What a shell makes of a line, by the rules of its quotes alone. */
function read(text: string): string[] {
  const words = text.matchAll(/(?:'[^']*'|\\.|[^\s'\\"])+/gs);
  return [...words].map(([word]) =>
    word.replace(/'([^']*)'|\\(.)/gs, (_, inside: string | undefined, escaped: string | undefined) => inside ?? escaped ?? ""),
  );
}
test("whatever the arguments are, a shell reads them back", () => {
  const argument = fc.string({ minLength: 1 }).filter((text) => !text.includes("${"));
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1 }), (command) => {
      expect(read(line(command))).toEqual(command);
    }),
  );
});

test("a comment stays one, whatever it says", () => {
  const script = scriptOf(
    "one\nrm -rf /",
    { files: [], steps: [{ why: "two\nrm -rf /", command: ["true"] }], notes: ["three\nrm -rf /"] },
    true,
  );
  expect(script.split("\n").filter((each) => each.startsWith("rm"))).toEqual([]);
});
