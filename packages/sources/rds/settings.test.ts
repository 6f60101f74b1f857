import type { DBInstance } from "@aws-sdk/client-rds";
import { expect, test } from "vitest";
import { settings } from "./native.ts";
import { settingsOf } from "./settings.ts";

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

test.each([
  ["gp3 of a size whose rates RDS tells and takes from nobody", { StorageType: "gp3", Iops: 3000, StorageThroughput: 125 }, {}],
  ["gp3 that was given more", { StorageType: "gp3", Iops: 12000, StorageThroughput: 500 }, { Iops: 12000, StorageThroughput: 500 }],
  ["io1, which has no throughput", { StorageType: "io1", Iops: 3000, StorageThroughput: 0 }, { Iops: 3000 }],
  ["gp2", { StorageType: "gp2" }, {}],
])("rates are recorded where a request may name them: %s", (_what, told, wanted) => {
  const { Iops, StorageThroughput } = settingsOf({ ...instance, ...told });
  expect({ Iops, StorageThroughput }).toEqual({ Iops: undefined, StorageThroughput: undefined, ...wanted });
});
