import { readFileSync } from "node:fs";
import path from "node:path";
import * as sdk from "@aws-sdk/client-rds";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Rds, rdsDouble } from "./double.ts";
import { common, faults } from "./faults.ts";
import { errorCodes, wrongWith } from "./kit/model.ts";
import { recording } from "./kit/recording.ts";
import { type Element, parse, paths } from "./kit/parse.ts";

type Answer = { status: number; body: string };
const read = (file: string) => JSON.parse(readFileSync(path.join(import.meta.dirname, "golden", file), "utf8"));
const calls: [action: string, params: object][] = read("calls.json");
const theirs: Answer[] = read("moto.json");

/** What moto answers and the double does not, by the last name of its path, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  Endpoint: "an instance that is being made has none yet",
  InstanceCreateTime: "an instance that is being made has none yet",
  EarliestRestorableTime: "there is none before the first automated backup, and these engines are records without data",
  LatestRestorableTime: "there is none before the first automated backup, and these engines are records without data",
  BacktrackWindow: "only Aurora MySQL has it, and it is off unless it is asked for",
  GlobalWriteForwardingRequested: "there are no global databases here",
  PubliclyAccessible: "a cluster of Aurora has none: its instances have",
};
/** Calls that moto answers otherwise than the API's documentation says. */
const ASTRAY: Readonly<Record<string, string>> = {
  'DescribeDBParameterGroups {"DBParameterGroupName":"nobody"}': "DBParameterGroupNotFound, and moto answers an empty list",
};

let rds: Rds;
const ours: Answer[] = [];
beforeAll(async () => {
  rds = await rdsDouble({ account: "123456789012" });
  const { api, recorded } = recording(rds.endpoint, "eu-central-1");
  for (const [action, params] of calls) {
    const Command = (sdk as unknown as Record<string, new (input: object) => sdk.DescribeDBInstancesCommand>)[`${action}Command`];
    if (!Command) throw new Error(`client-rds has no ${action}`);
    await api.send(new Command(params)).catch(() => {});
    await rds.settled();
  }
  ours.push(...recorded);
});
afterAll(() => rds?.stop());

const cases = calls.map(([action, params], at) => ({ action, at, call: `${action} ${JSON.stringify(params)}` }));

test.each(cases)("$at: $action answers what the API's model has", ({ action, at }) => {
  expect(wrongWith(action, parse(ours[at]?.body ?? ""))).toEqual([]);
});

test.each(cases.filter(({ call }) => !(call in ASTRAY)))("$at: $action answers as moto does, or it is listed why not", ({ at }) => {
  const [moto, own] = [theirs[at], ours[at]].map((answer) => parse(answer?.body ?? ""));
  expect(ours[at]?.status, ours[at]?.body).toBe(theirs[at]?.status);
  if (!moto || !own) throw new Error("an answer is missing");
  expect(differences(moto, own)).toEqual([]);
  expect(codeOf(own)).toBe(codeOf(moto));
});

const codeOf = (answer: Element) =>
  answer.children.find(({ name }) => name === "Error")?.children.find(({ name }) => name === "Code")?.text;

function differences(theirs: Element, ours: Element): string[] {
  const own = paths(ours);
  const excused = (at: string) => at.split("/").some((name) => name in LEFT_OUT);
  return [...paths(theirs)]
    .filter(([at]) => !excused(at))
    .flatMap(([at, kind]) => {
      const found = own.get(at);
      if (found === undefined) return kind === "empty" ? [] : [`${at} is missing`];
      return found === kind || kind === "empty" || found === "empty" ? [] : [`${at} is ${found}, theirs is ${kind}`];
    });
}

describe("errors", () => {
  test.each(Object.entries(faults))("%s is a code of the API's, with its status", (code, make) => {
    expect(make("")).toMatchObject({ code, status: errorCodes.get(code) });
  });

  test("what every service answers is no code of RDS's own", () => {
    expect(Object.keys(common).filter((code) => errorCodes.has(code))).toEqual([]);
  });
});

describe("the suite itself sees", () => {
  const answer = (inner: string) =>
    parse(`<DescribeDBInstancesResponse><DescribeDBInstancesResult>${inner}</DescribeDBInstancesResult></DescribeDBInstancesResponse>`);
  test.each([
    [
      "a member that the API does not have",
      "<DBInstances><DBInstance><Nonsense>1</Nonsense></DBInstance></DBInstances>",
      "DBInstance has no such member",
    ],
    ["items of another name", "<DBInstances><member/></DBInstances>", "its items are called DBInstance"],
    [
      "text where a number is due",
      "<DBInstances><DBInstance><AllocatedStorage>much</AllocatedStorage></DBInstance></DBInstances>",
      "is not of its type",
    ],
    [
      "a time without a zone",
      "<DBInstances><DBInstance><InstanceCreateTime>2026-01-01 00:00</InstanceCreateTime></DBInstance></DBInstances>",
      "is not of its type",
    ],
  ])("%s", (_, inner, said) => {
    expect(wrongWith("DescribeDBInstances", answer(inner))).toEqual([expect.stringContaining(said)]);
  });

  test("what is missing, and what is of another kind", () => {
    const theirs = answer(
      "<DBInstances><DBInstance><Engine>mysql</Engine><AllocatedStorage>1</AllocatedStorage></DBInstance></DBInstances>",
    );
    const own = answer("<DBInstances><DBInstance><AllocatedStorage>true</AllocatedStorage></DBInstance></DBInstances>");
    expect(differences(theirs, own)).toEqual([
      expect.stringContaining("Engine is missing"),
      expect.stringContaining("is boolean, theirs is number"),
    ]);
  });
});
