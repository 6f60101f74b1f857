import { LockShortened, ObjectExists, type Ref, StoreDenied } from "@holdfast/core";
import { type Azure, call } from "./call.ts";
import { head } from "./head.ts";
import { pinned } from "./stored.ts";

/**
 * Version-level immutability, locked: nobody shortens it, not even the owner of the account. Counted in seconds: `until` is rounded up.
 * Compared before it is set, where the role may see it; else Azure refuses.
 */
export async function lockUntil(azure: Azure, at: Ref, until: Date): Promise<void> {
  const wanted = new Date(Math.ceil(until.getTime() / 1_000) * 1_000);
  const present = await visibleLock(azure, at);
  if (present && present > wanted) throw shortened(at.key, present);
  const headers = { "x-ms-immutability-policy-until-date": wanted.toUTCString(), "x-ms-immutability-policy-mode": "locked" };
  const { query } = pinned(at.version);
  const set = { action: "Set Blob Immutability Policy", method: "PUT", query: { comp: "immutabilityPolicies", ...query } } as const;
  try {
    await call(azure, { ...set, key: at.key, headers });
  } catch (error) {
    // BlobImmutableDueToPolicy: the policy that stands there is not to be changed in this way.
    throw error instanceof ObjectExists ? shortened(at.key, present, { cause: error.cause }) : error;
  }
}

async function visibleLock(azure: Azure, at: Ref): Promise<Date | undefined> {
  try {
    return (await head(azure, at))?.lockedUntil;
  } catch (error) {
    if (error instanceof StoreDenied) return undefined;
    throw error;
  }
}

const shortened = (key: string, present: Date | undefined, options?: ErrorOptions) =>
  new LockShortened(`${key} is locked until ${present?.toISOString() ?? "later"}`, "A lock can only be lengthened.", options);
