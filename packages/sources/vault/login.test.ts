import { IdentityRefused } from "@holdfast/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { aContext } from "../../../test/kit/taken.ts";
import { type Client, openClient } from "./client.ts";
import type { Login } from "./config.ts";
import { addRole, type Policy, type SecretId } from "./kit/fakecluster.ts";
import { anIdentity, type Claims } from "./kit/fakeidentity.ts";
import type { FakeVault } from "./kit/fakeport.ts";
import { openFakeVault } from "./kit/fakevault.ts";
import { openWorld, type World } from "./kit/world.ts";
import { login } from "./login.ts";

const POLICY: Policy = { "sys/storage/raft/snapshot": ["read"] };
const AUDIENCE = "https://vault.example";
const REGION = "eu-central-1";
const minutes = (count: number) => () => new Date(Date.now() + count * 60_000);

let fake: FakeVault;
let world: World;
let client: Client;
beforeEach(async () => {
  fake = await openFakeVault();
  world = await openWorld();
  client = openClient({ nodes: fake.urls }, aContext());
});
afterEach(async () => {
  await fake.end();
  await world.end();
});
const logIn = (auth: Login, surroundings: Pick<World["surroundings"], "secrets" | "identity"> = world.surroundings) =>
  login(client, fake.urls[0] ?? "", auth, surroundings);
const knows = (token: string) => fake.cluster.image.tokens.has(token);

describe("by AppRole", () => {
  const auth = { method: "approle", secret: "acme/vault", mount: "approle" } as const;
  const refused = (secret: unknown) => {
    world.secret("acme/vault", secret);
    return expect(logIn(auth)).rejects;
  };

  test("a pair gets a token of whatever shape, and no token travels before", async () => {
    world.secret("acme/vault", addRole(fake.cluster, POLICY));
    const { token, how } = await logIn(auth);
    expect(token).toMatch(/^hvb\./);
    expect(knows(token)).toBe(true);
    expect(how).toBe("AppRole at approle/ with the secret acme/vault");
    expect(fake.asked).toMatchObject([{ path: "auth/approle/login", token: undefined, namespace: undefined }]);
  });

  test("works with the line's end that people paste", async () => {
    const { role_id, secret_id } = addRole(fake.cluster, POLICY);
    world.secret("acme/vault", { role_id: `${role_id}\n`, secret_id: ` ${secret_id}` });
    expect(knows((await logIn(auth)).token)).toBe(true);
  });

  test("a wrong role id is refused, and the error repeats neither half of the pair", async () => {
    const pair = addRole(fake.cluster, POLICY);
    await refused({ ...pair, role_id: "another" }).toMatchObject({
      name: "LoginRefused",
      fault: "input",
      message: expect.stringMatching(/refuses the login by AppRole at approle\/ with the secret acme\/vault: invalid role ID$/),
      hint: "The role id is wrong, or its role was deleted. Write the pair that is right into the secret acme/vault.",
    });
    fake.overrides.push(({ body }, response) => {
      response.writeHead(400).end(JSON.stringify({ errors: [`bad ${body.role_id} ${body.secret_id}`] }));
      return true;
    });
    await refused(pair).toMatchObject({ message: expect.stringMatching(/: bad … …$/) });
  });

  test.each<[string, SecretId]>([
    ["that expired", { until: minutes(-1)() }],
    ["that was used up", { uses: 0 }],
  ])("a secret id %s is refused", async (_what, secretId) => {
    await refused(addRole(fake.cluster, POLICY, "batch", secretId)).toMatchObject({
      name: "LoginRefused",
      hint: expect.stringMatching(/expired, used up \(secret_id_ttl, secret_id_num_uses\).*into the secret acme\/vault/),
    });
  });

  test("a secret id for other addresses is refused", async () => {
    const pair = addRole(fake.cluster, POLICY, "batch", { from: "10.0.0.0/8" });
    await refused(pair).toMatchObject({ name: "LoginRefused", hint: expect.stringContaining("bound to other addresses") });
  });

  test.each([
    ["no JSON", "hunter2 {", "the secret acme/vault is not JSON"],
    ["no object", [1], "the secret acme/vault has missing or unusable fields: the whole"],
    ["incomplete", { role_id: "hunter2" }, "the secret acme/vault has missing or unusable fields: secret_id"],
    ["empty", { role_id: " ", secret_id: 7 }, "the secret acme/vault has missing or unusable fields: role_id, secret_id"],
  ])("a secret that is %s is named without its value, and nobody is asked", async (_what, secret, message) => {
    world.secret("acme/vault", secret);
    const error = await logIn(auth).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "SecretUnusable", message, hint: 'It should look like {"role_id": "…", "secret_id": "…"}.' });
    expect((error as Error).cause).toBeUndefined();
    expect(fake.asked).toEqual([]);
  });

  test("a mount that is not there is named with its namespace", async () => {
    world.secret("acme/vault", addRole(fake.cluster, POLICY));
    await expect(logIn({ ...auth, mount: "nowhere", namespace: "team" })).rejects.toMatchObject({
      name: "LoginRefused",
      hint: expect.stringMatching(/^Check that the auth method approle is enabled at nowhere\/ in the namespace team\./),
    });
  });

  test("the namespace is that of the login alone", async () => {
    world.secret("acme/vault", addRole(fake.cluster, POLICY, "service"));
    const { end } = await logIn({ ...auth, namespace: "team" });
    await end();
    expect(fake.asked.map(({ namespace }) => namespace)).toEqual(["team", undefined]);
  });
});

describe("the end of a login", () => {
  const auth = { method: "approle", secret: "acme/vault", mount: "approle" } as const;

  test("revokes a service token, and spares the node a batch token's", async () => {
    world.secret("acme/vault", addRole(fake.cluster, POLICY, "service"));
    const service = await logIn(auth);
    await service.end();
    expect(knows(service.token)).toBe(false);
    world.secret("acme/vault", addRole(fake.cluster, POLICY, "batch"));
    fake.asked.length = 0;
    await (await logIn(auth)).end();
    expect(fake.asked).toHaveLength(1);
  });

  test("masks nothing: it does not fail where the node is gone", async () => {
    world.secret("acme/vault", addRole(fake.cluster, POLICY, "service"));
    const { end } = await logIn(auth);
    await fake.end();
    await expect(end()).resolves.toBeUndefined();
  });

  test("leaves a token alone that somebody else made", async () => {
    world.secret("acme/token", { token: fake.cluster.root });
    const { token, end } = await logIn({ method: "token", secret: "acme/token" });
    expect(token).toBe(fake.cluster.root);
    await end();
    expect(fake.asked).toEqual([]);
  });
});

describe("by a JWT of AWS", () => {
  const auth = { method: "jwt", role: "backup", audience: AUDIENCE, mount: "jwt" } as const;
  function mount(change?: (claims: Claims) => Partial<Claims>, now?: () => Date) {
    const known = anIdentity(now, change);
    fake.mounts.jwt = { ...known.mount, roles: { backup: { audience: AUDIENCE, subject: known.arn, policy: POLICY, type: "batch" } } };
    return { ...world.surroundings, identity: known.identity };
  }

  test("the function's own role is enough", async () => {
    const { token, how } = await logIn(auth, mount());
    expect(knows(token)).toBe(true);
    expect(how).toBe("JWT at jwt/ as the role backup");
  });

  test.each([
    ["audience", () => ({ aud: "another" }), `Put "${AUDIENCE}" into the role's bound_audiences`],
    ["subject", () => ({ sub: "another" }), "bound_subject"],
    ["issuer", () => ({ iss: "another" }), "bound_issuer"],
    ["time: long over", ({ iat }: Claims) => ({ exp: iat - 3600 }), "clock is wrong"],
    ["time: not yet", ({ iat }: Claims) => ({ nbf: iat + 3600 }), "clock is wrong"],
  ])("of another %s, it is refused with what to change", async (_what, change, hint) => {
    const surroundings = mount(change);
    await expect(logIn(auth, surroundings)).rejects.toMatchObject({
      name: "LoginRefused",
      message: expect.stringContaining("error validating token"),
      hint: expect.stringContaining(hint),
    });
  });

  test("that the node cannot check, for a role that is not there, or that AWS does not issue: each has its own words", async () => {
    const surroundings = mount();
    await expect(logIn({ ...auth, role: "nobody" }, surroundings)).rejects.toMatchObject({
      hint: expect.stringContaining("no role nobody"),
    });
    const other = { ...world.surroundings, identity: anIdentity().identity };
    await expect(logIn(auth, other)).rejects.toMatchObject({ hint: expect.stringContaining("oidc_discovery_url") });
    const identity = { ...surroundings.identity, token: () => Promise.reject(new IdentityRefused("no", "Enable it.")) };
    await expect(logIn(auth, { ...surroundings, identity })).rejects.toMatchObject({ name: "IdentityRefused" });
  });
});

describe("by AWS IAM", () => {
  const auth = { method: "aws", role: "backup", mount: "aws", region: REGION } as const;
  function mount(serverId?: string, now?: () => Date) {
    const known = anIdentity(now);
    const roles = { backup: { policy: POLICY, type: "batch" } } as const;
    fake.mounts.aws = { region: REGION, roles, secrets: known.secrets, ...(serverId === undefined ? {} : { serverId }) };
    return { ...world.surroundings, identity: known.identity };
  }

  test("the function's own credentials are enough, and their signature holds", async () => {
    const { token, how } = await logIn(auth, mount());
    expect(knows(token)).toBe(true);
    expect(how).toBe("AWS IAM at aws/ as the role backup");
    expect((await logIn({ ...auth, serverId: "vault.example" }, mount("vault.example"))).token).toMatch(/^hvb\./);
  });

  test("the fake would see a request that was changed on its way", async () => {
    const { identity, ...rest } = mount();
    const changed = {
      ...identity,
      callerIdentity: async (...asked: Parameters<typeof identity.callerIdentity>) => {
        const signed = await identity.callerIdentity(...asked);
        return { ...signed, headers: { ...signed.headers, "content-type": "text/plain" } };
      },
    };
    await expect(logIn(auth, { ...rest, identity: changed })).rejects.toMatchObject({
      message: expect.stringContaining("signature we calculated does not match"),
      hint: expect.stringContaining(`The plan's region is ${REGION}`),
    });
  });

  test.each([
    ["behind", -20, "Signature expired"],
    ["ahead", 20, "Signature not yet current"],
  ])("a clock that is 20 minutes %s is named as the cause", async (_what, skew, said) => {
    await expect(logIn(auth, mount(undefined, minutes(skew)))).rejects.toMatchObject({
      name: "LoginRefused",
      message: expect.stringContaining(said),
      hint: "The clocks of the function, the node and STS differ: a signed request is good for 15 minutes. Set the node's clock.",
    });
  });

  test("a clock that is 10 minutes off still does", async () => {
    expect((await logIn(auth, mount(undefined, minutes(-10)))).token).toMatch(/^hvb\./);
  });

  test.each([
    ["missing", undefined, "give it as serverId in the plan"],
    ["another", "other.example", "is not the mount's iam_server_id_header_value"],
  ])("a server id that is %s is named", async (_what, serverId, hint) => {
    await expect(logIn({ ...auth, ...(serverId && { serverId }) }, mount("vault.example"))).rejects.toMatchObject({
      name: "LoginRefused",
      hint: expect.stringContaining(hint),
    });
  });

  test("another region's STS, and a role that is not bound, have their own words", async () => {
    const surroundings = mount();
    await expect(logIn({ ...auth, region: "eu-west-3" }, surroundings)).rejects.toMatchObject({
      hint: expect.stringContaining("The plan's region is eu-west-3"),
    });
    await expect(logIn({ ...auth, role: "nobody" }, surroundings)).rejects.toMatchObject({
      hint: expect.stringContaining("bound_iam_principal_arn"),
    });
  });
});

test.each([
  [503, "Vault is sealed", "VaultSealed"],
  [500, "local node not active but active cluster node not found", "NoActiveNode"],
  [429, "request path quota exceeded", "VaultRefused"],
  [307, "", "LeaderMoved"],
])("%i %s is no refusal of the login but %s", async (status, said, name) => {
  world.secret("acme/vault", addRole(fake.cluster, POLICY));
  fake.overrides.push((_asked, response) => {
    response.writeHead(status).end(JSON.stringify({ errors: said === "" ? [] : [said] }));
    return true;
  });
  await expect(logIn({ method: "approle", secret: "acme/vault", mount: "approle" })).rejects.toMatchObject({ name });
});
