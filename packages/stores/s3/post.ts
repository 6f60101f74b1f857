import type { IncomingHttpHeaders } from "node:http";
import { StoreUnavailable } from "@holdfast/core";
import { exchangeWith, textOf } from "../exchange.ts";
import { told } from "./refused.ts";

/** Waits for so many milliseconds, more or less. */
export type Wait = (milliseconds: number) => Promise<unknown>;
export type Posted = {
  status: number;
  text: string;
  /** Milliseconds, by this machine's clock, at which it was asked. */
  asked: number;
  /** Milliseconds by which this machine's clock is before the other's; 0 where that tells no date. */
  ahead: number;
};
export type Ports = { now: () => Date; wait: Wait };
type Post = { headers: Record<string, string>; body: string };

const mostTries = 5;
const first = 500;
/** Milliseconds. One that asks for more is taken at its word by failing. */
const longestAsked = 60_000;
const passing = new Set([408, 429, 500, 502, 503, 504]);

/** Posts until there is an answer that no waiting would change. `make` makes the body anew for each try: tokens end. Throws {@link StoreUnavailable}. */
export async function post(address: string, make: () => Promise<Post>, { now, wait }: Ports): Promise<Posted> {
  const url = new URL(address);
  const exchange = exchangeWith(url);
  for (let tries = 1; ; tries++) {
    const { headers, body } = await make();
    const asked = now().getTime();
    const sent = exchange({ method: "POST", path: url.pathname + url.search, headers, body: Buffer.from(body) });
    const answer = await sent.then(
      async (came) => ({ status: came.statusCode ?? 0, headers: came.headers, text: await textOf(came) }),
      lost,
    );
    if ("status" in answer && !passing.has(answer.status)) {
      if (answer.status >= 300 && answer.status < 400) throw unavailable(url, `it answers from elsewhere (${answer.status})`);
      return { status: answer.status, text: answer.text, asked, ahead: answer.headers.date ? asked - Date.parse(answer.headers.date) : 0 };
    }
    const what = "status" in answer ? `HTTP ${answer.status}` : (answer.lost.code ?? answer.lost.message);
    const later = "status" in answer ? retryAfter(answer.headers) : 0;
    if (tries >= mostTries || later > longestAsked)
      throw unavailable(url, what, "lost" in answer ? { cause: told(what, answer.lost.message) } : {});
    await wait(Math.max(later, first * 2 ** (tries - 1)));
  }
}

const lost = (error: NodeJS.ErrnoException): { lost: NodeJS.ErrnoException } => ({ lost: error });
const retryAfter = ({ "retry-after": asked }: IncomingHttpHeaders): number => (/^\d+$/.test(asked ?? "") ? Number(asked) * 1_000 : 0);
export const unavailable = ({ host }: { host: string }, what: string, options: ErrorOptions = {}): StoreUnavailable =>
  new StoreUnavailable(
    `${host} did not exchange the token: ${what}`,
    "Try again; if it stays, look at the network path to it and at its own log.",
    options,
  );
