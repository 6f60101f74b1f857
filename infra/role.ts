import { type Deployment, logical } from "./deployment.ts";

type Text = $util.Input<string>;
/** One allowed thing, with the reason it is needed as its Sid. */
export type Statement = {
  sid: string;
  actions: string[];
  resources: Text[];
  conditions?: Record<string, Record<string, $util.Input<string | string[]>>>;
};

/**
 * One role for one thing that acts, written out. Only `service` may assume it, and only on behalf of this account.
 * Nothing is attached to it but the one inline policy.
 */
export function role(d: Deployment, name: string, service: string, statements: Statement[]): aws.iam.Role {
  const made = new aws.iam.Role(logical(name, "role"), {
    name: d.name(name),
    assumeRolePolicy: $jsonStringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "sts:AssumeRole",
          Principal: { Service: service },
          ...(service === "lambda.amazonaws.com" ? {} : { Condition: { StringEquals: { "aws:SourceAccount": d.account } } }),
        },
      ],
    }),
  });
  new aws.iam.RolePolicy(logical(name, "policy"), { name: d.name(name), role: made.name, policy: policyDocument(statements) });
  return made;
}

export const policyDocument = (statements: Statement[]): $util.Output<string> =>
  $jsonStringify({
    Version: "2012-10-17",
    Statement: statements.map(({ sid, actions, resources, conditions }) => ({
      Sid: sid,
      Effect: "Allow",
      Action: actions,
      Resource: resources,
      ...(conditions ? { Condition: conditions } : {}),
    })),
  });
