import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { HoldfastError } from "@holdfast/core";

/** Credentials of the role of another account, asked for when they are needed and again before they end. */
export type Credentials = () => Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken: string; expiration: Date }>;

/** One role that assumes another gets an hour at most. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining */
const SECONDS = 3600;
const TIMEOUTS = { connectionTimeout: 5000, socketTimeout: 30_000 };

export class ReplicaRoleRefused extends HoldfastError {
  override readonly name = "ReplicaRoleRefused";
  override readonly fault = "input";
  constructor(role: string, project: string, options?: ErrorOptions) {
    super(
      `the role ${role} does not let this function assume it`,
      `Let its trust policy name the function's role, with "${project}" as external id, as docs/deploy.md has it.`,
      options,
    );
  }
}

/** The external id is the deployment, so that nobody else who may ask us can have us use the role. They throw {@link ReplicaRoleRefused}. */
export function assumed(role: string, { region, project }: { region: string; project: string }): Credentials {
  const client = new STSClient({ region, requestHandler: TIMEOUTS });
  return async () => {
    const command = new AssumeRoleCommand({ RoleArn: role, RoleSessionName: "holdfast", ExternalId: project, DurationSeconds: SECONDS });
    const { Credentials: given } = await client.send(command).catch((error: unknown) => {
      throw isRefusal(error) ? new ReplicaRoleRefused(role, project, { cause: error }) : error;
    });
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "", Expiration = new Date(0) } = given ?? {};
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken, expiration: Expiration };
  };
}

const isRefusal = (error: unknown): boolean => error instanceof Error && /^AccessDenied/.test(error.name);
