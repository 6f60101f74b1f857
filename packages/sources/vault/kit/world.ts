import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Identity, Surroundings } from "@holdfast/core";
import { nobody } from "../../../../test/kit/identity.ts";

export type World = {
  surroundings: Surroundings;
  /** Puts a secret, or replaces it, and gives its name. */
  secret(name: string, value: unknown): string;
  end(): Promise<void>;
};

/** Surroundings as a function has them: a scratch folder, secrets in memory, no layer. */
export async function openWorld(identity: Identity = nobody): Promise<World> {
  const secrets = new Map<string, string>();
  const scratch = await mkdtemp(join(tmpdir(), "holdfast-vault-"));
  return {
    surroundings: {
      scratch,
      region: "eu-central-1",
      project: "acme-test",
      identity,
      layer: (name) => join("/nowhere", name),
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
