import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Execution, Surroundings } from "@holdfast/core";
import { Client } from "pg";
import { buildLayer, hostArch } from "../../../../scripts/layers.mjs";
import { nobody } from "../../../../test/kit/identity.ts";

/** Where a server listens and who may do everything there. */
export type Server = { host: string; port: number; user: string; password: string };

export type World = {
  surroundings: Surroundings;
  /** Puts a secret and gives its name. */
  secret(name: string, value: unknown): string;
  end(): Promise<void>;
};

/** Surroundings as a function has them: the real layer, a scratch folder, secrets in memory. */
export async function openWorld(): Promise<World> {
  const secrets = new Map<string, string>();
  const scratch = await mkdtemp(join(tmpdir(), "holdfast-postgres-"));
  const { folder } = await buildLayer(hostArch());
  return {
    surroundings: {
      scratch,
      identity: nobody,
      region: "eu-central-1",
      project: "acme-test",
      layer: (name) => join(folder, name),
      async secrets(name) {
        const found = secrets.get(name);
        if (found === undefined) throw new Error(`no secret ${name}`);
        return found;
      },
    },
    secret(name, value) {
      secrets.set(name, typeof value === "string" ? value : JSON.stringify(value));
      return name;
    },
    end: () => rm(scratch, { recursive: true, force: true }),
  };
}

/** An execution that nobody stops. */
export const executionOf = (id: string): Execution => ({ id, started: new Date(), running: async () => true });

export const secretOf = ({ host, port, user, password }: Server) => ({ host, port, username: user, password });

/** Runs SQL as the server's superuser, or as somebody else. */
export async function sql<Row = Record<string, unknown>>(
  at: Server,
  database: string,
  text: string,
  as: Partial<Server> = {},
): Promise<Row[]> {
  const { host, port, user, password } = { ...at, ...as };
  const client = new Client({ host, port, user, password, database, ssl: false });
  await client.connect();
  try {
    const result = await client.query(text);
    return (Array.isArray(result) ? result.at(-1) : result).rows;
  } finally {
    await client.end();
  }
}
