import type { Surroundings } from "@holdfast/core";
import { z } from "zod";
import type { Client } from "./client.ts";
import type { Login } from "./config.ts";
import { LoginRefused } from "./errors.ts";
import { approle } from "./login/approle.ts";
import { aws } from "./login/aws.ts";
import { jwt } from "./login/jwt.ts";
import type { Attempt } from "./login/method.ts";
import { givenToken } from "./login/token.ts";
import { refusal, wordsOf } from "./refusal.ts";

/** `how` says in words who logged in by what. `end` revokes the token where that is possible; it never throws. */
export type Session = { token: string; how: string; end(): Promise<void> };

/** Tokens of Vault look like `hvs.…` or `hvb.…`, OpenBao's like `s.…` or `b.…`, and both may change: the shape says nothing. */
const answer = z.looseObject({
  auth: z.looseObject({ client_token: z.string().min(1), token_type: z.string().optional() }),
});

/**
 * Logs in at a node and trusts it for nothing else. Throws {@link LoginRefused}, {@link SecretUnusable}, {@link IdentityRefused} and what {@link Client.ask}
 * and {@link refusal} throw. The namespace counts for the login alone: the snapshot is the root's.
 */
export async function login(
  client: Client,
  node: string,
  auth: Login,
  { secrets, identity }: Pick<Surroundings, "secrets" | "identity">,
): Promise<Session> {
  if (auth.method === "token") return { token: await givenToken(auth, secrets), how: "a token of the plan", end: async () => {} };
  const attempt = await prepare(auth, { secrets, identity });
  const { status, json } = await client.ask(node, "POST", `auth/${auth.mount}/login`, { body: attempt.body, namespace: auth.namespace });
  const told = answer.safeParse(json);
  if (status !== 200 || !told.success) throw refused(node, auth, attempt, { status, json });
  const { client_token: token, token_type: type } = told.data.auth;
  return { token, how: attempt.how, end: () => (type === "batch" ? Promise.resolve() : revoke(client, node, token)) };
}

function prepare(
  auth: Exclude<Login, { method: "token" }>,
  { secrets, identity }: Pick<Surroundings, "secrets" | "identity">,
): Promise<Attempt> {
  if (auth.method === "approle") return approle(auth, secrets);
  return auth.method === "jwt" ? jwt(auth, identity) : aws(auth, identity);
}

/** 400: the method looked at what it was given and says no; 403 and 404: it is not there, or its answer is not for us. */
const REFUSED = new Set([400, 401, 403, 404, 412]);

function refused(node: string, auth: Exclude<Login, { method: "token" }>, attempt: Attempt, got: { status: number; json: unknown }): Error {
  if (!REFUSED.has(got.status)) return refusal(node, `it was asked for a login by ${attempt.how}`, got, attempt.secret);
  const said = wordsOf(got.json, attempt.secret);
  return new LoginRefused(node, attempt.how, said, hintFor(said, auth, attempt));
}

function hintFor(said: string, { mount, namespace, method }: Exclude<Login, { method: "token" }>, attempt: Attempt): string {
  if (/^(permission denied|no handler for route|unsupported path|$)/.test(said) || /no handler for route/.test(said))
    return `Check that the auth method ${method} is enabled at ${mount}/${namespace === undefined ? "" : ` in the namespace ${namespace}`}. ${attempt.hint("")}`;
  return attempt.hint(said);
}

/** The verb is over: a node that does not answer must not hold it up, and a token that stays expires by itself. */
const GOODBYE = 5;

async function revoke(client: Client, node: string, token: string): Promise<void> {
  try {
    await client.ask(node, "POST", "auth/token/revoke-self", { token, timeoutSeconds: GOODBYE });
  } catch {
    // What the verb found out counts, whether it succeeded or failed.
  }
}
