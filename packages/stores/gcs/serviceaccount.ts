import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { SecretUnusable, StoreUnavailable } from "@holdfast/core";
import { z } from "zod";
import type { Issue } from "./access.ts";
import { insist, type Line } from "./call.ts";
import { jsonOf } from "../json.ts";
import { exchange, form, scope } from "./token.ts";

/** What Google's file holds beside this is left alone, its addresses above all: a key that is sent elsewhere is lost. */
const file = z.object({
  type: z.literal("service_account"),
  client_email: z.email(),
  private_key: z.string().min(1),
  private_key_id: z.string().min(1),
});
type Key = { email: string; id: string; key: KeyObject };

/** A token for a service account by its key: https://developers.google.com/identity/protocols/oauth2/service-account. Throws {@link SecretUnusable}. */
export function byKey(line: Line, name: string, secret: string): Issue {
  const held = keyIn(name, secret);
  return async () => {
    const assertion = signed(held, await googlesTime(line));
    return exchange(line, {
      what: `signing in to Google as ${held.email}`,
      request: { url: tokenUrl(line), ...form({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion }) },
      secrets: [assertion],
      hint: (said) =>
        /account not found|disabled/i.test(said)
          ? `The service account ${held.email} is gone or disabled.`
          : `Google does not take this key: it was deleted or belongs to another account. Put a new one into ${name}, or use federation.`,
    });
  };
}

function keyIn(name: string, secret: string): Key {
  const parsed = file.safeParse(jsonOf(secret));
  if (!parsed.success) throw unusable(name, parsed.error.issues.map(({ path }) => path.join(".") || "the whole").join(", "));
  const { client_email: email, private_key_id: id, private_key: pem } = parsed.data;
  try {
    return { email, id, key: createPrivateKey(pem) };
  } catch {
    throw unusable(name, "private_key");
  }
}
const unusable = (name: string, what: string) =>
  new SecretUnusable(
    `the secret ${name} is not the key of a service account: ${what}`,
    "It must be the JSON file that Google made for the key, whole and unchanged.",
  );

const tokenUrl = ({ hosts }: Line): string => `${hosts.oauth}/token`;
const lifetime = 3_600;

/** RFC 7523 with RS256; `now` in seconds. */
function signed({ email, id, key }: Key, now: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: email, scope, aud: "https://oauth2.googleapis.com/token", iat: now, exp: now + lifetime };
  const said = `${part({ alg: "RS256", typ: "JWT", kid: id })}.${part(claims)}`;
  return `${said}.${sign("sha256", Buffer.from(said), key).toString("base64url")}`;
}

/** The clock that judges the signature is asked for the time, so this machine's own does not matter. Seconds. */
async function googlesTime(line: Line): Promise<number> {
  const { headers, cause } = await insist(line, { method: "GET", url: tokenUrl(line) });
  const seconds = Math.floor(new Date(headers.date ?? "").getTime() / 1_000);
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new StoreUnavailable("Google did not say what time it is", "Look at the network path to oauth2.googleapis.com.", { cause });
}
