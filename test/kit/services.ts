import { type Ministack, ministack, type Postgres, postgres, type Seaweedfs, seaweedfs } from "@holdfast/localcloud";
import type { TestProject } from "vitest/node";

/** What `inject` hands to tests of the project `services`: JSON, so without the methods. Stopping is the kit's own business. */
declare module "vitest" {
  interface ProvidedContext {
    ministack: Pick<Ministack, "endpoint" | "region" | "account" | "root">;
    postgres: Pick<Postgres, "host" | "port" | "user" | "password" | "socket" | "bin">;
    seaweedfs: Pick<Seaweedfs, "endpoint" | "region" | "credentials">;
  }
}

/** Starts one of each for all test files together; each file keeps to buckets and databases of its own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const starting = [ministack(), postgres(), seaweedfs()] as const;
  try {
    const [aws, database, objects] = await Promise.all(starting);
    const { endpoint, region, account, root } = aws;
    project.provide("ministack", { endpoint, region, account, root });
    const { host, port, user, password, socket, bin } = database;
    project.provide("postgres", { host, port, user, password, socket, bin });
    project.provide("seaweedfs", { endpoint: objects.endpoint, region: objects.region, credentials: objects.credentials });
  } catch (error) {
    await stopAll(starting);
    throw error;
  }
  return () => stopAll(starting);
}

async function stopAll(starting: readonly Promise<{ stop(): Promise<void> }>[]): Promise<void> {
  const started = (await Promise.allSettled(starting)).flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  await Promise.all(started.map((service) => service.stop()));
}
