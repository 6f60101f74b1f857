import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const STAMP = "made.json";

/** Whether `folder` was made whole from exactly these inputs. */
export async function isMade(folder, inputs) {
  const stamp = join(folder, STAMP);
  return existsSync(stamp) && JSON.parse(await readFile(stamp, "utf8")).inputs === inputs;
}

/**
 * Makes a folder in one step: `fill` writes into a private one beside it, which then takes its place. Two at once are harmless: the first stays.
 * Does nothing when the folder was made from the same `inputs`.
 */
export async function makeFolder(folder, inputs, fill) {
  if (await isMade(folder, inputs)) return false;
  await mkdir(dirname(folder), { recursive: true });
  const fresh = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
  try {
    await fill(fresh);
    await writeFile(join(fresh, STAMP), JSON.stringify({ inputs }));
    // mkdtemp makes it private; servers and functions run as other users.
    await chmod(fresh, 0o755);
    await putInPlace(fresh, folder, inputs);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return true;
}

async function putInPlace(fresh, folder, inputs) {
  if (existsSync(folder) && !(await isMade(folder, inputs))) {
    const old = `${fresh}.old`;
    await rename(folder, old).catch(() => undefined);
    await rm(old, { recursive: true, force: true });
  }
  try {
    await rename(fresh, folder);
  } catch (error) {
    if (!(await isMade(folder, inputs))) throw error;
  }
}
