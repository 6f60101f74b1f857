/**
 * @module @holdfast/sources/vault
 * HashiCorp Vault and OpenBao on integrated (raft) storage: snapshots proven while they stream, full reads, restores into another cluster.
 *
 * This file is pure; `capture.ts`, `read.ts` and `restore.ts` hold the verbs. They speak HTTP to the plan's nodes and to nobody else, ask a source
 * for nothing but its snapshot and its marker, and never see an unseal key.
 */
import { type Kind, type Needs, tokenFor, type Verb } from "@holdfast/core";
import { type Config, config, type Login, type Target, target } from "./config.ts";
import { type Native, native, sealKeyOf } from "./native.ts";

function secretsOf(login: Login): string[] {
  return login.method === "approle" || login.method === "token" ? [login.secret] : [];
}

/** A JWT is issued to whoever may ask for it; sts:GetCallerIdentity needs no right. */
function allowed(logins: readonly Login[]): Needs["allow"] {
  const audiences = new Set(logins.flatMap((login) => (login.method === "jwt" ? [login.audience] : [])));
  return audiences.size > 0 ? [tokenFor([...audiences])] : [];
}

function needs(_verb: Verb, where?: Config | Target): Needs {
  const logins: Login[] = where === undefined ? [] : "reader" in where ? [where.auth, where.reader] : [where.auth];
  return { secrets: [...new Set(logins.flatMap(secretsOf))], layers: [], vpc: where?.network, allow: allowed(logins) };
}

/**
 * Whether the key of each seal is there without AWS. Of the others (transit, pkcs11, kmip and what plugins bring) a snapshot names at most the key: the Vault or the module
 * that has it may stand in AWS.
 */
const WITHOUT_AWS: ReadonlyMap<string, "yes" | "no"> = new Map([
  ["shamir", "yes"],
  ["static", "yes"],
  ["gcpckms", "yes"],
  ["azurekeyvault", "yes"],
  ["alicloudkms", "yes"],
  ["ocikms", "yes"],
  ["awskms", "no"],
]);

/** Whatever the scheme says. */
const hostOf = (node: string) => {
  const { hostname, port, protocol } = new URL(node);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
};

export const vault: Kind<Config, Native, Target> = {
  name: "vault",
  config,
  native,
  target,
  verified: ["present", "intact", "readable"],
  replaces: true,
  portable: true,
  needs,
  sealedBy({ seal }) {
    const withoutAws = WITHOUT_AWS.get(seal.type) ?? "unknown";
    if (seal.type === "shamir") return { key: `${seal.threshold} of ${seal.shares} unseal keys`, withoutAws };
    return { key: sealKeyOf({ seal }), withoutAws };
  },
  undrilled: (_config, _targets, drill) =>
    drill?.drill
      ? undefined
      : "the plan drills it to no target that shares its seal's key, so its backups are proven by reading them to their end, and restored by hand alone",
  undrillable: ({ drill }) =>
    drill
      ? undefined
      : "is not there for drills, which leave what they restored: name one that says drill: true and shares the source's seal",
  collides({ drill, nodes }, source) {
    const hosts = new Set(source.nodes.map(hostOf));
    const shared = drill ? nodes.find((node) => hosts.has(hostOf(node))) : undefined;
    return shared === undefined ? undefined : `a drill replaces all that ${shared} holds`;
  },
};

/** The name under which generated entries import it. */
export { vault as kind };
