import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, type FileHandle, link, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Bytes } from "@holdfast/core";
import { FileExists, FileUnusable } from "./errors.ts";

export type SaveOptions = { force: boolean /** What to do about a file that is there. */; hint?: string };
const overwriteHint = "Name another file with --out, or say --force to replace it.";

/**
 * Writes a file that is whole or not there: under another name beside it, and renamed after the last byte. When `bytes` throws, nothing
 * stays. Only the owner may read it. Throws {@link FileExists} unless `force`, {@link FileUnusable}, and what `bytes` throws.
 */
export async function save(file: string, bytes: Bytes, { force, hint = overwriteHint }: SaveOptions): Promise<void> {
  const partial = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(4).toString("hex")}.partial`);
  const handle = await create(partial);
  try {
    await fill(handle, bytes);
    await handle.close();
    await (force ? rename(partial, file) : settle(partial, file, hint));
  } finally {
    await handle.close();
    await rm(partial, { force: true });
  }
}

/** Before anything is downloaded. Throws {@link FileExists}. */
export async function requireFree(file: string, { force, hint = overwriteHint }: SaveOptions): Promise<void> {
  if (!force && (await exists(file))) throw new FileExists(file, hint);
}

async function create(partial: string): Promise<FileHandle> {
  try {
    return await open(partial, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw new FileUnusable(
      `cannot write in ${path.dirname(partial)} (${code})`,
      "Name a folder that exists and that you may write to with --out.",
      { cause },
    );
  }
}

async function fill(handle: FileHandle, bytes: Bytes): Promise<void> {
  for await (const chunk of bytes) await handle.writeFile(chunk);
  await handle.sync();
}

/** A second name fails where the first is taken, which a rename does not; some file systems have no second names. */
async function settle(partial: string, file: string, hint: string): Promise<void> {
  try {
    await link(partial, file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST") throw new FileExists(file, hint);
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS") throw error;
    await requireFree(file, { force: false, hint });
    await rename(partial, file);
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
