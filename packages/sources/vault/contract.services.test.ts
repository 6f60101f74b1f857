import { randomUUID } from "node:crypto";
import { granted, openbao } from "@holdfast/localcloud";
import { until } from "../postgres/kit/wait.ts";
import { vaultContract } from "./kit/contract.ts";
import type { Policy } from "./kit/fakecluster.ts";

const ruled = (policy: Policy) =>
  Object.entries(policy)
    .map(([path, may]) => `path "${path}" { capabilities = ${JSON.stringify(may)} }`)
    .join("\n");

type Ask = <Body>(method: "GET" | "POST", path: string, body?: object) => Promise<Body>;

async function admitBy(ask: Ask, name: string, settings: object): Promise<{ role_id: string; secret_id: string }> {
  const role = `auth/approle/role/${name}`;
  await ask("POST", role, settings);
  const { role_id } = (await ask<{ data: { role_id: string } }>("GET", `${role}/role-id`)).data;
  const { secret_id } = (await ask<{ data: { secret_id: string } }>("POST", `${role}/secret-id`, {})).data;
  return { role_id, secret_id };
}

vaultContract("that is a real OpenBao", async () => {
  const { url, rootToken, call, stop } = await openbao();
  const ask = <Body = unknown>(method: "GET" | "POST", path: string, body?: object) =>
    granted(call<Body>(method, path, body, rootToken), path);
  await ask("POST", "sys/auth/approle", { type: "approle" });
  await ask("POST", "sys/mounts/secret", { type: "kv", options: { version: "2" } });
  return {
    url,
    async admit(policy, type, elsewhere) {
      const name = randomUUID();
      await ask("POST", `sys/policies/acl/${name}`, { policy: ruled(policy) });
      const bound = elsewhere ? { secret_id_bound_cidrs: ["10.0.0.0/8"] } : {};
      return admitBy(ask, name, { token_policies: [name], token_type: type, token_ttl: "20m", ...bound });
    },
    async admitApart(policy) {
      const there = <Body>(method: "GET" | "POST", path: string, body?: object) =>
        granted(call<Body>(method, path, body, rootToken, { "X-Vault-Namespace": "team" }), path);
      await ask("POST", "sys/namespaces/team", {});
      await there("POST", "sys/auth/approle", { type: "approle" });
      await there("POST", "sys/policies/acl/backup", { policy: ruled(policy) });
      return admitBy(there, "backup", { token_policies: ["backup"], token_type: "batch" });
    },
    async trust({ mount, arn }, audience, policy) {
      await ask("POST", "sys/auth/jwt", { type: "jwt" });
      await ask("POST", "auth/jwt/config", { jwt_validation_pubkeys: [mount.key], bound_issuer: mount.issuer });
      await ask("POST", "sys/policies/acl/by-jwt", { policy: ruled(policy) });
      const bound = { user_claim: "sub", bound_audiences: [audience], bound_subject: arn };
      await ask("POST", "auth/jwt/role/backup", { role_type: "jwt", ...bound, token_policies: ["by-jwt"], token_type: "batch" });
    },
    // A new kv mount refuses for a moment, while it upgrades itself.
    write: (path, value) => until(async () => (await call("POST", path, { data: { value } }, rootToken)).status === 200),
    end: stop,
  };
});
