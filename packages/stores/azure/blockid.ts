import { randomBytes } from "node:crypto";

/**
 * Blocks of a blob that is not committed have no other description than their id, so the id says what the block is: whose upload, which
 * part, how many bytes, which CRC64NVME. All ids of a blob must have the same length, 64 bytes at most
 * (https://learn.microsoft.com/rest/api/storageservices/put-block). Part 0 says something about the upload itself.
 */
export type Block = { token: string; n: number; bytes: number; crc: string };

/** Of an upload that was begun, and of one that was aborted: blocks of one byte that are never committed. */
export const marks = { begun: "b".repeat(16), aborted: "a".repeat(16) };
export const marker = (token: string, mark: keyof typeof marks): Block => ({ token, n: 0, bytes: 1, crc: marks[mark] });

/** Base64, as the service has it. */
export function blockId({ token, n, bytes, crc }: Block): string {
  return Buffer.from(`hf1.${token}.${String(n).padStart(5, "0")}.${String(bytes).padStart(10, "0")}.${crc}`).toString("base64");
}

/** Undefined for a block of somebody else. */
export function parseBlockId(id: string): Block | undefined {
  const [, token, n, bytes, crc] =
    /^hf1\.([0-9a-f]{16})\.(\d{5})\.(\d{10})\.([0-9a-f]{16})$/.exec(Buffer.from(id, "base64").toString()) ?? [];
  return token === undefined || crc === undefined ? undefined : { token, n: Number(n), bytes: Number(bytes), crc };
}

/** 16 hexadecimal digits: tells the blocks of one upload from those of others under the same name. */
export const newToken = (): string => randomBytes(8).toString("hex");
