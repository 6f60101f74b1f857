import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupsForUserCommand,
  ListRolePoliciesCommand,
  ListUserPoliciesCommand,
} from "@aws-sdk/client-iam";
import { common } from "../faults.ts";
import type { Document } from "./evaluate.ts";

/** The identity policies of who has this ARN: a role's session or a user. Throws InternalFailure for what the double does not evaluate. */
export async function policiesOf(iam: IAMClient, arn: string): Promise<Document[]> {
  const [kind, name = ""] = arn.split(":").slice(5).join(":").split("/");
  if (kind === "assumed-role") return await ofRole(iam, name);
  if (kind === "user") return await ofUser(iam, arn.split("/").at(-1) ?? "");
  throw common.InternalFailure(`the double does not evaluate the rights of ${arn}`);
}

async function ofRole(iam: IAMClient, RoleName: string): Promise<Document[]> {
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  if (Role?.PermissionsBoundary) throw unknown("permissions boundaries");
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  const own = PolicyNames.map(async (PolicyName) =>
    parsed((await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument),
  );
  return await Promise.all([...own, ...AttachedPolicies.map(({ PolicyArn }) => managed(iam, PolicyArn))]);
}

async function ofUser(iam: IAMClient, UserName: string): Promise<Document[]> {
  const { User } = await iam.send(new GetUserCommand({ UserName }));
  const { Groups = [] } = await iam.send(new ListGroupsForUserCommand({ UserName }));
  if (User?.PermissionsBoundary || Groups.length > 0) throw unknown("permissions boundaries and groups");
  const { PolicyNames = [] } = await iam.send(new ListUserPoliciesCommand({ UserName }));
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedUserPoliciesCommand({ UserName }));
  const own = PolicyNames.map(async (PolicyName) =>
    parsed((await iam.send(new GetUserPolicyCommand({ UserName, PolicyName }))).PolicyDocument),
  );
  return await Promise.all([...own, ...AttachedPolicies.map(({ PolicyArn }) => managed(iam, PolicyArn))]);
}

async function managed(iam: IAMClient, PolicyArn: string | undefined): Promise<Document> {
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId }));
  return parsed(PolicyVersion?.Document);
}

/** IAM answers documents percent-encoded. */
function parsed(document: string | undefined): Document {
  const text = document ?? "{}";
  return JSON.parse(text.startsWith("{") ? text : decodeURIComponent(text));
}

const unknown = (what: string) => common.InternalFailure(`the double does not evaluate ${what}`);
