import { sampleBytes } from "../margins.ts";
import type { Range } from "../ports/store.ts";

/** A chunk of an age file: 64 KiB of plaintext and the tag. https://c2sp.org/age#payload */
const chunkBytes = 65_536 + 16;
const nonceBytes = 16;
/** A header has a stanza for each recipient; a post-quantum one takes 1.6 kB. The nonce follows it. */
export const headerAtMost = 65_536 + nonceBytes;

/** The first chunk follows the header, which ends with the line of its MAC, and the nonce. */
export function payloadStart(head: Uint8Array): number {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length);
  const mac = text.indexOf("\n--- ");
  const end = mac < 0 ? -1 : text.indexOf("\n", mac + 1);
  return end < 0 ? 0 : end + 1 + nonceBytes;
}

/** Some {@link sampleBytes} of whole chunks. `random`, from 0 up to 1, says where. */
export function payloadRange(bytes: number, start: number, random: number): Range {
  const chunks = Math.ceil((bytes - start) / chunkBytes);
  const taken = Math.min(chunks, Math.floor(sampleBytes / chunkBytes));
  const from = start + Math.floor(random * (chunks - taken + 1)) * chunkBytes;
  return { from, to: Math.min(bytes, from + taken * chunkBytes) };
}
