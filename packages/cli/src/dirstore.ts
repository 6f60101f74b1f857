import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { type Bytes, ObjectMissing, parseManifest, ShortRead, type Stored, type StoreList, type StoreRead } from "@holdfast/core";
import { FileUnusable } from "./errors.ts";

/**
 * What somebody downloaded, as a store to read: a whole bucket, `backups/` or `backups/shop/` of it, one slot, or a few files of one side
 * by side. A key is looked for by its whole path below the folder, then by ever shorter ends of it. Whether the file found is the right
 * one is for signature and digests to say, so it does not matter which folder was taken.
 */
export function dirStore(dir: string): { read: StoreRead; list: StoreList } {
  return {
    read: {
      head: async ({ key }) => (await locate(dir, key))?.stored,
      async *read({ key }, range, signal): Bytes {
        const found = await locate(dir, key);
        if (!found) throw new ObjectMissing(key);
        const { from, to } = range ?? { from: 0, to: found.stored.bytes };
        let got = 0;
        for await (const chunk of from < to ? bytesOf(found.file, from, to, signal) : []) {
          got += chunk.length;
          yield chunk;
        }
        if (got < to - from) throw new ShortRead(key, to - from, got);
      },
    },
    list: { list: (prefix) => listed(dir, prefix) },
  };
}
const chunkBytes = 1_048_576;
const bytesOf = (file: string, from: number, to: number, signal?: AbortSignal): Bytes =>
  createReadStream(file, { start: from, end: to - 1, highWaterMark: chunkBytes, ...(signal ? { signal } : {}) });

async function locate(dir: string, key: string): Promise<{ file: string; stored: Stored } | undefined> {
  const parts = key.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) return undefined;
  for (let skipped = 0; skipped < parts.length; skipped++) {
    const file = path.join(dir, ...parts.slice(skipped));
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile()) return { file, stored: storedOf(key, found) };
  }
  return undefined;
}

const storedOf = (key: string, found: { size: number; mtime: Date }): Stored => ({
  key,
  version: `${found.mtime.getTime()}-${found.size}`,
  bytes: found.size,
  at: found.mtime,
  access: "now",
  sums: {},
});

async function* listed(dir: string, prefix: string): AsyncGenerator<Stored> {
  await requireFolder(dir);
  const folder = await folderOf(dir, prefix);
  if (folder === undefined) return;
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const attempt = await attemptIn(folder);
  const keyed = files.map(({ parentPath, name }) => {
    const file = path.join(parentPath, name);
    const inner = path.relative(folder, file).split(path.sep).join("/");
    return {
      file,
      key: prefix + (attempt !== undefined && parentPath === folder && name !== "manifest.json" ? `${attempt}/${inner}` : inner),
    };
  });
  for (const { file, key } of keyed.sort((a, b) => (a.key < b.key ? -1 : 1))) yield storedOf(key, await stat(file));
}

async function requireFolder(dir: string): Promise<void> {
  const found = await stat(dir).catch(() => undefined);
  if (!found?.isDirectory())
    throw new FileUnusable(`${dir} is no folder that can be read`, "Name the folder that holds the downloaded backup.");
}

/** Of backups, any end of the prefix will do; a slot may also be the folder itself. Evidence is looked for in its whole path alone. */
async function folderOf(dir: string, prefix: string): Promise<string | undefined> {
  const parts = prefix.split("/").filter((part) => part !== "");
  const isSlot = parts[0] === "backups" && parts.length === 3;
  const last = parts[0] !== "backups" ? 1 : isSlot ? parts.length + 1 : parts.length;
  for (let skipped = 0; skipped < last; skipped++) {
    const folder = path.join(dir, ...parts.slice(skipped));
    const marker = await stat(isSlot ? path.join(folder, "manifest.json") : folder).catch(() => undefined);
    if (marker?.isFile() || (!isSlot && marker?.isDirectory())) return folder;
  }
  return undefined;
}

/** Files that lie beside their manifest have lost the name of their attempt, and the manifest has it. */
async function attemptIn(folder: string): Promise<string | undefined> {
  const manifest = await readFile(path.join(folder, "manifest.json")).catch(() => undefined);
  return manifest && parseManifest(manifest).attempt;
}
