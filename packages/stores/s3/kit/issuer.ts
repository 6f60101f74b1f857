import { createSign, generateKeyPairSync } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { Identity } from "@holdfast/core";

/** Who signs for AWS, as a store sees it: an issuer's address with its keys behind it, and JWTs in the shape of GetWebIdentityToken's. */
export type Issuer = {
  address: string;
  token(claims: Record<string, unknown>): string;
  as(role: string): Identity;
  close(): Promise<void>;
};

export async function issuer(): Promise<Issuer> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const keys = [{ ...publicKey.export({ format: "jwk" }), kid: "k1", alg: "RS256", use: "sig" }];
  const server = http.createServer((_, response) => response.setHeader("content-type", "application/json").end(JSON.stringify({ keys })));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = (claims: Record<string, unknown>) => {
    const now = Math.floor(Date.now() / 1_000);
    const signed = `${part({ alg: "RS256", kid: "k1", typ: "JWT" })}.${part({ iss: address, iat: now, exp: now + 900, ...claims })}`;
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey).toString("base64url")}`;
  };
  return {
    address,
    token,
    as: (role) => ({
      token: async (aud, seconds) => token({ sub: role, aud, exp: Math.floor(Date.now() / 1_000) + seconds }),
      callerIdentity: () => Promise.reject(new Error("not asked")),
    }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
