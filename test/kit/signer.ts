import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { keyIdOf, type Sign, type TrustedKeys } from "@holdfast/core";

export type Signer = Sign & { trusted: TrustedKeys; pem: string };

/** What KMS does with an ECDSA P-256 key, in this process: it gets a digest and answers with a signature in DER. */
export function signer(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const keyId = keyIdOf(pem);
  const d = scalar(privateKey);
  return { keyId, pem, trusted: { [keyId]: pem }, sign: async (digest) => signDigest(d, digest) };
}

/**
 * Node signs messages, KMS digests. ECDSA is done by hand: s = (z + r d) / k, with the r of k's own point. One k serves all signatures, which
 * gives the key away and takes no time: for tests alone.
 */
function signDigest(key: bigint, digest: Uint8Array): Uint8Array {
  nonce ??= nonceOf();
  const { r, inverted } = nonce;
  const s = (inverted * (BigInt(`0x${Buffer.from(digest).toString("hex")}`) + r * key)) % order;
  return Buffer.concat([Buffer.of(0x30, der(r).length + der(s).length), der(r), der(s)]);
}

let nonce: { r: bigint; inverted: bigint } | undefined;
function nonceOf(): { r: bigint; inverted: bigint } {
  const once = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const r = BigInt(`0x${Buffer.from(once.export({ format: "jwk" }).x ?? "", "base64url").toString("hex")}`) % order;
  return { r, inverted: inverse(scalar(once)) };
}
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const scalar = (key: KeyObject) => BigInt(`0x${Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url").toString("hex")}`);

/** By Fermat: a^(order - 2), since the order is prime. */
function inverse(of: bigint): bigint {
  let [result, base] = [1n, of];
  for (let exponent = order - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % order;
    base = (base * base) % order;
  }
  return result;
}

/** A positive INTEGER: two's complement, so a leading bit that is set needs a zero byte before it. */
function der(value: bigint): Buffer {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
  const body = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return Buffer.concat([Buffer.of(0x02, body.length), body]);
}
