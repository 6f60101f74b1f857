import { describe, expect, test } from "vitest";
import { type Context, holds } from "./conditions.ts";
import { type Document, evaluate } from "./evaluate.ts";
import { like } from "./patterns.ts";

const demand = { action: "rds:CreateDBSnapshot", resource: "arn:aws:rds:eu-central-1:1:db:shop", context: {} };
const policy = (...Statement: object[]): Document[] => [{ Statement: Statement as never }];
const allow = (more: object) => ({ Effect: "Allow", Action: "rds:CreateDBSnapshot", Resource: "*", ...more });

describe("a policy", () => {
  test.each([
    ["allows what it names", policy(allow({})), "allowed"],
    ["allows nothing without a statement", [{}], "not allowed"],
    ["means actions in whatever case", policy(allow({ Action: "RDS:createdbsnapshot" })), "allowed"],
    ["means resources as they are written", policy(allow({ Resource: "arn:aws:rds:eu-central-1:1:db:Shop" })), "not allowed"],
    [
      "allows what is like its patterns",
      policy(allow({ Action: ["s3:*", "rds:Create*"], Resource: ["arn:aws:rds:*:?:db:sh*"] })),
      "allowed",
    ],
    ["does not allow what only begins like it", policy(allow({ Action: "rds:Create" })), "not allowed"],
    ["allows all but NotAction", policy(allow({ Action: undefined, NotAction: "rds:Delete*" })), "allowed"],
    ["does not allow its NotAction", policy(allow({ Action: undefined, NotAction: "rds:Create*" })), "not allowed"],
    ["allows all but NotResource", policy(allow({ Resource: undefined, NotResource: "*:db:shop" })), "not allowed"],
    ["denies before it allows", policy(allow({}), { ...allow({}), Effect: "Deny" }), "denied"],
    ["needs its condition", policy(allow({ Condition: { StringEquals: { "aws:RequestTag/a": "1" } } })), "not allowed"],
  ])("%s", (_, documents, verdict) => {
    expect(evaluate(documents, demand)).toBe(verdict);
  });

  test("a dot in a pattern is a dot", () => {
    expect([like("a.c", "abc"), like("a.c", "a.c"), like("a*c", "a/b/c")]).toEqual([false, true, true]);
  });

  test("variables are told, not guessed", () => {
    expect(() => like(`arn:\${aws:username}`, "x")).toThrow("policy variable");
  });
});

describe("a condition", () => {
  const context: Context = { "aws:requesttag/team": "db", "aws:tagkeys": ["team", "slot"] };
  test.each([
    [{ StringEquals: { "aws:RequestTag/team": "db" } }, true],
    [{ StringEquals: { "aws:RequestTag/team": ["web", "db"] } }, true],
    [{ StringEquals: { "aws:RequestTag/team": "DB" } }, false],
    [{ StringEqualsIgnoreCase: { "aws:RequestTag/team": "DB" } }, true],
    [{ StringEquals: { "aws:RequestTag/none": "db" } }, false],
    [{ StringEqualsIfExists: { "aws:RequestTag/none": "db" } }, true],
    [{ StringNotEquals: { "aws:RequestTag/team": "web" } }, true],
    [{ StringNotEquals: { "aws:RequestTag/team": ["web", "db"] } }, false],
    [{ StringNotEquals: { "aws:RequestTag/none": "db" } }, true],
    [{ StringLike: { "aws:RequestTag/team": "d?" } }, true],
    [{ "ForAllValues:StringEquals": { "aws:TagKeys": ["team", "slot", "more"] } }, true],
    [{ "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] } }, false],
    [{ "ForAllValues:StringEquals": { "aws:None": ["team"] } }, true],
    [{ "ForAnyValue:StringEquals": { "aws:TagKeys": ["team"] } }, true],
    [{ "ForAnyValue:StringEquals": { "aws:TagKeys": ["more"] } }, false],
    [{ "ForAnyValue:StringEquals": { "aws:None": ["team"] } }, false],
    [{ Null: { "aws:RequestTag/team": "false" } }, true],
    [{ Null: { "aws:RequestTag/none": "false" } }, false],
    [{ StringEquals: { "aws:RequestTag/team": "db" }, Null: { "aws:TagKeys": "true" } }, false],
  ])("%j holds: %s", (condition, expected) => {
    expect(holds(condition, context)).toBe(expected);
  });

  test("an operator that is not known is told", () => {
    expect(() => holds({ NumericLessThan: { "s3:max-keys": "1" } }, {})).toThrow("NumericLessThan");
  });
});
