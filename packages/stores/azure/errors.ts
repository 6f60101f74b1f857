import {
  HoldfastError,
  ObjectArchived,
  ObjectExists,
  ObjectMissing,
  ObjectTooLarge,
  StoreDenied,
  StoreUnavailable,
  UploadGone,
} from "@holdfast/core";
import { causeOf, Refusal } from "./refusal.ts";

/** One call: what Azure's manual calls it and what it is about. */
export type About = { action: string; container: string; key: string };

/** A refusal in the words of the ports. */
export function translate(error: unknown, about: About): HoldfastError {
  if (error instanceof HoldfastError) return error;
  if (!(error instanceof Refusal)) throw error;
  const { name, status } = error;
  const options = { cause: causeOf(error) };
  const at = `${about.action} on ${about.container}/${about.key}`;
  const what = `${at} failed: ${name}${status === undefined ? "" : ` (${status})`}`;
  if (missing.has(name) || (about.action.startsWith("Get Blob") && status === 412)) return new ObjectMissing(about.key, options);
  if (name === "BlobArchived" || name === "BlobBeingRehydrated") return new ObjectArchived(about.key, options);
  if (taken.has(name)) return new ObjectExists(about.key, options);
  if (name === "InvalidBlockList")
    return new UploadGone(
      `the blocks of ${about.key} are gone: another upload of it was committed`,
      "Look whether the object is there; else begin again.",
      options,
    );
  if (tooLarge.has(name))
    return new ObjectTooLarge(`${about.key} is too large for the store`, "Split it, or choose another store.", options);
  if (status === 401 || status === 403) return new StoreDenied(`${at} was denied (${name})`, deniedHint(error, about), options);
  if (status !== undefined && status >= 300 && status < 400)
    return new StoreUnavailable(
      `${what}, it answers from elsewhere`,
      "Correct the store's endpoint in the plan; redirects are never followed.",
      options,
    );
  return new StoreUnavailable(what, hints[name] ?? anyHint, options);
}

const missing = new Set(["BlobNotFound", "CannotVerifyCopySource"]);
/**
 * All say of a create-only write that something stands there: by the condition, in either of two shapes; by a SAS or a role that may make
 * blobs and not overwrite them; by a policy that keeps the blob as it is.
 */
export const taken = new Set(["BlobAlreadyExists", "UnauthorizedBlobOverwrite", "BlobImmutableDueToPolicy", "BlobImmutableDueToLegalHold"]);
const tooLarge = new Set(["RequestBodyTooLarge", "BlockListTooLong", "ContentLengthLargerThanTierLimit"]);

const anyHint = "Try again; if it stays, look at the network path to the account and at Azure's own status.";
const hints: Record<string, string> = {
  ContainerNotFound: "Make the container, or correct the store's account and container in the plan.",
  ContainerBeingDeleted: "Somebody is deleting the container. Make it again, or name another in the plan.",
  AccountIsDisabled: "The account is disabled: look at its subscription in Azure.",
  Crc64Mismatch: "The bytes changed on the way. Nothing was stored. Trying again usually helps.",
  Md5Mismatch: "The bytes changed on the way. Nothing was stored. Trying again usually helps.",
  ServerBusy: "The account is over its limits. Trying later helps; a lasting limit is raised by Azure's support.",
  OperationTimedOut: "The service was too slow. Trying again usually helps.",
  InsufficientStorage: "The account is full or over its quota: look at its limits in Azure.",
  StorageAccountCapacityExceeded: "The account is full or over its quota: look at its limits in Azure.",
  ENOTFOUND: "There is no such account, or its name cannot be resolved from here: correct the account or the endpoint in the plan.",
  FeatureNotEnabled: "The account lacks what was asked for: blob versioning, version-level immutability, or index tags.",
  BlobTagsNotSupportedForAccountType:
    "Accounts with a hierarchical namespace have no index tags: backups could not be released there. Take another account.",
  // Of all uploads under the name together, whatever becomes of them: https://github.com/Azure/azure-sdk-for-net/issues/22856
  BlockCountExceedsLimit:
    "100,000 blocks of uploads that failed wait under this name, and Azure takes no more of them. It drops them a week after the last one came; to go on sooner, let somebody who may delete there make an empty blob of this name and delete it again, which drops them at once. Find out what ended those uploads.",
  InvalidBlobOrBlock: "Blocks of another program are waiting under this name; Azure drops them a week after the last one came.",
};

/** https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key: a request is good for a quarter of an hour. */
const minutesGood = 15;
function deniedHint({ name, ahead }: Refusal, { action }: About): string {
  if (Math.abs(ahead) >= minutesGood)
    return `This machine's clock is ${Math.abs(ahead)} minutes ${ahead > 0 ? "ahead of" : "behind"} Azure's: set it right.`;
  return deniedHints[name] ?? `Does the role on the container, or the SAS, allow ${action}? Roles take up to ten minutes to count.`;
}
const deniedHints: Record<string, string> = {
  AuthorizationFailure: "The account's network rules keep this address out, or it takes no keys: look at its networking and configuration.",
  AuthenticationFailed:
    "The key or the SAS in the store's secret is wrong or has expired, or this machine's clock is off by more than 15 minutes.",
  InvalidAuthenticationInfo: "The token was not taken: is it for this account's tenant?",
  KeyBasedAuthenticationNotPermitted: "The account takes no keys: use federation, which is safer anyway.",
  AuthorizationPermissionMismatch:
    "The identity is known and has no role that allows this on the container. Roles take up to ten minutes to count.",
  AuthorizationProtocolMismatch: "The SAS is for another protocol: it must allow https.",
  AuthorizationSourceIPMismatch: "The SAS is for another address than this one.",
  AuthorizationResourceTypeMismatch: "The SAS is not for blobs of a container: make one for this container.",
  AuthorizationServiceMismatch: "The SAS is not for the blob service.",
};
