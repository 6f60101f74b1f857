import { type HoldfastError, StoreDenied, StoreUnavailable } from "@holdfast/core";
import { z } from "zod";
import type { Issued } from "./access.ts";
import { mayPass } from "../retry.ts";
import { type Answer, type Ask, insist, type Line } from "./call.ts";
import { jsonOf } from "../json.ts";

/** All of Cloud Storage and nothing else of Google's; marks need no less: https://docs.cloud.google.com/storage/docs/oauth-scopes */
export const scope = "https://www.googleapis.com/auth/devstorage.full_control";

/** One request for a token. `secrets` must not come back in an error, wherever the server quotes them. */
export type Exchange = { what: string; request: Ask; secrets: readonly string[]; hint(said: string): string };
const granted = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().default(3_600) });

/** Throws {@link StoreDenied} where the answer is no, {@link StoreUnavailable} where there is none. */
export async function exchange(line: Line, { what, request, secrets, hint }: Exchange): Promise<Issued> {
  const parsed = granted.safeParse(await json(line, { what, request, secrets, hint }));
  if (parsed.success) return { token: parsed.data.access_token, seconds: parsed.data.expires_in };
  throw new StoreDenied(`${what}: the answer holds no token`, "Look at proxies between here and Google.");
}

/** The body of a good answer. */
export async function json(line: Line, { what, request, secrets, hint }: Exchange): Promise<unknown> {
  const answer = await insist(line, request);
  if (answer.status === 200) return jsonOf(answer.text);
  throw refusal(what, answer, hint, (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, "…"), text));
}

function refusal(what: string, answer: Answer, hint: (said: string) => string, clean: (text: string) => string): HoldfastError {
  const { code, message } = oauth(answer);
  const cause = Object.assign(new Error(clean(message).slice(0, 500)), { name: clean(code).slice(0, 100) });
  if (mayPass(answer.status))
    return new StoreUnavailable(`${what} failed: ${cause.name}`, "Try again; if it stays, look at the network path to googleapis.com.", {
      cause,
    });
  return new StoreDenied(`${what} was refused: ${cause.name}`, hint(`${code} ${message}`), { cause });
}

/** RFC 6749, section 5.2; or Google's own form where the service is not OAuth's. */
function oauth({ status, text, cause }: Answer): { code: string; message: string } {
  if (status === 0) return { code: cause instanceof Error && "code" in cause ? String(cause.code) : "no answer", message: String(cause) };
  const said = (jsonOf(text) ?? {}) as { error?: unknown; error_description?: unknown };
  const { error } = said;
  if (typeof error === "string") return { code: error, message: String(said.error_description ?? "") };
  const own = (error ?? {}) as { status?: unknown; message?: unknown };
  return { code: String(own.status ?? status), message: String(own.message ?? "") };
}

export const form = (fields: Readonly<Record<string, string>>) => ({
  method: "POST" as const,
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: new URLSearchParams(fields).toString(),
});
