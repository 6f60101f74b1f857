import {
  DBClusterSnapshotAlreadyExistsFault,
  DBInstanceNotFoundFault,
  InvalidDBClusterStateFault,
  RDSServiceException,
  SnapshotQuotaExceededFault,
} from "@aws-sdk/client-rds";
import { expect, test } from "vitest";
import { translate } from "./refusal.ts";

const said = (message: string) => ({ $metadata: {}, message });
const unknown = (name: string, $fault: "client" | "server" = "client") => new RDSServiceException({ name, $fault, ...said("words") });

test.each([
  ["RdsThrottled", "world", unknown("Throttling")],
  ["RdsThrottled", "world", unknown("ThrottlingException")],
  ["RdsThrottled", "world", unknown("RequestLimitExceeded")],
  ["RdsDenied", "input", unknown("AccessDenied")],
  ["SnapshotQuotaFull", "input", new SnapshotQuotaExceededFault(said("Cannot create more than 100 manual snapshots"))],
  ["CopiesInLine", "world", new SnapshotQuotaExceededFault(said("Cannot copy more than 20 snapshots across regions"))],
  ["CopiesInLine", "world", new SnapshotQuotaExceededFault(said("You have reached the maximum number of in-progress snapshot copies"))],
  ["RestoreQuotaFull", "input", unknown("InstanceQuotaExceededFault")],
  ["KeyNotUsable", "input", unknown("KMSKeyNotAccessibleFault")],
  ["KeyNotUsable", "input", unknown("DisabledException")],
  ["RdsNameTaken", "input", new DBClusterSnapshotAlreadyExistsFault(said("exists"))],
  ["RdsNotFound", "input", new DBInstanceNotFoundFault(said("gone"))],
  ["RdsBusy", "world", new InvalidDBClusterStateFault(said("modifying"))],
  ["RdsBusy", "world", unknown("InvalidDBInstanceState")],
  ["RdsRefused", "input", unknown("InvalidParameterCombination")],
  ["RdsUnreachable", "world", unknown("InternalFailure", "server")],
  ["RdsUnreachable", "world", new Error("getaddrinfo ENOTFOUND")],
])("what RDS says is %s, a fault of %s", (name, fault, error) => {
  expect(translate(error, "asking")).toMatchObject({ name, fault, cause: error });
});

test.each([
  ["throttles", unknown("Throttling"), "It is tried again."],
  [
    "has no room for snapshots",
    new SnapshotQuotaExceededFault(said("Cannot create more than 100 manual snapshots")),
    "Keep fewer snapshots in the plan",
  ],
  ["copies too many at once", new SnapshotQuotaExceededFault(said("Cannot copy more than 20 snapshots")), "waits in line"],
  ["may not use a key", unknown("KMSKeyNotAccessibleFault"), "let its policy allow this account's IAM (kms:CreateGrant"],
  ["refuses a copy", unknown("InvalidParameterCombination"), "Nothing was made."],
])("where RDS %s the hint says what to do", (_what, error, hint) => {
  expect(translate(error, "asking").hint).toContain(hint);
});
