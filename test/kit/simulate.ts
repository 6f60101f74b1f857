import { runSimulation, type Simulation } from "@cloud-copilot/iam-simulate";

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
 * The simulator does not know `kms:EncryptionContext:{key}`, whose name holds a variable, so it is told of a tag of the principal instead,
 * in policy and request alike: the operators are the same.
 */
export async function simulate({ principal, action, resource, account, context = {}, policy, resourcePolicy }: Ask): Promise<string> {
  const answer = await runSimulation(
    known({
      request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
      identityPolicies: [{ name: "role", policy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(resourcePolicy ? { resourcePolicy } : {}),
    }),
    {},
  );
  if (answer.resultType === "error") throw new Error(`${action} on ${resource}: ${JSON.stringify(answer.errors)}`);
  return answer.overallResult;
}

const known = (simulation: Simulation): Simulation =>
  JSON.parse(JSON.stringify(simulation).replaceAll("kms:EncryptionContext:", "aws:PrincipalTag/"));
