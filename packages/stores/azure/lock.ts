import { LockShortened, type Ref, StoreDenied } from "@holdfast/core";
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
  await call(azure, {
    action: "Set Blob Immutability Policy",
    method: "PUT",
    key: at.key,
    query: { comp: "immutabilityPolicies", ...query },
    headers,
  });
}

async function visibleLock(azure: Azure, at: Ref): Promise<Date | undefined> {
  try {
    return (await head(azure, at))?.lockedUntil;
  } catch (error) {
    if (error instanceof StoreDenied) return undefined;
    throw error;
  }
}

const shortened = (key: string, present: Date) =>
  new LockShortened(`${key} is locked until ${present.toISOString()}`, "A lock can only be lengthened.");
