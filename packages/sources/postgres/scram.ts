import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

const ITERATIONS = 4096;
const SALT_BYTES = 16;
/** 144 bits: nobody guesses it, and it lives for an hour. */
const PASSWORD_BYTES = 18;

export const randomPassword = (): string => randomBytes(PASSWORD_BYTES).toString("base64url");

/**
 * What the server stores of a password (RFC 5802 and 7677, in the form of src/common/scram-common.c). Sent in place of the password it keeps it out of
 * the server's log, which shows whole statements when log_statement is `ddl`. `password` must be ASCII.
 */
export function scramVerifier(password: string, salt = randomBytes(SALT_BYTES)): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, "sha256");
  const key = (name: string) => createHmac("sha256", salted).update(name).digest();
  const stored = createHash("sha256").update(key("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString("base64")}$${stored}:${key("Server Key").toString("base64")}`;
}
