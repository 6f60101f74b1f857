import { createHmac } from "node:crypto";

type Account = { account: string; key: string };

/** A shared access signature for a container. https://learn.microsoft.com/rest/api/storageservices/create-service-sas */
export function signature({ account, key }: Account, container: string, permissions: string, hours = 1): string {
  const expiry = `${new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 19)}Z`;
  const version = "2020-12-06";
  // Permissions, start, expiry, resource, identifier, addresses, protocol, version, kind, snapshot, encryption scope, five response headers.
  const signed = [permissions, "", expiry, `/blob/${account}/${container}`, "", "", "", version, "c", "", "", "", "", "", "", ""];
  const sig = createHmac("sha256", Buffer.from(key, "base64")).update(signed.join("\n")).digest("base64");
  return `?${new URLSearchParams({ sv: version, se: expiry, sr: "c", sp: permissions, sig })}`;
}
