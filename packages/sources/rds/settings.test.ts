import type { DBInstance } from "@aws-sdk/client-rds";
import type { HoldfastError } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import type { Api } from "./api.ts";
import { RdsBusy, RdsRefused, RdsThrottled, RdsUnreachable } from "./errors.ts";
import { instanceRestores } from "./instancerestores.ts";
import { aNative } from "./kit/anative.ts";
import { settings } from "./native.ts";
import { settingsOf } from "./settings.ts";
import { ADJUSTED, type Tags } from "./tags.ts";

const instance: DBInstance = {
  DBInstanceClass: "db.m7g.large",
  DBSubnetGroup: { DBSubnetGroupName: "inner" },
  VpcSecurityGroups: [{ VpcSecurityGroupId: "sg-2" }, { VpcSecurityGroupId: "sg-1" }],
  DBParameterGroups: [{ DBParameterGroupName: "tuned" }],
  OptionGroupMemberships: [{ OptionGroupName: "options" }],
  Endpoint: { Address: "shop.example", Port: 5433 },
  MultiAZ: true,
  AllocatedStorage: 100,
  MaxAllocatedStorage: 500,
  BackupRetentionPeriod: 7,
  IAMDatabaseAuthenticationEnabled: true,
  EnabledCloudwatchLogsExports: ["upgrade", "postgresql"],
};

test("settings are told by the names of the parameters that set them", () => {
  expect(settings.parse(settingsOf(instance))).toMatchObject({
    DBSubnetGroupName: "inner",
    VpcSecurityGroupIds: ["sg-1", "sg-2"],
    DBParameterGroupName: "tuned",
    OptionGroupName: "options",
    Port: 5433,
    EnableIAMDatabaseAuthentication: true,
    EnableCloudwatchLogsExports: ["postgresql", "upgrade"],
  });
});

describe("what only a change sets", () => {
  const wanted = { ...aNative.settings, PreferredMaintenanceWindow: "mon:01:00-mon:01:30" };
  const standing = {
    id: "restored",
    arn: "arn",
    status: "available",
    engine: "postgres",
    version: "17.4",
    key: undefined,
    endpoint: undefined,
  };
  const wish = { ...standing, from: { snapshot: "one" }, settings: wanted, tags: {} };
  /** An RDS that answers each change so. */
  function asking(answer?: HoldfastError) {
    const asked: string[] = [];
    const rds = async (doing: string) => {
      asked.push(doing);
      if (answer && doing.startsWith("changing")) throw answer;
    };
    const api: Api = { key: async () => undefined, rds: rds as never };
    const complete = (tags: Tags, settings = aNative.settings) => instanceRestores.complete(api, { ...standing, tags, settings }, wish);
    return { asked, complete };
  }
  const both = ["changing the instance restored", "tagging arn"];

  test("is asked for once, for RDS may say yes and not do it", async () => {
    const { asked, complete } = asking();
    expect(await complete({})).toBe("sets PreferredMaintenanceWindow");
    expect(asked).toEqual(both);
    expect(await complete({ [ADJUSTED]: "yes" })).toBeUndefined();
    expect(await complete({}, wanted)).toBeUndefined();
    expect(asked).toHaveLength(2);
  });

  test.each([new RdsBusy("changing", "backing-up"), new RdsThrottled("changing"), new RdsUnreachable("changing")])(
    "is asked for again after %o, for nothing says that it was",
    async (answer) => {
      const { asked, complete } = asking(answer);
      await expect(complete({})).rejects.toBe(answer);
      expect(asked).toEqual(both.slice(0, 1));
    },
  );

  test("and is refused is not asked for again, and nothing is undone for it: the proof tells", async () => {
    const { asked, complete } = asking(new RdsRefused("changing", "InvalidParameterCombination", "no"));
    expect(await complete({})).toBe("sets PreferredMaintenanceWindow");
    expect(asked).toEqual(both);
  });
});

test.each([
  ["gp3 of a size whose rates RDS tells and takes from nobody", { StorageType: "gp3", Iops: 3000, StorageThroughput: 125 }, {}],
  ["gp3 that was given more", { StorageType: "gp3", Iops: 12000, StorageThroughput: 500 }, { Iops: 12000, StorageThroughput: 500 }],
  ["io1, which has no throughput", { StorageType: "io1", Iops: 3000, StorageThroughput: 0 }, { Iops: 3000 }],
  ["gp2", { StorageType: "gp2" }, {}],
])("rates are recorded where a request may name them: %s", (_what, told, wanted) => {
  const { Iops, StorageThroughput } = settingsOf({ ...instance, ...told });
  expect({ Iops, StorageThroughput }).toEqual({ Iops: undefined, StorageThroughput: undefined, ...wanted });
});
