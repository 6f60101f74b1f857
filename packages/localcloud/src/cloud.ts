import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { assertLoopback } from "./deploy/clients.ts";
import { completed, type Deployed, deploy } from "./deploy/index.ts";
import type { Rds } from "./rds/index.ts";
import { type Ministack, ministack } from "./services/index.ts";

export type CloudOptions = {
  /** The plan file that is deployed. */
  plan: string;
  /** Secrets that it names, by name; they exist before the first function runs. */
  secrets: Readonly<Record<string, unknown>>;
  /** The RDS API that functions and the deployer's look-ups ask. Whoever started it stops it, after the cloud: events of it go there. */
  rds?: Pick<Rds, "endpoint">;
  /** Run when the local AWS is up and before sst.config.ts is: a key and a database that the plan names can be made then, and the plan be written. */
  prepare?(client: Cloud["client"], aws: Pick<Ministack, "account">): Promise<void>;
  port?: number;
  log?: string;
  /** A folder for what functions ask of the local AWS; see {@link deploy}. */
  trace?: string;
  waitScale?: number;
  /** Ends a start and a deployment under way; its reason is thrown then. */
  signal?: AbortSignal;
  /** Told what is being done, in words. */
  progress?(what: string): void;
};
export type Cloud = {
  ministack: Ministack;
  deployed: Deployed;
  /** How an SDK client reaches it as the account's root. */
  client: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  /** Twice is harmless. */
  stop(): Promise<void>;
};

export const localStage = "local";

/** A local AWS with the whole graph in it. Throws what its parts throw, after having stopped what it started. */
export async function openCloud(options: CloudOptions): Promise<Cloud> {
  const { rds } = options;
  if (rds) assertLoopback(rds.endpoint);
  options.progress?.("starting the local AWS");
  const aws = await ministack({
    env: { ...completed(), ...(rds ? { AWS_ENDPOINT_URL_RDS: rds.endpoint } : {}) },
    ...(options.port ? { port: options.port } : {}),
    ...(options.log ? { log: options.log } : {}),
    ...(options.waitScale ? { waitScale: options.waitScale } : {}),
  });
  const client = { endpoint: aws.endpoint, region: aws.region, credentials: aws.root };
  // Without the local AWS a deployment under way fails at its next resource.
  const abort = () => void aws.stop().catch(() => {});
  options.signal?.addEventListener("abort", abort);
  try {
    options.signal?.throwIfAborted();
    await putSecrets(client, options.secrets);
    await options.prepare?.(client, aws);
    options.signal?.throwIfAborted();
    options.progress?.("running sst.config.ts");
    const deployed = await deploy({
      endpoint: aws.endpoint,
      credentials: aws.root,
      region: aws.region,
      stage: localStage,
      plan: options.plan,
      ...(rds ? { rds: rds.endpoint } : {}),
      ...(options.trace ? { trace: options.trace } : {}),
      progress: (made) => options.progress?.(`${made} resources of sst.config.ts are deployed`),
    });
    const stop = async () => {
      await aws.stop();
      await deployed.remove();
    };
    return { ministack: aws, deployed, client, stop };
  } catch (error) {
    await aws.stop();
    throw options.signal?.aborted ? options.signal.reason : error;
  } finally {
    options.signal?.removeEventListener("abort", abort);
  }
}

async function putSecrets(client: Cloud["client"], secrets: CloudOptions["secrets"]): Promise<void> {
  const manager = new SecretsManagerClient(client);
  for (const [Name, value] of Object.entries(secrets))
    await manager.send(new CreateSecretCommand({ Name, SecretString: typeof value === "string" ? value : JSON.stringify(value) }));
  manager.destroy();
}
