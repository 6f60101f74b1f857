import { AttachRolePolicyCommand, CreateRoleCommand, GetRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { z } from "zod";
import { type Applier, applier, text } from "./applier.ts";

const document = z.union([z.string(), z.record(z.string(), z.unknown())]);

const role = applier({
  type: "aws:iam/role:Role",
  inputs: z.strictObject({
    name: z.string().optional(),
    description: z.string().optional(),
    path: z.string().optional(),
    assumeRolePolicy: document,
    maxSessionDuration: z.number().optional(),
    inlinePolicies: z.array(z.strictObject({ name: z.string(), policy: z.string() })).optional(),
    managedPolicyArns: z.array(z.string()).optional(),
  }),
  ignores: { tags: "nothing reads a role's tags" },
  async make({ inputs, described, site }) {
    const { iam } = site.clients;
    const made = await iam.send(
      new CreateRoleCommand({
        RoleName: described.id,
        Path: inputs.path,
        Description: inputs.description,
        MaxSessionDuration: inputs.maxSessionDuration,
        AssumeRolePolicyDocument: text(inputs.assumeRolePolicy),
      }),
    );
    for (const { name, policy } of inputs.inlinePolicies ?? [])
      await iam.send(new PutRolePolicyCommand({ RoleName: described.id, PolicyName: name, PolicyDocument: policy }));
    for (const PolicyArn of inputs.managedPolicyArns ?? [])
      await iam.send(new AttachRolePolicyCommand({ RoleName: described.id, PolicyArn }));
    return { arn: made.Role?.Arn ?? null, uniqueId: made.Role?.RoleId ?? null };
  },
  async find(id, site) {
    const { Role } = await site.clients.iam.send(new GetRoleCommand({ RoleName: id }));
    return { name: id, arn: Role?.Arn ?? null, uniqueId: Role?.RoleId ?? null };
  },
});

const rolePolicy = applier({
  type: "aws:iam/rolePolicy:RolePolicy",
  inputs: z.strictObject({ name: z.string().optional(), role: z.string(), policy: document }),
  async make({ inputs, described, site }) {
    const policyName = inputs.name ?? described.id;
    await site.clients.iam.send(
      new PutRolePolicyCommand({ RoleName: inputs.role, PolicyName: policyName, PolicyDocument: text(inputs.policy) }),
    );
    return { id: `${inputs.role}:${policyName}`, name: policyName };
  },
});

const rolePolicyAttachment = applier({
  type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
  inputs: z.strictObject({ role: z.string(), policyArn: z.string() }),
  async make({ inputs, site }) {
    await site.clients.iam.send(new AttachRolePolicyCommand({ RoleName: inputs.role, PolicyArn: inputs.policyArn }));
    return undefined;
  },
});

export const iam: Applier[] = [role, rolePolicy, rolePolicyAttachment];
