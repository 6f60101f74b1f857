import { StoreUnavailable } from "@holdfast/core";
import { exchangeWith, textOf } from "../exchange.ts";
import { mayPass, type Wait, waitBefore } from "../retry.ts";
import { told } from "../told.ts";

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
    if ("status" in answer && !mayPass(answer.status)) {
      if (answer.status >= 300 && answer.status < 400) throw unavailable(url, `it answers from elsewhere (${answer.status})`);
      return { status: answer.status, text: answer.text, asked, ahead: answer.headers.date ? asked - Date.parse(answer.headers.date) : 0 };
    }
    const what = "status" in answer ? `HTTP ${answer.status}` : (answer.lost.code ?? answer.lost.message);
    const milliseconds = waitBefore(tries, "status" in answer ? answer.headers : {});
    if (milliseconds === undefined) throw unavailable(url, what, "lost" in answer ? { cause: told(what, answer.lost.message) } : {});
    await wait(milliseconds);
  }
}

const lost = (error: NodeJS.ErrnoException): { lost: NodeJS.ErrnoException } => ({ lost: error });
export const unavailable = ({ host }: { host: string }, what: string, options: ErrorOptions = {}): StoreUnavailable =>
  new StoreUnavailable(
    `${host} did not exchange the token: ${what}`,
    "Try again; if it stays, look at the network path to it and at its own log.",
    options,
  );
