import { expect, test } from "vitest";
import { Form } from "./form.ts";
import { paged } from "./list.ts";
import { named, parseArn } from "./names.ts";
import { answer, refusal } from "./xml.ts";
import { faults } from "./faults.ts";

test("a form reads lists in the order of their numbers, tags and filters", () => {
  const form = new Form(
    "Action=X&Version=2014-10-31&Ids.Id.2=b&Ids.Id.10=c&Ids.Id.1=a&Tags.Tag.1.Key=k&Tags.Tag.1.Value=v%26&Filters.Filter.1.Name=engine&Filters.Filter.1.Values.Value.1=mysql",
  );
  expect([form.action, form.texts("Ids", "Id"), form.tags(), form.filters()]).toEqual([
    "X",
    ["a", "b", "c"],
    [{ Key: "k", Value: "v&" }],
    [{ Name: "engine", Values: ["mysql"] }],
  ]);
  expect(form.unread()).toEqual([]);
});

test("what was not read is told", () => {
  const form = new Form("Action=X&A=1&B=2&C.D.1=3");
  form.number("A");
  expect(form.unread()).toEqual(["B", "C.D.1"]);
});

test.each([
  ["a number", (form: Form) => form.number("A")],
  ["a flag", (form: Form) => form.flag("A")],
  ["a time", (form: Form) => form.time("A")],
])("what is not %s is refused", (_, read) => {
  expect(() => read(new Form("A=x1"))).toThrow("Invalid value for A: x1");
});

test("an answer is written as the query protocol has it", () => {
  const result = {
    DBInstance: {
      Engine: 'a<b>&"c',
      MultiAZ: false,
      Missing: undefined,
      TagList: [{ Key: "k", Value: "" }],
      InstanceCreateTime: new Date(0),
    },
  };
  expect(answer("CreateDBInstance", result, "id")).toBe(
    '<CreateDBInstanceResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><CreateDBInstanceResult><DBInstance><Engine>a&lt;b&gt;&amp;&quot;c</Engine><MultiAZ>false</MultiAZ><TagList><Tag><Key>k</Key><Value></Value></Tag></TagList><InstanceCreateTime>1970-01-01T00:00:00.000Z</InstanceCreateTime></DBInstance></CreateDBInstanceResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></CreateDBInstanceResponse>',
  );
  expect(refusal(faults.DBInstanceNotFound("<x>"), "id")).toContain(
    "<Type>Sender</Type><Code>DBInstanceNotFound</Code><Message>&lt;x&gt;</Message>",
  );
});

test("a list whose items have no name cannot be written", () => {
  expect(() => answer("X", { Nonsense: [1] }, "id")).toThrow("Nonsense");
});

test("names and ARNs are those of RDS", () => {
  expect(named("Id", "A-1", 63)).toBe("a-1");
  for (const wrong of ["", "1a", "a-", "a--b", "a.b", "a".repeat(64)])
    expect(() => named("Id", wrong, 63), wrong).toThrow("not a valid identifier");
  expect(parseArn("arn:aws:rds:eu-west-1:1:snapshot:rds:shop-1")).toEqual({
    region: "eu-west-1",
    account: "1",
    kind: "snapshot",
    name: "rds:shop-1",
  });
  expect(parseArn("shop")).toBeUndefined();
  expect(() => parseArn("arn:aws:s3:::bucket")).toThrow("Invalid resource name");
});

test("pages go on where the last one ended, also when what ended it is gone", () => {
  const all = Array.from({ length: 50 }, (_, at) => `n${String(at).padStart(2, "0")}`);
  const page = (marker: string, items: string[]) => paged(new Form(`MaxRecords=20&Marker=${marker}`), items, (name) => name);
  const first = page("", all.toReversed());
  const second = page(
    first.Marker ?? "",
    all.filter((name) => name !== "n19"),
  );
  const third = page(second.Marker ?? "", all);
  expect([first.page, second.page, third.page].flat()).toEqual(all);
  expect(third.Marker).toBeUndefined();
  expect(() => page("nonsense", all)).toThrow("Invalid Marker");
});
