import { isIP } from "node:net";
import { network } from "@holdfast/core";
import { z } from "zod";

const MOST_NODES = 15;

/** An address as clients use it: scheme, host and port, nothing after. Plain http is for loopback alone, since tokens travel on it. */
const node = z
  .string()
  .refine(isOrigin, "is not an address such as https://vault-0.example:8200, without a path or a login")
  .refine((text) => !text.startsWith("http:") || isLoopback(text), "is http, and a token would travel in the clear; use https")
  .transform((text) => new URL(text).origin);

/** The path of an auth method, or of a namespace: no slashes at the ends, nothing that could leave its place in a URL. */
const mount = z.string().regex(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/, "is a path such as approle or team/approle");
/** Login may happen in a namespace; the snapshot itself is the root's. */
const namespace = mount.optional();

const approle = z.strictObject({
  method: z.literal("approle"),
  /** Name of the secret in Secrets Manager: JSON with role_id and secret_id. */
  secret: z.string().min(1),
  mount: mount.default("approle"),
  namespace,
});
/** A JWT that AWS issues to the function's role: nothing standing. */
const jwt = z.strictObject({
  method: z.literal("jwt"),
  role: z.string().min(1),
  audience: z.string().min(1),
  mount: mount.default("jwt"),
  namespace,
});
/** A signed sts:GetCallerIdentity: nothing standing. OpenBao needs a plugin for it. */
const aws = z.strictObject({
  method: z.literal("aws"),
  role: z.string().min(1),
  mount: mount.default("aws"),
  /** The region whose STS the mount asks. */
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "an AWS region such as eu-central-1"),
  /** What the mount wants to see in X-Vault-AWS-IAM-Server-ID. */
  serverId: z.string().min(1).optional(),
  namespace,
});
/** A token in a secret, JSON with token: for a fresh cluster, whose first token dies with the restore. */
const token = z.strictObject({ method: z.literal("token"), secret: z.string().min(1) });

const login = z.discriminatedUnion("method", [approle, jwt, aws]);
const targetLogin = z.discriminatedUnion("method", [approle, jwt, aws, token]);
export type Login = z.infer<typeof targetLogin>;

/** How to reach a cluster; the same for sources and targets. */
const cluster = {
  /** Addresses of its nodes, each by itself: the active one is found among them, and no token ever goes to another host. */
  nodes: z
    .array(node)
    .min(1)
    .max(MOST_NODES)
    .refine((all) => new Set(all).size === all.length, "names a node twice"),
  /** PEM of the authority that signed the nodes' certificates. Default: the public ones. */
  ca: z
    .string()
    .regex(/-----BEGIN CERTIFICATE-----/, "is not a PEM certificate")
    .optional(),
  network: network.optional(),
};

/** The path of something to read, as the API has it: `secret/data/holdfast` in a kv version 2 mount. */
const readable = z.string().regex(/^(?!\.+\/)[^/\s?#%]+(\/(?!\.+(\/|$))[^/\s?#%]+)+$/, "is a path such as secret/data/holdfast");

/** The vault part of a source in the plan. */
export const config = z.strictObject({
  ...cluster,
  auth: login,
  /** A path that every backup reads and every restore reads back. What stands there is no secret: its SHA-256 is told in the manifest. */
  marker: readable.optional(),
});
export type Config = z.infer<typeof config>;

/** The vault part of a target in the plan. */
export const target = z.strictObject({
  ...cluster,
  /** Who restores. It must be known to the target before the restore, and dies with it. */
  auth: targetLogin,
  /** Who reads afterwards: a login that lives inside the backup, with the source's own policy. */
  reader: login,
  /** A throwaway cluster that shares the source's auto-unseal key and has no way out but to that key: nobody has to unseal it. */
  drill: z.boolean().default(false),
});
export type Target = z.infer<typeof target>;

function isOrigin(text: string): boolean {
  if (!/^https?:\/\/[^/\s@?#]+\/?$/.test(text) || !URL.canParse(text)) return false;
  const { pathname, username } = new URL(text);
  return pathname === "/" && username === "";
}

function isLoopback(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { hostname } = new URL(text);
  return hostname === "localhost" || hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."));
}
