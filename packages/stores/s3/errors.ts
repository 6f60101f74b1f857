import {
  HoldfastError,
  ObjectArchived,
  ObjectLocked,
  ObjectMissing,
  ObjectTooLarge,
  StoreDenied,
  StoreUnavailable,
  UploadGone,
} from "@holdfast/core";

/** One call: the IAM action that it needs and what it is about, `bucket/key`. */
export type About = { action: string; bucket: string; key: string };
/** What an error of the SDK tells besides its name. `attempts` counts the SDK's own retries. */
export type Said = { name: string; message: string; status: number | undefined; attempts: number };

export function said(error: unknown): Said {
  if (!(error instanceof Error)) return { name: "unknown", message: String(error), status: undefined, attempts: 1 };
  const { $metadata = {} } = error as { $metadata?: { httpStatusCode?: number; attempts?: number } };
  return { name: error.name, message: error.message, status: $metadata.httpStatusCode, attempts: $metadata.attempts ?? 1 };
}

/**
 * Name and message of an error of the SDK. The error itself is never kept as a cause: a refused signature carries the canonical request,
 * and with it the session token (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, SignatureDoesNotMatch).
 */
export function causeOf(error: unknown): Error {
  const { name, message } = said(error);
  return Object.assign(new Error(message), { name });
}

/** An error of the SDK in the words of the ports. */
export function translate(error: unknown, about: About): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const { name, status } = said(error);
  const options = { cause: causeOf(error) };
  const at = `${about.action} on ${about.bucket}/${about.key}`;
  const what = `${at} failed: ${name}${status === undefined ? "" : ` (${status})`}`;
  // A version that is named by its ETag is gone when another one stands there.
  if (status === 412 && about.action === "s3:GetObject") return new ObjectMissing(about.key, options);
  if (missing.has(name) || (status === 405 && about.action !== "s3:RestoreObject")) return new ObjectMissing(about.key, options);
  if (name === "NoSuchUpload")
    return new UploadGone(
      `the upload of ${about.key} was committed or aborted`,
      "Look whether the object is there; else begin again.",
      options,
    );
  if (name === "InvalidObjectState") return new ObjectArchived(about.key, options);
  // R2's, of what a lock rule of the bucket holds: https://developers.cloudflare.com/r2/api/error-codes/
  if (name === "ObjectLockedByBucketPolicy") return new ObjectLocked(about.key, undefined, options);
  // Before what the code alone says: a full store may say EntityTooLarge (507) or AccessDenied.
  if (isFull(name, error, status)) return new StoreUnavailable(`${what}: the bucket or the account is full`, fullHint, options);
  if (name === "EntityTooLarge")
    return new ObjectTooLarge(`${about.key} is too large for the store`, "Split it, or choose another store.", options);
  if (name === "NoSuchBucket")
    return new StoreUnavailable(
      `${at} failed: there is no bucket ${about.bucket}`,
      "Deploy the storage, or correct the store's bucket in the plan.",
      options,
    );
  // AWS answers 400 to keys that ended.
  if (status === 401 || status === 403 || deniedHints[name] !== undefined)
    return new StoreDenied(
      `${at} was denied (${name})`,
      deniedHints[name] ?? `Look at the role: does its policy, and that of the bucket, allow ${about.action} there?`,
      options,
    );
  if (status !== undefined && status >= 300 && status < 400)
    return new StoreUnavailable(
      `${what}, it answers from elsewhere`,
      "Correct the region or the endpoint of the store in the plan; redirects are never followed.",
      options,
    );
  if (altered.has(name))
    return new StoreUnavailable(`${what}: the bytes changed on the way`, "Nothing was stored. Trying again usually helps.", options);
  return new StoreUnavailable(
    what,
    "Try again; if it stays, look at the network path to the store and at the store's own status.",
    options,
  );
}

/**
 * What stores call a quota that is used up. AWS has none, so the names are each maker's own:
 * - QuotaExceeded (403): Ceph, versitygw (https://github.com/versity/versitygw/pull/503) and others; QUOTA_EXCEEDED: Ozone (https://github.com/apache/ozone/pull/7878)
 * - XMinioAdminBucketQuotaExceeded (400), XMinioStorageFull (507): MinIO
 * - 507 with any code, also EntityTooLarge: https://stowage.dev/docs/s3-endpoint/quota-errors
 * - AccessDenied whose message says "storage cap exceeded": Backblaze
 */
const isFull = (name: string, error: unknown, status: number | undefined): boolean =>
  status === 507 ||
  /quota|storage_?(full|limit|cap)|insufficient_?storage/i.test(name) ||
  /\b(storage cap|quota) exceeded/i.test(said(error).message);
const fullHint =
  "Nothing was stored. Raise its quota at the store, or let it expire more: what is backed up meanwhile stands in the first store and is copied once there is room.";

/** And 405, the answer for a version that is a delete marker. */
const missing = new Set(["NoSuchKey", "NoSuchVersion", "NotFound"]);
const altered = new Set(["BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest"]);
const deniedHints: Record<string, string> = {
  ExpiredToken:
    "The keys have ended, and newer ones are not to be had or are refused too: is this machine's clock right? Keys of a session that stand in a secret last as long as it does.",
  InvalidAccessKeyId: "The store does not know the access key: look at the store's secret, or at the role.",
  SignatureDoesNotMatch: "The secret access key does not fit its access key id: look at the store's secret.",
  RequestTimeTooSkewed: "This machine's clock is more than 15 minutes off the store's: set it right.",
};
