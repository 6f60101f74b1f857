import { mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

/**
 * A new private folder for temporary files, named after this process. Folders of that kind whose process is no more are removed first:
 * whoever was killed could not do it.
 */
export async function makeScratch(kind: string): Promise<string> {
  const temporary = await realpath(os.tmpdir());
  const prefix = `holdfast-${kind}-`;
  for (const name of await readdir(temporary)) {
    const pid = Number(name.startsWith(prefix) ? name.slice(prefix.length).split("-")[0] : Number.NaN);
    // Another user's cannot be removed, and is not ours to remove.
    if (pid > 0 && !lives(pid)) await rm(path.join(temporary, name), { recursive: true, force: true }).catch(() => {});
  }
  return mkdtemp(path.join(temporary, `${prefix}${process.pid}-`));
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
