import type { HoldfastError } from "@holdfast/core";
import {
  CopiesInLine,
  KeyNotUsable,
  RdsBusy,
  RdsDenied,
  RdsNameTaken,
  RdsNotFound,
  RdsRefused,
  RdsThrottled,
  RdsUnreachable,
  RestoreQuotaFull,
  SnapshotQuotaFull,
} from "./errors.ts";

/**
 * RDS's code of an error: `DBInstanceNotFound` travels, and the SDK calls it `DBInstanceNotFoundFault`; codes of clusters carry the word on the
 * wire too. `DBClusterNotFound` is meant by all of them.
 */
export const codeOf = (error: unknown): string => (error instanceof Error ? error.name.replace(/(Fault|Exception)$/, "") : "");

type Translate = (doing: string, code: string, said: string, options: ErrorOptions) => HoldfastError;

/** What codes mean, in this order. https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBSnapshot.html and its neighbours */
const meanings: readonly [RegExp, Translate][] = [
  [/^(Throttl|RequestLimitExceeded|TooManyRequests)/, (doing, _code, _said, options) => new RdsThrottled(doing, options)],
  [
    /^(AccessDenied|UnauthorizedOperation|InvalidClientTokenId|ExpiredToken|SignatureDoesNotMatch|MissingAuthenticationToken)/,
    (doing, _code, said, options) => new RdsDenied(doing, said, options),
  ],
  // One code for two quotas: only the words tell the copies under way from the snapshots that stand.
  [
    /^SnapshotQuotaExceeded/,
    (_doing, _code, said, options) =>
      /\bcop(y|ies)\b/i.test(said) ? new CopiesInLine(said, options) : new SnapshotQuotaFull(said, options),
  ],
  [/^(Instance|DBCluster|Storage)QuotaExceeded/, (_doing, _code, said, options) => new RestoreQuotaFull(said, options)],
  [/^(KMSKeyNotAccessible|KMSInvalidState|Disabled$)/, (doing, _code, said, options) => new KeyNotUsable(doing, said, options)],
  [/AlreadyExists/, (doing, _code, said, options) => new RdsNameTaken(doing, said, options)],
  [/NotFound/, (doing, code, said, options) => new RdsNotFound(doing, code, said, options)],
  [/^Invalid(DBInstance|DBCluster|DBSnapshot|DBClusterSnapshot)State/, (doing, _code, said, options) => new RdsBusy(doing, said, options)],
];

/** Nothing of the SDK leaves this folder. `$fault` stands on what a service answered; anything else never reached one. */
export function translate(error: unknown, doing: string): HoldfastError {
  const options = { cause: error };
  if (!(error instanceof Error) || !("$fault" in error)) return new RdsUnreachable(doing, options);
  const code = codeOf(error);
  const meant = meanings.find(([pattern]) => pattern.test(code));
  if (meant) return meant[1](doing, code, error.message, options);
  return error.$fault === "server" ? new RdsUnreachable(doing, options) : new RdsRefused(doing, code, error.message, options);
}
