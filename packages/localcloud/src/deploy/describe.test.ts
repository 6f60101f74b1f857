import { expect, test } from "vitest";
import { describeResource } from "./describe.ts";
import type { Request, Values } from "./graph.ts";

const place = { account: "111122223333", region: "eu-west-1", partition: "aws" } as const;
const options = { protect: false, retainOnDelete: false, dependencies: [] };
const describe = (type: string, inputs: Values, others: Partial<Request> = {}) =>
  describeResource({ type, name: "Thing", custom: true, inputs, options, ...others }, place);

test.each([
  ["aws:s3/bucket:Bucket", { bucket: "b" }, "arn:aws:s3:::b"],
  ["aws:iam/role:Role", { name: "r" }, "arn:aws:iam::111122223333:role/r"],
  ["aws:lambda/function:Function", { name: "f" }, "arn:aws:lambda:eu-west-1:111122223333:function:f"],
  ["aws:sqs/queue:Queue", { name: "q" }, "arn:aws:sqs:eu-west-1:111122223333:q"],
  ["aws:sns/topic:Topic", { name: "t" }, "arn:aws:sns:eu-west-1:111122223333:t"],
  ["aws:sfn/stateMachine:StateMachine", { name: "m" }, "arn:aws:states:eu-west-1:111122223333:stateMachine:m"],
  ["aws:cloudwatch/eventRule:EventRule", { name: "e" }, "arn:aws:events:eu-west-1:111122223333:rule/e"],
  ["aws:scheduler/schedule:Schedule", { name: "s" }, "arn:aws:scheduler:eu-west-1:111122223333:schedule/default/s"],
])("%s has the ARN that AWS would give it", (type, inputs, arn) => {
  expect(describe(type, inputs).outputs.arn).toBe(arn);
});

test("a multi-Region key has an id of that kind", () => {
  expect(describe("aws:kms/key:Key", { multiRegion: true }).id).toMatch(/^mrk-[0-9a-f]{32}$/);
  expect(describe("aws:kms/key:Key", {}).id).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
});

test("a resource without a name gets one that stays the same", () => {
  const id = () => describe("aws:sqs/queue:Queue", {}).outputs.name;
  expect(id()).toMatch(/^thing-[0-9a-f]{7}$/);
  expect(id()).toBe(id());
});

test("inputs that are called like outputs stay as they are", () => {
  expect(describe("aws:cloudwatch/eventTarget:EventTarget", { arn: "arn:of:the:target" }).outputs.arn).toBe("arn:of:the:target");
});

test("what is looked up keeps its id", () => {
  expect(describe("aws:iam/role:Role", {}, { id: "other" })).toMatchObject({
    id: "other",
    outputs: { arn: expect.stringMatching(/role\/other$/) },
  });
});

test("a component is no resource of AWS", () => {
  expect(describe("sst:aws:Function", {}, { custom: false })).toEqual({ id: "Thing", outputs: {} });
});
