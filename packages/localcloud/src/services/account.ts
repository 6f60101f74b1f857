import { readFileSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** An account of this machine. */
export type Account = { uid: number; gid: number };

/** Kernels and distributions agree on it; used where no `nobody` is listed. */
const OVERFLOW: Account = { uid: 65_534, gid: 65_534 };

/** Who runs what refuses to run as root: `nobody` when we are root, else undefined (ourselves). */
export function unprivileged(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const entry = readFileSync("/etc/passwd", "utf8").match(/^nobody:[^:]*:(\d+):(\d+):/m);
  return entry ? { uid: Number(entry[1]), gid: Number(entry[2]) } : OVERFLOW;
}

/** Whether `account` (undefined: ourselves) can walk to `place` and read it. */
export function reaches(account: Account | undefined, place: string): boolean {
  if (!account) return true;
  return permits(account, place, 0o5) && ancestors(place).every((folder) => permits(account, folder, 0o1));
}

function ancestors(place: string): string[] {
  const parent = path.dirname(place);
  return parent === place ? [] : [...ancestors(parent), parent];
}

function permits(account: Account, file: string, bits: number): boolean {
  const { uid, gid, mode } = statSync(file);
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  return ((mode >> shift) & bits) === bits;
}

/** Where runtime data goes: a folder for temporary files that `account` can reach, short enough for the 107 bytes of a socket's path. */
export function temporary(account: Account | undefined): string {
  const found = [os.tmpdir(), "/var/tmp", "/tmp"].find((folder) => folder.length <= 60 && isReachable(account, folder));
  return found ?? os.tmpdir();
}

function isReachable(account: Account | undefined, folder: string): boolean {
  try {
    return statSync(folder).isDirectory() && reaches(account, folder);
  } catch {
    return false;
  }
}
