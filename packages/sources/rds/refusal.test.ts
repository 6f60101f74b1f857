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
