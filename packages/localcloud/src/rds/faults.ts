/** What RDS answers instead of a result: `code` and `status` as they travel, which are not the names of the SDK's classes. */
export class RdsFault extends Error {
  override readonly name = "RdsFault";
  readonly code: string;
  readonly status: number;
  constructor(code: string, status: number, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

const bad = (code: string) => (message: string) => new RdsFault(code, 400, message);
const forbidden = (code: string) => (message: string) => new RdsFault(code, 403, message);
const missing = (code: string) => (message: string) => new RdsFault(code, 404, message);

/** Every code that the double answers, with the status that the API's model gives it; `conformance.test.ts` compares. */
export const faults = {
  DBInstanceNotFound: missing("DBInstanceNotFound"),
  DBInstanceAlreadyExists: bad("DBInstanceAlreadyExists"),
  InvalidDBInstanceState: bad("InvalidDBInstanceState"),
  InstanceQuotaExceeded: bad("InstanceQuotaExceeded"),
  DBClusterNotFoundFault: missing("DBClusterNotFoundFault"),
  DBClusterAlreadyExistsFault: bad("DBClusterAlreadyExistsFault"),
  InvalidDBClusterStateFault: bad("InvalidDBClusterStateFault"),
  DBClusterQuotaExceededFault: forbidden("DBClusterQuotaExceededFault"),
  DBSnapshotNotFound: missing("DBSnapshotNotFound"),
  DBSnapshotAlreadyExists: bad("DBSnapshotAlreadyExists"),
  InvalidDBSnapshotState: bad("InvalidDBSnapshotState"),
  DBClusterSnapshotNotFoundFault: missing("DBClusterSnapshotNotFoundFault"),
  DBClusterSnapshotAlreadyExistsFault: bad("DBClusterSnapshotAlreadyExistsFault"),
  InvalidDBClusterSnapshotStateFault: bad("InvalidDBClusterSnapshotStateFault"),
  SnapshotQuotaExceeded: bad("SnapshotQuotaExceeded"),
  SharedSnapshotQuotaExceeded: bad("SharedSnapshotQuotaExceeded"),
  KMSKeyNotAccessibleFault: bad("KMSKeyNotAccessibleFault"),
  InvalidRestoreFault: bad("InvalidRestoreFault"),
  PointInTimeRestoreNotEnabled: bad("PointInTimeRestoreNotEnabled"),
  DBSubnetGroupNotFoundFault: missing("DBSubnetGroupNotFoundFault"),
  DBSubnetGroupAlreadyExists: bad("DBSubnetGroupAlreadyExists"),
  DBParameterGroupNotFound: missing("DBParameterGroupNotFound"),
  DBParameterGroupAlreadyExists: bad("DBParameterGroupAlreadyExists"),
  DBClusterParameterGroupNotFound: missing("DBClusterParameterGroupNotFound"),
  OptionGroupNotFoundFault: missing("OptionGroupNotFoundFault"),
  OptionGroupAlreadyExistsFault: bad("OptionGroupAlreadyExistsFault"),
} as const;

/** What every AWS service answers: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html */
export const common = {
  AccessDenied: forbidden("AccessDenied"),
  InvalidClientTokenId: forbidden("InvalidClientTokenId"),
  MissingAuthenticationToken: forbidden("MissingAuthenticationToken"),
  SignatureDoesNotMatch: forbidden("SignatureDoesNotMatch"),
  InvalidAction: bad("InvalidAction"),
  MissingParameter: bad("MissingParameter"),
  InvalidParameterValue: bad("InvalidParameterValue"),
  InvalidParameterCombination: bad("InvalidParameterCombination"),
  Throttling: bad("Throttling"),
  InternalFailure: (message: string) => new RdsFault("InternalFailure", 500, message),
} as const;
