import type { IncomingMessage, ServerResponse } from "node:http";
import type { Cluster, Image, Policy, Token } from "./fakecluster.ts";

/** One request as a node saw it. `body` is filled for JSON; an upload is in `upload`. */
export type Asked = {
  node: number;
  method: string;
  /** Without `/v1/`. */
  path: string;
  token: string | undefined;
  namespace: string | undefined;
  headers: IncomingMessage["headers"];
  body: Record<string, unknown>;
};
/** Answers in place of the fake; returns false to let the fake answer. */
export type Override = (asked: Asked, response: ServerResponse, request: IncomingMessage) => boolean | Promise<boolean>;

/**
 * HashiCorp's Vault as far as Holdfast talks to it, where OpenBao does otherwise or a real server cannot be brought to fail: standbys that answer the
 * snapshot with 307, tokens `hvs.` and `hvb.`, `enterprise` in the health, the auth method aws, and every fault. With `product: "openbao"` it does what
 * OpenBao does, so that one contract holds for both.
 */
export type FakeVault = {
  urls: readonly string[];
  cluster: Cluster;
  /** Everything that was asked, oldest first. */
  asked: Asked[];
  /** Runs before the fake's own answers, newest first. */
  overrides: Override[];
  /** api_addr of each node, where a redirect leads; its own address unless a test says otherwise. */
  apiAddresses: string[];
  /** What the snapshot's bytes are; made anew for each request. */
  snapshot: (fake: FakeVault) => Buffer;
  /** Auth mounts by path; `approle` is always there. */
  mounts: { jwt?: JwtMount; aws?: AwsMount };
  now: () => Date;
  /** A restore that waited (`restoring: "slow"`). */
  apply(): void;
  waiting: Image | undefined;
  /** Connections that are open now. */
  connections(): Promise<number>;
  stopNode(node: number): Promise<void>;
  end(): Promise<void>;
};
export type JwtMount = {
  key: string;
  issuer: string;
  roles: Record<string, { audience: string; subject: string; policy: Policy; type: Token["type"] }>;
};
/** `secrets`: access key ids and their secret halves, since the fake is also the STS that it asks. */
export type AwsMount = {
  region: string;
  serverId?: string;
  secrets: Record<string, string>;
  roles: Record<string, { policy: Policy; type: Token["type"] }>;
};

/** A request has one answer; routes return it, so none forgets. */
export type Answered = true;

/** Answers as Vault does: JSON, or nothing with 204. */
export function reply(response: ServerResponse, status: number, json?: unknown, headers: Record<string, string> = {}): Answered {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers });
  response.end(json === undefined ? undefined : JSON.stringify(json));
  return true;
}
export const fail = (response: ServerResponse, status: number, ...errors: string[]) => reply(response, status, { errors });
