import { issuer } from "@holdfast/stores/s3/kit/issuer.ts";
import { expect, test } from "vitest";
import { tokenIn } from "../kit/leaks.ts";

const long = "Ab1_".repeat(16);
test.each([
  ["a bearer's", `{"authorization":"Bearer ${long}"}`],
  ["Google's", `ya29.${long}`],
  ["Yandex's", `t1.9euelZqN.${long}`],
  ["a session's, by AWS", `IQoJb3JpZ2luX2Vj${long}${long}`],
  ["a session's, by its name", `{"SessionToken":"${long}"}`],
  ["a session's, in a header", `x-amz-security-token: ${long}`],
  ["a session's, in an environment", `AWS_SESSION_TOKEN=${long}`],
  ["a form's", `Action=AssumeRoleWithWebIdentity&WebIdentityToken=${long}`],
])("a token is known by its looks: %s", (_, text) => expect(tokenIn(`before ${text} after`)).toBeDefined());

test("a token is known by its looks: one that says which role runs", async () => {
  const aws = await issuer();
  const token = await aws.as("arn:aws:iam::111111111111:role/copy").token("holdfast", 900);
  expect(tokenIn(`refused: token ${token} is not right`)).toBe(token);
  await aws.close();
});

test.each([
  `{"payload":"${Buffer.from('{"format":"holdfast-evidence/1"}').toString("base64")}","signatures":[{"sig":"${long}"}]}`,
  '{"taskToken":"AQCEAAAAKgAAAAMAAAAAAAAAAeN2","token":"0123456789abcdef"}',
  "the token exchange was refused (AccessDenied): look at the trust policy",
  "age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp",
])("and what is none is not: %s", (text) => expect(tokenIn(text)).toBeUndefined());
