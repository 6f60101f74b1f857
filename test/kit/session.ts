import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { Cloud } from "@holdfast/localcloud";

/** A session of a new role with that policy: the roles of functions are for functions alone. */
export async function sessionWith({ client, account }: { client: Cloud["client"]; account: string }, policy: object | undefined) {
  const RoleName = "like-a-function";
  const root = `arn:aws:iam::${account}:root`;
  const trust = { Statement: [{ Effect: "Allow", Principal: { AWS: root }, Action: "sts:AssumeRole" }] };
  const iam = new IAMClient(client);
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument: JSON.stringify(policy) }));
  iam.destroy();
  const sts = new STSClient(client);
  const assume = new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/${RoleName}`, RoleSessionName: "test" });
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = (await sts.send(assume)).Credentials ?? {};
  sts.destroy();
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}
