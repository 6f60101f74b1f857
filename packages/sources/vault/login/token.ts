import type { Secrets } from "@holdfast/core";
import type { Login } from "../config.ts";
import { readFields } from "./secret.ts";

/** A token that somebody else made; it is theirs to revoke. */
export async function givenToken({ secret }: Extract<Login, { method: "token" }>, secrets: Secrets): Promise<string> {
  return (await readFields(secrets, secret, ["token"])).token;
}
