import type { IncomingHttpHeaders } from "node:http";
import { type Identity, StoreDenied, StoreUnavailable } from "@holdfast/core";
import { z } from "zod";
import { audience } from "./config.ts";
import { type Exchange, exchangeWith, textOf } from "../exchange.ts";
import { jsonOf } from "../json.ts";
import type { Wait } from "../retry.ts";
import { told } from "../told.ts";
import { causeOf, lostBy, Refusal } from "./refusal.ts";
import { waitAfter } from "./retry.ts";

export type Federation = { tenant: string; client: string; authority: string };
export type Tokens = { current(): Promise<string>; drop(token: string): void };

/** It is shown once, so it need not live long. */
const assertionSeconds = 300;
const scope = "https://storage.azure.com/.default";
/** Milliseconds before its end at which a token is not used any more: longer than one request may take. */
const margin = 300_000;

const granted = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive() });
const refused = z.object({ error: z.string(), error_description: z.string().default("") });

/**
 * Access tokens for storage, each got for a token of AWS that says which role runs this, and kept until shortly before its end. Calls at
 * the same time share one exchange. https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export function exchangedTokens(federation: Federation, identity: Identity, { now, wait }: { now: () => Date; wait: Wait }): Tokens {
  const exchange = exchangeWith(new URL(federation.authority));
  let kept: { token: string; until: number } | undefined;
  let coming: Promise<string> | undefined;
  const get = async () => {
    const asked = now().getTime();
    const { access_token: token, expires_in: seconds } = await exchanged(federation, identity, exchange, wait);
    kept = { token, until: asked + 1_000 * seconds - margin };
    return token;
  };
  return {
    async current() {
      if (kept && now().getTime() < kept.until) return kept.token;
      coming ??= get().finally(() => {
        coming = undefined;
      });
      return coming;
    },
    drop(token) {
      if (kept?.token === token) kept = undefined;
    },
  };
}

async function exchanged(federation: Federation, identity: Identity, exchange: Exchange, wait: Wait): Promise<z.infer<typeof granted>> {
  for (let tries = 1; ; tries++) {
    const assertion = await identity.token(audience, assertionSeconds);
    try {
      return await post(federation, assertion, exchange, tries);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (!(await waitAfter(error, wait, undefined)))
        throw new StoreUnavailable(`${federation.authority} did not exchange the token: ${error.name}`, unavailableHint, {
          cause: causeOf(error),
        });
    }
  }
}

async function post(
  { tenant, client, authority }: Federation,
  assertion: string,
  exchange: Exchange,
  tries: number,
): Promise<z.infer<typeof granted>> {
  const form = new URLSearchParams({
    ...{ grant_type: "client_credentials", client_id: client, scope },
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  });
  const path = `${new URL(authority).pathname.replace(/\/$/, "")}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`;
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  const { status, answer, header } = await said(exchange({ method: "POST", path, headers, body: Buffer.from(form.toString()) }), tries);
  const token = granted.safeParse(answer);
  if (status === 200 && token.success) return token.data;
  const refusal = refused.safeParse(answer);
  if (refusal.success && status < 500 && status !== 429) throw denied(refusal.data);
  const told = { status: status === 200 ? 502 : status, headers: header, tries };
  throw new Refusal(`HTTP${status}`, "it answered with something else than a token", told);
}

async function said(
  answering: ReturnType<Exchange>,
  tries: number,
): Promise<{ status: number; header: IncomingHttpHeaders; answer: unknown }> {
  try {
    const answer = await answering;
    return { status: answer.statusCode ?? 0, header: answer.headers, answer: jsonOf(await textOf(answer)) };
  } catch (error) {
    throw lostBy(error, tries);
  }
}

function denied({ error, error_description: description }: z.infer<typeof refused>): StoreDenied {
  const [code = error] = /AADSTS\d+/.exec(description) ?? [];
  // What comes before names what did not match.
  const cause = told(code, description.split(" Trace ID")[0] ?? "");
  return new StoreDenied(`Entra refused the token exchange (${code})`, hints[code] ?? anyHint, { cause });
}

const unavailableHint = "Try again; if it stays, look at the network path to it.";
const credential = "Look at the federated credential of the application or managed identity in Entra";
const anyHint = `${credential}: its issuer, subject and audience must be those of the AWS token, letter by letter. Look up the code at https://login.microsoftonline.com/error.`;
/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const hints: Record<string, string> = {
  AADSTS70021: `${credential}: no credential there has this issuer, subject and audience. A new one takes some minutes to count.`,
  AADSTS700211: `${credential}: the issuer must be the address that AWS shows for this account's outbound identity federation.`,
  AADSTS700212: `${credential}: the audience must be ${audience}.`,
  AADSTS700213: `${credential}: the subject must be the ARN of the role that runs this.`,
  AADSTS700016:
    "The tenant knows no such application: correct federation.client or federation.tenant in the plan, or let the tenant's administrator consent to it.",
  AADSTS7000112: "The application is disabled in the tenant: an administrator has to enable it.",
  AADSTS65001: "Nobody consented to the application in this tenant: an administrator has to.",
  AADSTS501051: "The application is not assigned to a role for storage: an administrator has to assign it.",
  AADSTS90002: "There is no such tenant: correct federation.tenant in the plan.",
  AADSTS900023: "There is no such tenant: correct federation.tenant in the plan.",
  AADSTS700024: "The token's time does not fit Entra's clock: is the clock of this machine off?",
  AADSTS50013:
    "Entra could not check the token's signature: AWS must sign with RS256, and its keys must be reachable at the issuer's address.",
  AADSTS5000224: "The tenant is blocked from this resource: an administrator has to look at it.",
  AADSTS53003: "A conditional access policy keeps the application out: an administrator has to except it.",
};
