import { verify as verifySignature } from "node:crypto";
import type { ServerResponse } from "node:http";
import { aToken, type Cluster, type Role } from "./fakecluster.ts";
import { type Answered, type Asked, type AwsMount, type FakeVault, fail, type JwtMount, reply } from "./fakeport.ts";
import { checkSigned } from "./fakests.ts";

export function logIn(fake: FakeVault, asked: Asked, response: ServerResponse): Answered {
  const mount = asked.path.split("/")[1];
  if (mount === "approle") return byAppRole(fake, asked, response);
  if (mount === "jwt" && fake.mounts.jwt) return byJwt(fake, fake.mounts.jwt, asked, response);
  if (mount === "aws" && fake.mounts.aws) return byAws(fake, fake.mounts.aws, asked, response);
  return fail(response, 403, "permission denied");
}

function grant(
  { cluster }: FakeVault,
  { namespace }: Asked,
  { policy, type }: Pick<Role, "policy" | "type">,
  response: ServerResponse,
): Answered {
  const token = aToken(cluster.product, type);
  cluster.image.tokens.set(token, { policy, type, ...(namespace === undefined ? {} : { namespace }) });
  // A service token is written down; a batch token is not.
  if (type === "service") cluster.index++;
  return reply(response, 200, {
    auth: {
      client_token: token,
      accessor: type === "batch" ? "" : "accessor",
      token_type: type,
      lease_duration: 1200,
      renewable: type === "service",
    },
  });
}

function byAppRole(fake: FakeVault, asked: Asked, response: ServerResponse): Answered {
  const role = fake.cluster.image.roles.get(String(asked.body.role_id));
  const id = role?.secretIds.get(String(asked.body.secret_id));
  const spent = id && (id.uses === 0 || (id.until && id.until < fake.now()));
  if (!role || !id || spent) return fail(response, 400, badPair(fake.cluster, role));
  if (id.from) return fail(response, 400, 'source address "127.0.0.1" unauthorized by CIDR restrictions on the secret ID: %!w(<nil>)');
  if (id.uses !== undefined) id.uses--;
  return grant(fake, asked, role, response);
}

const badPair = ({ product }: Cluster, role: Role | undefined) =>
  product === "openbao" ? "invalid role or secret ID" : role ? "invalid secret id" : "invalid role ID";

function byJwt(fake: FakeVault, mount: JwtMount, asked: Asked, response: ServerResponse): Answered {
  const role = mount.roles[String(asked.body.role)];
  if (!role) return fail(response, 400, `role "${asked.body.role}" could not be found`);
  const wrong = checkJwt(String(asked.body.jwt), mount, role, fake.now());
  if (wrong) return fail(response, 400, `error validating token: ${wrong}`);
  return grant(fake, asked, role, response);
}

function checkJwt(jwt: string, mount: JwtMount, role: { audience: string; subject: string }, now: Date): string | undefined {
  const [head = "", claims = "", signature = ""] = jwt.split(".");
  const key = { key: mount.key, dsaEncoding: "ieee-p1363" as const };
  if (!verifySignature("sha384", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url")))
    return "error verifying token signature: no known key successfully validated the token signature";
  const { iss, aud, sub, nbf, exp } = JSON.parse(Buffer.from(claims, "base64url").toString());
  // 150 seconds of leeway, the plugin's default.
  const seconds = now.getTime() / 1000;
  if (nbf > seconds + 150) return "invalid not before (nbf) claim: token not yet valid";
  if (exp < seconds - 150) return "invalid expiration time (exp) claim: token is expired";
  if (iss !== mount.issuer) return "invalid issuer (iss) claim";
  if (sub !== role.subject) return "invalid subject (sub) claim";
  return aud === role.audience ? undefined : "invalid audience (aud) claim: audience claim does not match any expected audience";
}

function byAws(fake: FakeVault, mount: AwsMount, asked: Asked, response: ServerResponse): Answered {
  const role = mount.roles[String(asked.body.role)];
  if (!role) return fail(response, 400, `entry for role ${asked.body.role} not found`);
  const wrong = checkSigned(asked.body, mount, fake.now());
  if (wrong) return fail(response, 400, wrong);
  return grant(fake, asked, role, response);
}
