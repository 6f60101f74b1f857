import { NodeNotTrusted } from "./errors.ts";

/** OpenSSL's words for a certificate that does not hold, as Node gives them. */
const UNTRUSTED = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/;

const words: readonly (readonly [RegExp, string])[] = [
  [/^ERR_TLS_CERT_ALTNAME|^HOSTNAME/, "its certificate is for other names"],
  [/^CERT_HAS_EXPIRED/, "its certificate has expired"],
  [/^CERT_NOT_YET/, "its certificate is not valid yet"],
  [/WRONG_VERSION_NUMBER|^EPROTO/, "it does not speak TLS"],
  [/^UNABLE_TO|^SELF_SIGNED|^DEPTH_ZERO|^INVALID_CA/, "its certificate is signed by an authority that is not trusted"],
];

/** A failed handshake told as {@link NodeNotTrusted}; undefined for anything else. */
export function mistrust(node: string, code: string, cause: unknown): NodeNotTrusted | undefined {
  if (!UNTRUSTED.test(code)) return undefined;
  const why = words.find(([pattern]) => pattern.test(code))?.[1] ?? "its TLS is not ours";
  return new NodeNotTrusted(node, `${why} (${code})`, { cause });
}
