import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect } from "node:net";
import type { Service } from "@holdfast/core";
import { EndpointMissing, type Unreached } from "./endpointmissing.ts";

/** Where a service is asked: `url` as the SDK is told it, else the region's own. */
export type Asked = { readonly service: Service; readonly url?: string | undefined };
/** The network that a function stands in, and what it asks from there. */
export type Standing = { readonly region: string; readonly subnets: readonly string[]; readonly asks: readonly Asked[] };

/** How names and addresses are tried. Both throw errors with a code of the system's; `signal` ends a connect that hangs. */
export type Dial = {
  lookup(host: string): Promise<readonly string[]>;
  connect(address: string, port: number, signal: AbortSignal): Promise<void>;
};

/** A connection inside a region takes a millisecond; what got lost is sent again after one and three seconds. */
const PATIENCE_MILLIS = 5_000;

/**
 * Finds out whether every service answers on its port, all at once: what leads nowhere would hang until the function is killed, and nobody
 * would learn why. Throws {@link EndpointMissing} with each that does not.
 */
export async function reach(standing: Standing, dial: Dial = system, millis: number = PATIENCE_MILLIS): Promise<void> {
  const tried = await Promise.all(standing.asks.map((asked) => dialOne(asked, standing.region, dial, AbortSignal.timeout(millis))));
  const missing = tried.filter((one) => one !== undefined);
  if (missing.length > 0) throw new EndpointMissing(standing, missing);
}

async function dialOne({ service, url }: Asked, region: string, dial: Dial, signal: AbortSignal): Promise<Unreached | undefined> {
  const { hostname, port, protocol } = new URL(url ?? `https://${service}.${region}.amazonaws.com`);
  const host = hostname.replace(/^\[|\]$/g, "");
  const to = Number(port) || (protocol === "http:" ? 80 : 443);
  let addresses: readonly string[] = [];
  try {
    addresses = await before(signal, dial.lookup(host));
    await before(signal, Promise.any(addresses.map((address) => dial.connect(address, to, signal))));
    return undefined;
  } catch (error) {
    return { service, host, addresses, why: addresses.length === 0 ? "nameless" : refused(error) ? "refused" : "silent" };
  }
}

/** What comes of it before the signal. What does not heed the signal is left behind: nothing ends a look-up of a name. */
function before<T>(signal: AbortSignal, coming: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  return Promise.race([coming, late]);
}

const refused = (error: unknown): boolean =>
  error instanceof AggregateError && error.errors.some((one: NodeJS.ErrnoException) => one.code === "ECONNREFUSED");

const system: Dial = {
  lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  async connect(address, port, signal) {
    const socket = connect({ host: address, port, signal });
    try {
      await once(socket, "connect");
    } finally {
      socket.destroy();
    }
  },
};
