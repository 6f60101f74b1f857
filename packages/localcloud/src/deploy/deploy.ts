import { mkdir, rm } from "node:fs/promises";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { applyTo } from "./apply.ts";
import { assertLoopback, type Clients, type Credentials, openClients } from "./clients.ts";
import type { App, Apply, Graph, Values } from "./graph.ts";
import { makeScratch } from "./scratch.ts";
import { synth } from "./synth.ts";

export type DeployOptions = {
  /** The folder whose sst.config.ts is deployed. Default: this clone. */
  root?: string;
  config?: string;
  /** The local AWS. Anything but loopback is refused. */
  endpoint: string;
  credentials: Credentials;
  /** The local RDS, which the program's look-ups of databases are answered from. Anything but loopback is refused. */
  rds?: string;
  /** Default: what `app()` says, else eu-central-1. */
  region?: string;
  stage: string;
  /** The plan file: HOLDFAST_PLAN in the program's environment. */
  plan?: string;
  /** A folder into which functions write what they ask of the local AWS. */
  trace?: string;
  /** Told how many resources are made, at each one. */
  progress?(made: number): void;
  /** Functions' own /tmp and /opt. Default: a new one, removed by {@link Deployed.remove}. The local AWS must be able to reach it. */
  folder?: string;
  platform?: string;
};

export type Deployed = {
  graph: Graph;
  outputs: Values;
  seconds: number;
  /** Removes functions' folders; to be called when the local AWS has stopped. Twice is harmless. */
  remove(): Promise<void>;
};

/**
 * Runs sst.config.ts and makes each resource of its graph in an empty local AWS. The first failure stops it, and names the resource.
 * It only makes: what exists already is an error, and a failed deployment is started again on a new local AWS.
 */
export async function deploy(options: DeployOptions): Promise<Deployed> {
  const begun = performance.now();
  for (const endpoint of [options.endpoint, options.rds ?? options.endpoint]) assertLoopback(endpoint);
  const folder = options.folder ?? (await makeScratch("functions"));
  const remove = () => rm(folder, { recursive: true, force: true });
  const open: Clients[] = [];
  try {
    if (options.trace) await mkdir(options.trace, { recursive: true });
    const { root, config, stage, plan, region, platform } = options;
    const graph = await synth({
      stage,
      ...(root ? { root } : {}),
      ...(config ? { config } : {}),
      ...(plan ? { plan } : {}),
      ...(region ? { region } : {}),
      ...(platform ? { platform } : {}),
      apply: async (app) => {
        const { endpoint, rds, credentials } = options;
        const clients = openClients({ endpoint, ...(rds ? { rds } : {}), region: app.region, credentials });
        open.push(clients);
        return counting(applyTo({ ...(await siteOf(app, clients, options)), folder }), options.progress);
      },
    });
    return { graph, outputs: graph.outputs, seconds: (performance.now() - begun) / 1000, remove };
  } catch (error) {
    if (!options.folder) await remove();
    throw error;
  } finally {
    for (const clients of open) clients.close();
  }
}

function counting(apply: Apply, progress: DeployOptions["progress"]): Apply {
  let made = 0;
  return {
    ...apply,
    async resource(request) {
      const done = await apply.resource(request);
      if (request.custom) progress?.(++made);
      return done;
    },
  };
}

async function siteOf({ region }: App, clients: Clients, { endpoint, trace }: DeployOptions) {
  const { Account = "000000000000" } = await clients.sts.send(new GetCallerIdentityCommand({}));
  return {
    clients,
    endpoint,
    place: { account: Account, region, partition: "aws" as const },
    code: new Map<string, string>(),
    layers: new Map<string, string>(),
    trace,
  };
}
