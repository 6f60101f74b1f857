import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aContext, inPieces, take, whole } from "../../../../test/kit/taken.ts";
import { proveArchive } from "../archive.ts";
import { capture } from "../capture.ts";
import { type Client, openClient } from "../client.ts";
import { config } from "../config.ts";
import { findActive } from "../leader.ts";
import { login, type Session } from "../login.ts";
import { SNAPSHOT } from "../native.ts";
import { SNAPSHOT_PATH } from "../preflight.ts";
import { wordsOf } from "../refusal.ts";
import type { Policy } from "./fakecluster.ts";
import { anIdentity, type Claims, type Known } from "./fakeidentity.ts";
import { openWorld, type World } from "./world.ts";

/** One node that is active, with AppRole at `approle/` and kv version 2 at `secret/`, and what its operator can do. */
export type Subject = {
  url: string;
  /** A new role with one secret id; it is good for callers on loopback unless `elsewhere`. */
  admit(policy: Policy, type: "batch" | "service", elsewhere?: boolean): Promise<{ role_id: string; secret_id: string }>;
  /** A pair of the namespace `team`, with the same policy there. */
  admitApart(policy: Policy): Promise<{ role_id: string; secret_id: string }>;
  /** Lets in whoever shows a JWT by this key as the role `backup` of the auth method at `jwt/`. */
  trust(known: Pick<Known, "mount" | "arn">, audience: string, policy: Policy): Promise<void>;
  write(path: string, value: string): Promise<void>;
  end(): Promise<void>;
};

const MARKER = "secret/data/marker";
const POLICY: Policy = { [SNAPSHOT_PATH]: ["read"], [MARKER]: ["read"] };

/** What a Vault and its fake have in common, as far as anything here depends on it. */
export function vaultContract(name: string, open: () => Promise<Subject>): void {
  describe(`a Vault ${name}`, () => {
    let subject: Subject;
    let world: World;
    let client: Client;
    let batch: Session;
    let service: Session;
    beforeAll(async () => {
      subject = await open();
      world = await openWorld();
      client = openClient({ nodes: [subject.url] }, aContext());
      batch = await logIn(await subject.admit(POLICY, "batch"));
      service = await logIn(await subject.admit(POLICY, "service"));
      await subject.write(MARKER, "1");
    });
    afterAll(async () => {
      await subject.end();
      await world.end();
    });
    function logIn(pair: unknown, mount = "approle"): Promise<Session> {
      return login(client, subject.url, { method: "approle", secret: world.secret("pair", pair), mount }, world.surroundings);
    }
    const ask = async (method: "GET" | "POST", path: string, token?: string, more: object = {}) => {
      const { status, json } = await client.ask(subject.url, method, path, { token, ...more });
      return { status, json, said: wordsOf(json) };
    };

    test("tells its health, its leader and its seal to everybody", async () => {
      const { node, health, leader, seal } = await findActive(client);
      expect(node).toBe(subject.url);
      expect(health).toMatchObject({
        initialized: true,
        sealed: false,
        standby: false,
        cluster_name: expect.stringContaining("vault-cluster-"),
      });
      expect(health).not.toHaveProperty("enterprise");
      expect(leader).toMatchObject({
        ha_enabled: true,
        is_self: true,
        leader_address: subject.url,
        raft_committed_index: expect.any(Number),
        active_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      });
      expect(seal).toMatchObject({ type: "shamir", initialized: true, sealed: false, recovery_seal: false, storage_type: "raft" });
      expect(seal).toMatchObject({ progress: 0, migration: false, version: health.version, cluster_id: health.cluster_id });
    });

    test("lets in by AppRole, and says what kind of token that is", async () => {
      expect(batch.token).toMatch(/^b\./);
      expect(service.token).toMatch(/^s\./);
    });

    test("refuses half a pair, a pair of elsewhere and a mount that is not there", async () => {
      const pair = await subject.admit(POLICY, "batch");
      const wrong = "invalid role or secret ID";
      await expect(logIn({ ...pair, role_id: "another" })).rejects.toMatchObject({
        name: "LoginRefused",
        message: expect.stringContaining(wrong),
      });
      await expect(logIn({ ...pair, secret_id: "another" })).rejects.toMatchObject({
        name: "LoginRefused",
        message: expect.stringContaining(wrong),
      });
      await expect(logIn(await subject.admit(POLICY, "batch", true))).rejects.toMatchObject({
        name: "LoginRefused",
        hint: expect.stringContaining("bound to other addresses"),
      });
      await expect(logIn(pair, "nowhere")).rejects.toMatchObject({
        name: "LoginRefused",
        message: expect.stringContaining("permission denied"),
      });
    });

    test("lets nobody of a namespace near the snapshot", async () => {
      const secret = world.secret("apart", await subject.admitApart(POLICY));
      const plan = config.parse({ nodes: [subject.url], auth: { method: "approle", secret, namespace: "team" } });
      expect(await capture(plan, world.surroundings).preflight(aContext())).toMatchObject([{ name: "namespace-refused" }]);
    });

    test("lets in by a JWT that fits its role, and says what does not", async () => {
      let change: Partial<Claims> = {};
      const known = anIdentity(undefined, () => change);
      await subject.trust(known, "vault.example", POLICY);
      const auth = { method: "jwt", role: "backup", audience: "vault.example", mount: "jwt" } as const;
      const show = () => login(client, subject.url, auth, { ...world.surroundings, identity: known.identity });
      expect((await show()).token).toMatch(/^b\./);
      for (const [wrong, said] of [
        [{ aud: "another" }, "invalid audience (aud) claim: audience claim does not match any expected audience"],
        [{ sub: "another" }, "invalid subject (sub) claim"],
        [{ iss: "another" }, "invalid issuer (iss) claim"],
        [{ iat: 1, nbf: 1, exp: 1000 }, "invalid expiration time (exp) claim: token is expired"],
        [{ iat: 1e10, nbf: 1e10, exp: 1e10 + 300 }, "invalid not before (nbf) claim: token not yet valid"],
      ] as const) {
        change = wrong;
        await expect(show()).rejects.toMatchObject({
          name: "LoginRefused",
          message: expect.stringContaining(`error validating token: ${said}`),
        });
      }
    });

    test("tells a token what it may do", async () => {
      const asked = await ask("POST", "sys/capabilities-self", batch.token, { body: { paths: [SNAPSHOT_PATH, "sys/mounts"] } });
      expect(asked).toMatchObject({ status: 200, json: { data: { [SNAPSHOT_PATH]: ["read"], "sys/mounts": ["deny"] } } });
      expect(await ask("POST", "sys/capabilities-self", "s.nobody", { body: { paths: ["x"] } })).toMatchObject({ status: 403 });
    });

    test("sends a snapshot that is whole and holds all that was committed before", async () => {
      const { leader } = await findActive(client);
      const { node, bytes } = await client.download(subject.url, SNAPSHOT_PATH, batch.token);
      const archive = await proveArchive(bytes);
      expect(node).toBe(subject.url);
      expect(archive.index).toBeGreaterThanOrEqual(leader.raft_committed_index ?? Number.POSITIVE_INFINITY);
      await subject.write("secret/data/more", "1");
      expect((await findActive(client)).leader.raft_committed_index).toBeGreaterThan(leader.raft_committed_index ?? 0);
    });

    test("refuses what the policy does not allow, a dead token and a namespace, each in its own way", async () => {
      const refused = { status: 403, said: expect.stringMatching(/permission denied/) };
      expect(await ask("GET", "sys/mounts", batch.token)).toMatchObject(refused);
      expect(await ask("GET", SNAPSHOT_PATH, "s.nobody")).toMatchObject(refused);
      await expect(client.download(subject.url, "sys/mounts", batch.token)).rejects.toMatchObject({
        name: "PolicyTooNarrow",
        path: "sys/mounts",
      });
      await expect(client.download(subject.url, SNAPSHOT_PATH, "s.nobody")).rejects.toMatchObject({ name: "TokenRefused" });
      const apart = await ask("GET", SNAPSHOT_PATH, batch.token, { namespace: "team" });
      expect(apart).toMatchObject({ status: 400, said: "operation unavailable in namespaces" });
    });

    test("refuses an upload before its end where the policy does not allow it", async () => {
      async function* endless() {
        for (;;) yield Buffer.alloc(65_536);
      }
      expect(await client.upload(subject.url, SNAPSHOT_PATH, batch.token, endless())).toMatchObject({ status: 403 });
    });

    test("has nothing where nothing was written", async () => {
      const reader = await logIn(await subject.admit({ "secret/data/nothing": ["read"] }, "batch"));
      expect(await ask("GET", "secret/data/nothing", reader.token)).toMatchObject({ status: 404, json: { errors: [] } });
    });

    test("revokes a service token that asks for it, and cannot revoke a batch token", async () => {
      await service.end();
      expect(await ask("GET", "auth/token/lookup-self", service.token)).toMatchObject({ status: 403 });
      expect(await ask("POST", "auth/token/revoke-self", batch.token)).toMatchObject({
        status: 400,
        said: "batch tokens cannot be revoked",
      });
    });

    test("is backed up by a login that may do just enough", async () => {
      world.secret("backup", await subject.admit(POLICY, "batch"));
      const plan = config.parse({ nodes: [subject.url], auth: { method: "approle", secret: "backup" }, marker: MARKER });
      const source = capture(plan, world.surroundings);
      expect(await source.preflight(aContext())).toEqual([]);
      const { opened, files } = await take(source);
      const archive = await proveArchive(inPieces(await whole(inPieces(files.get(SNAPSHOT) ?? Buffer.alloc(0)))));
      expect(opened.backup.native).toMatchObject({
        product: "openbao",
        seal: { type: "shamir" },
        raft: { index: archive.index, servers: [expect.stringMatching(/^[0-9a-f]{16}$/)] },
        marker: { path: MARKER },
      });
    });
  });
}
