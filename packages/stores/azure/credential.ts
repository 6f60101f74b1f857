import { createHmac } from "node:crypto";
import type { Outgoing } from "../exchange.ts";

/** A request before it is authorised: what is signed stands in `headers` and `query`. */
export type Unsigned = { method: string; path: string; query: Record<string, string>; headers: Record<string, string>; bytes: number };
/** Shows who asks, in a request's headers or its query. */
export type Credential = {
  authorize(request: Unsigned): Promise<Pick<Unsigned, "query" | "headers">>;
  /** The service did not take what was shown. True where something new will be shown the next time. */
  renew(shown: Record<string, string>): boolean;
};

/** A token that somebody keeps fresh. */
export function bearer(tokens: { current(): Promise<string>; drop(token: string): void }): Credential {
  return {
    async authorize({ query, headers }) {
      return { query, headers: { ...headers, authorization: `Bearer ${await tokens.current()}` } };
    },
    renew(shown) {
      tokens.drop(shown.authorization?.slice("Bearer ".length) ?? "");
      return true;
    },
  };
}

/** A shared access signature: `sv=…&sig=…`, as Azure gives it out, with or without a question mark. */
export function sharedAccess(signature: string): Credential {
  const parameters = Object.fromEntries(new URLSearchParams(signature.replace(/^\?/, "")));
  return { authorize: async ({ query, headers }) => ({ query: { ...query, ...parameters }, headers }), renew: () => false };
}

/** The account's key, base64. https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
export function sharedKey(account: string, key: string): Credential {
  const secret = Buffer.from(key, "base64");
  return {
    async authorize(request) {
      const signature = createHmac("sha256", secret).update(stringToSign(account, request)).digest("base64");
      return { query: request.query, headers: { ...request.headers, authorization: `SharedKey ${account}:${signature}` } };
    },
    renew: () => false,
  };
}

const signedHeaders = [
  "content-md5",
  "content-type",
  "date",
  "if-modified-since",
  "if-match",
  "if-none-match",
  "if-unmodified-since",
  "range",
];
function stringToSign(account: string, { method, path, query, headers, bytes }: Unsigned): string {
  const own = Object.keys(headers).filter((name) => name.startsWith("x-ms-"));
  const resource = Object.keys(query)
    .sort()
    .map((name) => `\n${name.toLowerCase()}:${query[name]}`);
  return [
    // Method, Content-Encoding, Content-Language, Content-Length: nothing where it is zero.
    ...[method, "", "", bytes === 0 ? "" : String(bytes)],
    ...signedHeaders.map((name) => headers[name] ?? ""),
    ...own.sort().map((name) => `${name}:${headers[name]}`),
    `/${account}${path}${resource.join("")}`,
  ].join("\n");
}

/** `path` with the query, encoded for the request line. */
export function onTheWire(
  { method, path }: Unsigned,
  { query, headers }: Pick<Unsigned, "query" | "headers">,
): Pick<Outgoing, "method" | "path" | "headers"> {
  const parameters = Object.entries(query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return { method, path: parameters.length > 0 ? `${path}?${parameters.join("&")}` : path, headers };
}
