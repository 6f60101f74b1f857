import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { StoreUnavailable } from "@holdfast/core";
import type { Azure } from "./call.ts";
import { toWire } from "./crc64.ts";
import { one } from "./stored.ts";

const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("base64");

/** The header by which the service checks a body. It refuses two. */
export const checkedBy = ({ checksum }: Azure, bytes: Uint8Array, crc: string): Record<string, string> =>
  checksum === "md5" ? { "content-md5": md5(bytes) } : { "x-ms-content-crc64": toWire(crc) };

/**
 * The service answers with the digest that it computed itself. One that does not has checked nothing, whatever it was sent: so does
 * Azurite with a CRC64. Throws {@link StoreUnavailable}.
 */
export function requireChecked({ checksum }: Azure, key: string, headers: IncomingHttpHeaders, bytes: Uint8Array, crc: string): void {
  const computed = { crc: one(headers["x-ms-content-crc64"]), md5: one(headers["content-md5"]) };
  if (computed.crc === undefined && computed.md5 === undefined && checksum === "md5") return;
  if (computed.crc === toWire(crc) || (computed.md5 !== undefined && computed.md5 === md5(bytes))) return;
  const how = computed.crc === undefined && computed.md5 === undefined ? "did not check the bytes" : "computed another checksum than ours";
  throw new StoreUnavailable(
    `${key}: the store ${how}`,
    "What it holds cannot be trusted. If it knows no CRC64, as Azurite, set the store's checksum to md5 in the plan.",
  );
}
