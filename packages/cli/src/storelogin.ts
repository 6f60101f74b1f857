import { readFile } from "node:fs/promises";
import path from "node:path";
import { HoldfastError, type Identity, type OwnLogin, type PlannedStore, type Secrets } from "@holdfast/core";
import { FileUnusable, StoreLoginMissing } from "./errors.ts";
import type { World } from "./world.ts";

/** A store's config and what opens it, of AWS or brought along. */
export type StoreLogin = { config: unknown; secrets: Secrets; identity: Identity };
type Brought = { name: string; text: string };

/**
 * Who brings a login along is not asked for AWS's: it takes the place of the federation or the secret that the plan names. A person's own login of
 * that cloud, where its tools keep one in the environment, does as well. Without either the plan's way asks AWS, and {@link StoreLoginMissing} says
 * what to bring when that fails.
 */
export async function loginOf(
  store: Pick<PlannedStore, "name" | "config">,
  own: OwnLogin | undefined,
  { file, world, secrets, identity }: { file: string | undefined; world: Pick<World, "cwd" | "env"> } & Omit<StoreLogin, "config">,
): Promise<StoreLogin> {
  const brought = file === undefined ? await inEnvironment(own, world) : { name: file, text: await read(file, world.cwd) };
  if (!brought) return { config: store.config, ...asking(store, own, { secrets, identity }) };
  // Every kind of store that needs a login calls it so (`packages/stores/*/kind.ts`).
  const config = { ...(store.config as object), federation: undefined, credentials: brought.name };
  return { config, secrets: async () => brought.text, identity };
}

async function inEnvironment(own: OwnLogin | undefined, { env, cwd }: Pick<World, "cwd" | "env">): Promise<Brought | undefined> {
  for (const [name, made] of Object.entries(own?.environment ?? {})) {
    const value = env[name];
    if (value) return { name, text: made === "file" ? await read(value, cwd) : made(value) };
  }
  return undefined;
}

async function read(file: string, cwd: string): Promise<string> {
  try {
    return await readFile(path.resolve(cwd, file), "utf8");
  } catch (cause) {
    throw new FileUnusable(`the credentials ${file} cannot be read`, "It is what the secret of that store would hold.", { cause });
  }
}

/** The plan's way, with words for the day when AWS does not answer. */
function asking(store: Pick<PlannedStore, "name">, own: OwnLogin | undefined, of: Omit<StoreLogin, "config">): Omit<StoreLogin, "config"> {
  const told = async <T>(ask: Promise<T>, of: string): Promise<T> => {
    try {
      return await ask;
    } catch (cause) {
      throw new StoreLoginMissing(store.name, of, wanted(own), cause instanceof HoldfastError ? cause : undefined);
    }
  };
  const keyless = "federation, which needs AWS to say who asks";
  return {
    secrets: (name) => told(of.secrets(name), `the secret ${name} in Secrets Manager`),
    identity: {
      token: (...asked) => told(of.identity.token(...asked), keyless),
      callerIdentity: (...asked) => told(of.identity.callerIdentity(...asked), keyless),
    },
  };
}

function wanted(own: OwnLogin | undefined): string {
  const variables = Object.keys(own?.environment ?? {}).join(" or ");
  const form = own?.form ?? "what the secret of such a store holds";
  return `Give a login of your own that may read there: --credentials FILE, with ${form}${variables && `; or ${variables} in the environment`}.`;
}
