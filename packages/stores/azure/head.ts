import { ObjectMissing, type Stored } from "@holdfast/core";
import type { At } from "../resumed.ts";
import { type Azure, call } from "./call.ts";
import { type Claim, claimOf, fromHead, one, pinned } from "./stored.ts";

/** Without the mark. Undefined where there is no such object or version. */
export async function head(azure: Azure, at: At): Promise<Stored | undefined> {
  return (await headWithMore(azure, at))?.stored;
}

/** And how many tags are on it, as far as the role may know, and what its writer says of it. */
export type Headed = { stored: Stored; tags: number; claim: Partial<Claim> };
export async function headWithMore(azure: Azure, { key, version }: At): Promise<Headed | undefined> {
  try {
    const { headers } = await call(azure, { action: "Get Blob Properties", method: "HEAD", key, ...pinned(version) });
    return { stored: fromHead(key, headers), tags: Number(one(headers["x-ms-tag-count"]) ?? 0), claim: claimOf(headers) };
  } catch (error) {
    if (error instanceof ObjectMissing) return undefined;
    throw error;
  }
}

/**
 * What stands there, if this upload made it of these bytes: nobody else knew its token. Its sum is then the one that the service checked, block by block.
 */
export function madeBy({ token, bytes, crc }: Claim & { bytes: number }, found: Headed | undefined): Stored | undefined {
  const ours = found?.stored.bytes === bytes && found.claim.token === token && found.claim.crc === crc;
  return ours ? { ...found.stored, sums: { crc64nvme: crc } } : undefined;
}
