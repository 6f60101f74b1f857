import { DescribeKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { RDSClient } from "@aws-sdk/client-rds";
import { type Context, HoldfastError, type Surroundings } from "@holdfast/core";
import { RdsDenied, RdsNotFound } from "./errors.ts";
import { translate } from "./refusal.ts";
import type { Credentials } from "./replicarole.ts";

/** The services that a verb asks, for as long as its signal lasts. What they refuse is thrown as an error of {@link translate}. */
export type Api = {
  /** `doing` ends the sentence "… while": `describing the instance shop`. */
  rds<R>(doing: string, ask: (client: RDSClient, options: { abortSignal: AbortSignal }) => Promise<R>): Promise<R>;
  /** Undefined where there is no such key, or none that is shared with this account: KMS does not tell which. See {@link HIDDEN}. */
  key(id: string): Promise<Key | undefined>;
};
export type Key = {
  arn: string;
  /** `Enabled` alone is of use. */
  state: string;
  /** AWS's own key aws/rds, which encrypts what names no key and can be shared with nobody. */
  managed: boolean;
};

/** For as long as a signal lasts. */
export type OpenApi = (context: Pick<Context, "signal">) => Api;

/** Throttling is common on fleets (awslabs/aurora-snapshot-tool#11), and its retries wait longer each time. */
const ATTEMPTS = 6;
/** In a VPC without a way to the API nobody says no. */
const TIMEOUTS = { connectionTimeout: 5000, socketTimeout: 30_000 };

/** One pair of clients a process keeps its connections and credentials: the function's own, unless others are given. What those throw is thrown as it is. */
export function openApi({ region }: Pick<Surroundings, "region">, credentials?: Credentials): OpenApi {
  const options = { region, maxAttempts: ATTEMPTS, requestHandler: TIMEOUTS, ...(credentials ? { credentials } : {}) };
  const clients = { rds: new RDSClient(options), kms: new KMSClient(options) };
  return ({ signal }) => ({
    rds: (doing, ask) => told(doing, signal, () => ask(clients.rds, { abortSignal: signal })),
    key: (id) => described(clients.kms, id, signal),
  });
}

async function told<R>(doing: string, signal: AbortSignal, ask: () => Promise<R>): Promise<R> {
  signal.throwIfAborted();
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof HoldfastError ? error : translate(error, doing);
  }
}

async function described(client: KMSClient, id: string, abortSignal: AbortSignal): Promise<Key | undefined> {
  try {
    const ask = () => client.send(new DescribeKeyCommand({ KeyId: id }), { abortSignal });
    const { KeyMetadata } = await told(`describing the key ${id}`, abortSignal, ask);
    const { Arn: arn = id, KeyState: state = "unknown", KeyManager } = KeyMetadata ?? {};
    return { arn, state, managed: KeyManager === "AWS" };
  } catch (error) {
    if (error instanceof RdsNotFound || (error instanceof RdsDenied && NOT_SHARED.test(error.message))) return undefined;
    throw error;
  }
}
/** The state of a key that {@link Api.key} does not find, for people. */
export const HIDDEN = "not to be found, or not shared with this account";
/** A role without the right to ask is told of its identity-based policy instead. https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
const NOT_SHARED = /resource-based polic/i;

/**
 * Deletes what may be gone meanwhile. The right to delete asks for tags, and what is gone has none: RDS says that it is denied, and only `find`
 * tells that from a right that lacks.
 */
export async function unlessGone(deleting: Promise<unknown>, find: () => Promise<unknown>): Promise<void> {
  try {
    await unlessMissing(deleting);
  } catch (error) {
    if (!(error instanceof RdsDenied) || (await find()) !== undefined) throw error;
  }
}

/** Undefined instead of the error that says so. */
export async function unlessMissing<R>(asking: Promise<R>): Promise<R | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof RdsNotFound) return undefined;
    throw error;
  }
}
