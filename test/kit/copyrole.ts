import { ObjectMissing, type Ref, type Store, StoreDenied } from "@holdfast/core";

/**
 * The store that copies come from, as the role that copies meets it in AWS (infra/copy.ts; test/infra/copy.test.ts holds the role to it): versions of
 * backups and keys, evidence also without a version, listings below the prefixes of its sources, and 403 for what is not there.
 */
export function asCopier<S extends Pick<Store, "read" | "list">>(store: S, source: string): S {
  const { read, list } = store;
  return {
    ...store,
    read: {
      async head(at) {
        allow(at, source);
        return (await read.head(at)) ?? denied(at.key);
      },
      async *read(at, range, signal) {
        allow(at, source);
        try {
          yield* read.read(at, range, signal);
        } catch (error) {
          if (error instanceof ObjectMissing) denied(at.key);
          throw error;
        }
      },
    },
    list: {
      list(prefix) {
        const own = [`backups/${source}/`, "keys/"].some((of) => prefix.startsWith(of)) || prefix.split("/")[2] === source;
        if (!own) denied(prefix);
        return list.list(prefix);
      },
    },
  };
}

function allow(at: Ref | { key: string }, source: string): void {
  const [folder, name, of] = at.key.split("/");
  const own = folder === "keys" || (folder === "backups" ? name : of) === source;
  if (!own || (folder !== "evidence" && !("version" in at))) denied(at.key);
}

function denied(key: string): never {
  throw new StoreDenied(`s3:GetObject on ${key} was denied (AccessDenied)`, "Look at the role.");
}
