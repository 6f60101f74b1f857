import { ObjectMissing, type Part } from "@holdfast/core";
import { type Block, blockId, marker, parseBlockId } from "./blockid.ts";
import { type Azure, call } from "./call.ts";
import { checkedBy, requireChecked } from "./checksum.ts";
import { crc64 } from "./crc64.ts";
import { element, elements } from "./xml.ts";

/** Sends one block. The service refuses one that changed on the way. An empty one needs no sending, and cannot be sent. */
export async function putBlock(
  azure: Azure,
  key: string,
  token: string,
  n: number,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<Part> {
  const crc = crc64(bytes);
  const id = blockId({ token, n, bytes: bytes.length, crc });
  if (bytes.length > 0) await send(azure, key, id, bytes, crc, signal);
  return { n, bytes: bytes.length, etag: id, sums: { crc64nvme: crc } };
}

async function send(azure: Azure, key: string, id: string, bytes: Uint8Array, crc: string, signal?: AbortSignal): Promise<void> {
  const headers = checkedBy(azure, bytes, crc);
  const answer = await call(azure, {
    action: "Put Block",
    method: "PUT",
    key,
    query: { comp: "block", blockid: id },
    headers,
    body: bytes,
    signal,
  });
  await requireChecked(azure, key, answer.headers, bytes, crc);
}

const mark = Buffer.from(".");
export const putMarker = (azure: Azure, key: string, token: string, what: "begun" | "aborted"): Promise<void> =>
  send(azure, key, blockId(marker(token, what)), mark, crc64(mark));

/** A block that waits to be committed. `bytes` is what the service holds. */
export type Waiting = Block & { id: string };

/** The blocks of one upload that wait, and whether it may still be committed. */
export type Uploaded = { open: boolean; blocks: Waiting[] };

/** Blocks belong to a name, not to an upload: those of other uploads of the same key are passed over. */
export async function uploaded(azure: Azure, key: string, token: string): Promise<Uploaded> {
  const ours = (await waiting(azure, key)).filter((block) => block.token === token);
  const has = (what: "begun" | "aborted") => ours.some(({ id }) => id === blockId(marker(token, what)));
  return { open: has("begun") && !has("aborted"), blocks: ours.filter(({ n }) => n > 0) };
}

/** Every block of ours under a name that was not committed. */
export async function waiting(azure: Azure, key: string): Promise<Waiting[]> {
  const query = { comp: "blocklist", blocklisttype: "uncommitted" };
  const { body } = await call(azure, { action: "Get Block List", method: "GET", key, query }).catch((error) => {
    if (error instanceof ObjectMissing) return { body: "" };
    throw error;
  });
  return [...elements(element(body, "UncommittedBlocks") ?? "", "Block")].flatMap(({ inner }) => {
    const id = element(inner, "Name") ?? "";
    const block = parseBlockId(id);
    return block ? [{ ...block, id, bytes: Number(element(inner, "Size")) }] : [];
  });
}
