import { runSimulation } from "@cloud-copilot/iam-simulate";

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

/** What AWS would answer: `Allowed`, `ImplicitlyDenied` or `ExplicitlyDenied`. An invalid policy or request is an error of the test. */
export async function simulate({ principal, action, resource, account, context = {}, policy, resourcePolicy }: Ask): Promise<string> {
  const answer = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
      identityPolicies: [{ name: "role", policy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(resourcePolicy ? { resourcePolicy } : {}),
    },
    {},
  );
  if (answer.resultType === "error") throw new Error(`${action} on ${resource}: ${JSON.stringify(answer.errors)}`);
  return answer.overallResult;
}
