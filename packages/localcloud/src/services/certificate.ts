import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";

/** A certificate and its key in PEM, made here: Node reads certificates but writes none, and nobody needs openssl. */
export type Certificate = { cert: string; key: string; pair: { publicKey: KeyObject; privateKey: KeyObject }; name: string };

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const size = body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.of(tag, ...size), body]);
};
const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const oid = (...bytes: number[]) => der(0x06, Buffer.of(...bytes));
const text = (value: string) => der(0x0c, Buffer.from(value));

const ECDSA_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const COMMON_NAME = oid(0x55, 0x04, 0x03);
const SUBJECT_ALTERNATIVES = oid(0x55, 0x1d, 0x11);
const BASIC_CONSTRAINTS = oid(0x55, 0x1d, 0x13);
/** RFC 5280, X.509 v3; valid from 2025 to 2049, whatever the clock, unless a test wants one that has expired. */
const FROM = der(0x17, Buffer.from("250101000000Z"));
const UNTIL = "491231235959Z";

const named = (name: string) => sequence(der(0x31, sequence(COMMON_NAME, text(name))));
const extension = (id: Buffer, value: Buffer) => sequence(id, der(0x04, value));

/** An authority, a server's certificate signed by one, or, with hosts and nobody that signs it, a server's own. `hosts`: DNS names and IPv4 addresses. */
export function makeCertificate(name: string, by?: Certificate, hosts: readonly string[] = [], until = UNTIL): Certificate {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const alternatives = hosts.map((host) =>
    /^[\d.]+$/.test(host) ? der(0x87, Buffer.from(host.split(".").map(Number))) : der(0x82, Buffer.from(host)),
  );
  const extensions = [
    ...(by || hosts.length > 0 ? [extension(SUBJECT_ALTERNATIVES, sequence(...alternatives))] : []),
    ...(by ? [] : [extension(BASIC_CONSTRAINTS, sequence(der(0x01, Buffer.of(0xff))))]),
  ];
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ECDSA_SHA256,
    named(by?.name ?? name),
    sequence(FROM, der(0x17, Buffer.from(until))),
    named(name),
    pair.publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = createSign("sha256")
    .update(body)
    .sign((by?.pair ?? pair).privateKey);
  const whole = sequence(body, ECDSA_SHA256, der(0x03, Buffer.of(0), signature));
  const cert = `-----BEGIN CERTIFICATE-----\n${whole.toString("base64").replaceAll(/(.{64})(?!$)/g, "$1\n")}\n-----END CERTIFICATE-----\n`;
  return { cert, key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(), pair, name };
}
