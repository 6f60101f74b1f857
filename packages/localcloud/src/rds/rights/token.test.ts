import { expect, test } from "vitest";
import { parseToken } from "./token.ts";

const query =
  "Action=connect&DBUser=dumper&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIA1%2F20260101%2Feu-central-1%2Frds-db%2Faws4_request&X-Amz-Date=20260101T120000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=0";
const token = `127.0.0.1:5432/?${query}`;
const at = (time: string) => new Date(`2026-01-01T${time}Z`);

test("a token says who it is for, and by whose key", () => {
  expect(parseToken(token, at("12:15:00"))).toEqual({
    host: "127.0.0.1:5432",
    path: `/?${query}`,
    user: "dumper",
    accessKeyId: "ASIA1",
    region: "eu-central-1",
  });
});

test("after a quarter of an hour it is over", () => {
  expect(parseToken(token, at("12:15:01"))).toBeUndefined();
});

test.each([
  ["a password", "correct-horse"],
  ["a presigned URL of another service", token.replace("rds-db", "s3")],
  ["another action", token.replace("Action=connect", "Action=drop")],
  ["a token without a date", token.replace("20260101T120000Z", "now")],
  ["a token without a key", token.replace("X-Amz-Credential", "X-Amz-Nothing")],
])("%s is none", (_, text) => {
  expect(parseToken(text, at("12:00:00"))).toBeUndefined();
});
