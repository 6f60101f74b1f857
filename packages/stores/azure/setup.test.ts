import { describe, expect, test } from "vitest";
import { z } from "zod";
import { commands, fileOf, forWhom, told } from "../kit/setup.ts";
import { azure } from "./kind.ts";
import { dataActions } from "./setup.ts";

const guid = (n: number) => `72f988bf-86f1-41af-91ab-2d7cd011db4${n}`;
const client = { copy: guid(1), mark: guid(2), read: guid(3) };
const place = { account: "acmecopies", container: "holdfast", region: "West Europe" };
const keyless = { ...place, federation: { tenant: "acme.example", client } };
const setupOf = (config: object) => {
  const setup = azure.setup?.(azure.config.parse(config), forWhom);
  if (!setup) throw new Error("no setup");
  return setup;
};

/** https://learn.microsoft.com/azure/templates/microsoft.storage/storageaccounts/managementpolicies, as far as it is used; what is unknown is refused. */
const days = z.int().min(0);
const since = z.union([z.strictObject({ daysAfterModificationGreaterThan: days }), z.strictObject({ daysAfterCreationGreaterThan: days })]);
const documented = z.strictObject({
  rules: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[A-Za-z0-9]{1,256}$/),
        enabled: z.literal(true),
        type: z.literal("Lifecycle"),
        definition: z.strictObject({
          filters: z.strictObject({
            blobTypes: z.tuple([z.literal("blockBlob")]),
            prefixMatch: z.array(z.string().startsWith("holdfast/")).min(1).max(10),
            blobIndexMatch: z
              .array(z.strictObject({ name: z.string(), op: z.literal("=="), value: z.string() }))
              .max(10)
              .optional(),
          }),
          actions: z.strictObject({
            baseBlob: z.strictObject({ delete: since, tierToCold: since }).partial().optional(),
            version: z.strictObject({ delete: z.strictObject({ daysAfterCreationGreaterThan: days }) }).optional(),
          }),
        }),
      }),
    )
    .min(1)
    .max(100),
});

describe("the other side of a container", () => {
  test("with three identities", async () => {
    await expect(told(setupOf(keyless))).toMatchFileSnapshot("golden/setup.txt");
  });
  test("with one for all it makes one, and says that it can do everything", () => {
    const one = setupOf({ ...keyless, federation: { ...keyless.federation, client: guid(1) } });
    expect(commands(one).filter((command) => command.includes("identity create"))).toHaveLength(1);
    expect(one.notes.join()).toContain("One identity for all three");
  });
  test("with signatures it makes no identity, and lets keys in", () => {
    const run = commands(setupOf({ ...place, credentials: "sas" }));
    expect(run.filter((command) => command.includes(" identity "))).toEqual([]);
    expect(run.join()).toContain("--allow-shared-key-access true");
  });
  test("is not made up where the plan does not say the region", () => {
    expect(() => setupOf({ ...keyless, region: undefined })).toThrow(expect.objectContaining({ name: "InputInvalid" }));
  });
  test.each([
    ["westeurope", true, "Standard_GRS"],
    ["polandcentral", true, "Standard_LRS"],
    ["westeurope", false, "Standard_ZRS"],
  ])("in %s with an archive %s it is %s", (region, archive, sku) => {
    expect(commands(setupOf({ ...keyless, region, archive })).join()).toContain(`--sku ${sku}`);
  });
  test("locks only what has versions, last of all", () => {
    const lasting = (config: object) => setupOf(config).steps.map((step) => step.lasting ?? false);
    expect(lasting(keyless).indexOf(true)).toBe(lasting(keyless).length - 1);
    expect(lasting({ ...keyless, versions: false })).not.toContain(true);
  });
});

describe("its roles", () => {
  const short = (use: "copy" | "mark" | "read", locks = false) => dataActions({ locks }, use).map((action) => action.split("/blobs/")[1]);
  test("are least: none deletes, marks write tags alone, and reading writes nothing", () => {
    expect([short("copy"), short("mark"), short("read")]).toEqual([["read", "write"], ["read", "tags/read", "tags/write"], ["read"]]);
    expect(short("mark", true)).toContain("immutableStorage/runAsSuperUser/action");
  });
  test("that for marks may list and not read, by a condition", () => {
    const assigned = setupOf(keyless).steps.filter(({ command }) => command.includes("assignment"));
    const conditions = assigned.map(({ command }) => [command[command.indexOf("--role") + 1], command.includes("--condition")]);
    expect(conditions).toEqual([
      ["Holdfast copy", false],
      ["Holdfast mark", true],
      ["Holdfast read", false],
    ]);
  });
});

describe("its lifecycle rules", () => {
  test("are what Azure documents, one for each keep", () => {
    const { rules } = documented.parse(fileOf(setupOf(keyless), "lifecycle.json"));
    expect(rules.map(({ name }) => name)).toEqual(["release30d", "release372d", "archivemonthly", "garbage", "earlierVersions"]);
    for (const { name, definition } of rules.filter((rule) => rule.definition.actions.baseBlob?.delete))
      expect([name, definition.filters.blobIndexMatch]).toEqual([name, [expect.objectContaining({ op: "==" })]]);
  });
  test("end no earlier versions where there are none", () => {
    const { rules } = documented.parse(fileOf(setupOf({ ...keyless, versions: false }), "lifecycle.json"));
    expect(rules.map(({ name }) => name)).not.toContain("earlierVersions");
  });
});
