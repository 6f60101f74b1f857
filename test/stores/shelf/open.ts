import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { OpenStore } from "@holdfast/core";
import { memoryStore } from "@holdfast/stores/memory/memory.ts";
import type { ShelfConfig } from "./kind.ts";

/** What lies in the folder, as objects: the file's path below it is the key. */
export const open: OpenStore<ShelfConfig> = async ({ folder }) => {
  const store = memoryStore();
  const context = { now: () => new Date(), signal: AbortSignal.timeout(60_000), progress: () => {} };
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    await store.create.create(path.relative(folder, file), one(await readFile(file)), context);
  }
  // A file on a shelf has one version, whatever it was called when the shelf was last looked at.
  const { head, read } = store.read;
  return { ...store, read: { head: ({ key }) => head({ key }), read: ({ key }, range, signal) => read({ key }, range, signal) } };
};

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
