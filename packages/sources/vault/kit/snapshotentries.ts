import { createCipheriv, createHash } from "node:crypto";

/** One entry of state.bin as a server keeps it. */
export type Item = { key: string; value: Buffer; wrap?: boolean };
/** `key`: of a seal that opens by itself; shares and threshold then are those of its recovery keys. */
export type KitSeal = { type: string; shares: number; threshold: number; key?: string };

/** The same bytes for the same seed, without a pattern: what a barrier's ciphertext looks like. */
export function noise(seed: string, bytes: number): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

/** A uuid made of the seed, the same each time. */
export function uuid(seed: string): string {
  const hex = createHash("sha256").update(seed).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

/** What every initialised cluster keeps under `core/`, in order. */
export function coreItems(seal: KitSeal, seed: string): Item[] {
  const opens = seal.type !== "shamir";
  const config = (type: string, shares: number, threshold: number) =>
    Buffer.from(JSON.stringify({ type, secret_shares: shares, secret_threshold: threshold, pgp_keys: null, nonce: "", backup: false }));
  const plain: Record<string, Buffer> = {
    "core/hsm/barrier-unseal-keys": blobInfo(noise(`${seed} keys`, 76), opens ? seal.key : undefined),
    "core/recovery-config": config("shamir", seal.shares, seal.threshold),
    "core/recovery-key": blobInfo(noise(`${seed} recovery`, 48), seal.key),
    "core/seal-config": opens ? config(seal.type, 1, 1) : config(seal.type, seal.shares, seal.threshold),
  };
  const hidden = ["core/audit", "core/auth", "core/cluster/local/info", "core/keyring", "core/mounts", "core/root-key", "core/shamir-kek"];
  const keys = [...hidden, ...Object.keys(plain)].sort();
  const mine = keys.filter((key) => (opens ? key !== "core/shamir-kek" : !key.startsWith("core/recovery")));
  return mine.map((key, number) => ({ key, value: plain[key] ?? noise(`${seed} ${number}`, 100) }));
}

/** Values begin at as many places of one pool, so that none has to be made: a GiB takes seconds. */
const PLACES = 2 ** 17;

/** Secrets of one mount, in order. */
export function* secretItems(count: number, bytes: number, seed: string): Generator<Item> {
  const pool = noise(seed, PLACES + bytes);
  const mount = `logical/${uuid(`${seed} mount`)}/${uuid(`${seed} version`)}/versions`;
  for (let i = 0; i < count; i++) {
    const from = (i * 4099) % PLACES;
    yield { key: `${mount}/${i.toString(16).padStart(8, "0")}`, value: pool.subarray(from, from + bytes) };
  }
}

/** What the seal wrapped: 1 ciphertext, 2 nonce, 5 { 3 key id }. A shamir seal names no key and writes field 5 all the same. */
export function blobInfo(text: Buffer, key: string | undefined): Buffer {
  if (key === undefined) return Buffer.concat([field(1, text), field(5, Buffer.alloc(0))]);
  return Buffer.concat([
    field(1, text),
    field(2, text.subarray(0, 12)),
    field(5, Buffer.concat([Buffer.from([0x08, 1]), field(3, Buffer.from(key))])),
  ]);
}

export function field(number: number, value: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(value.length), value]);
}

export function varint(number: number): Buffer {
  const bytes: number[] = [];
  for (let rest = number; bytes.length === 0 || rest > 0; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | (rest >= 128 ? 128 : 0));
  return Buffer.from(bytes);
}
