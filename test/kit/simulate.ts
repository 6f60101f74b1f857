import { runSimulation, runUnsafeSimulation, type Simulation } from "@cloud-copilot/iam-simulate";

export type PolicyStatement = {
  Sid: string;
  Effect: string;
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, string | string[]>>;
};
export type Policy = { Version: string; Statement: PolicyStatement[] };
export type Ask = {
  principal: string;
  action: string;
  resource: string;
  account: string;
  context?: Record<string, string | string[]>;
  policy: Policy;
  resourcePolicy?: unknown;
};

/**
 * What AWS would answer: `Allowed`, `ImplicitlyDenied` or `ExplicitlyDenied`. An invalid policy or request is an error of the test.
 * The simulator's check drops `kms:EncryptionContext:{key}`, whose name holds a variable, so requests with one go past that check.
 */
export async function simulate({ principal, action, resource, account, context = {}, policy, resourcePolicy }: Ask): Promise<string> {
  const simulation: Simulation = {
    request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
    identityPolicies: [{ name: "role", policy }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(resourcePolicy ? { resourcePolicy } : {}),
  };
  if (Object.keys(context).some((key) => key.startsWith("kms:EncryptionContext:"))) return runUnsafeSimulation(simulation, {});
  const answer = await runSimulation(simulation, {});
  if (answer.resultType === "error") throw new Error(`${action} on ${resource}: ${JSON.stringify(answer.errors)}`);
  return answer.overallResult;
}
