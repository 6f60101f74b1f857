import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { StoreUnavailable } from "@holdfast/core";
import { blockId, type Block } from "./blockid.ts";
import { aboutOf, type Azure, ask } from "./call.ts";
import { toWire } from "./crc64.ts";
import { translate } from "./errors.ts";
import { Refusal } from "./refusal.ts";
import { one } from "./stored.ts";

const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("base64");

/** The header by which the service checks a body. It refuses two. */
export const checkedBy = ({ checksum }: Azure, bytes: Uint8Array, crc: string): Record<string, string> =>
  checksum === "md5" ? { "content-md5": md5(bytes) } : { "x-ms-content-crc64": toWire(crc) };

/**
 * The service answers with the digest that it computed itself. One that tells none has checked nothing, whatever it was sent: so does Azurite with a
 * CRC64. With MD5 it checks and is silent, which it has to show once by refusing a wrong one. Throws {@link StoreUnavailable}.
 */
export async function requireChecked(
  azure: Azure,
  key: string,
  headers: IncomingHttpHeaders,
  bytes: Uint8Array,
  crc: string,
): Promise<void> {
  const computed = { crc: one(headers["x-ms-content-crc64"]), md5: one(headers["content-md5"]) };
  const silent = computed.crc === undefined && computed.md5 === undefined;
  if (computed.crc === toWire(crc) || (computed.md5 !== undefined && computed.md5 === md5(bytes))) return;
  if (silent && azure.checksum === "md5" && (await refusesWrong(azure, key))) return;
  const how = silent ? "did not check the bytes" : "computed another checksum than ours";
  throw new StoreUnavailable(
    `${key}: the store ${how}`,
    "What it holds cannot be trusted. If it knows no CRC64, as Azurite, set the store's checksum to md5 in the plan.",
  );
}

const shown = new WeakMap<Azure, Promise<boolean>>();
/** Asked once for each store that is open. */
function refusesWrong(azure: Azure, key: string): Promise<boolean> {
  const known = shown.get(azure);
  if (known) return known;
  const asking = sendWrong(azure, key);
  shown.set(azure, asking);
  asking.catch(() => shown.delete(azure));
  return asking;
}

/** Part 0 is never committed; the service drops it with the blocks that are not. */
const wrong: Block = { token: "0".repeat(16), n: 0, bytes: 1, crc: "f".repeat(16) };
async function sendWrong(azure: Azure, key: string): Promise<boolean> {
  const query = { comp: "block", blockid: blockId(wrong) };
  const headers = { "content-md5": md5(Buffer.from("something else")) };
  try {
    await ask(azure, { action: "Put Block", method: "PUT", key, query, headers, body: Buffer.from(".") });
    return false;
  } catch (error) {
    if (error instanceof Refusal && error.status === 400) return true;
    throw translate(error, aboutOf(azure, { action: "Put Block", key }));
  }
}
