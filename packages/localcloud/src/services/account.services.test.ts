import { execFile } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reaches, temporary, unprivileged } from "./account.ts";
import { clone } from "./install.ts";
import { markOf, startElsewhere } from "./kit/start.ts";
import { marked } from "./runs.ts";

const nobody = unprivileged();

describe.runIf(nobody)("started by root, everything works for a normal user too", () => {
  const account = nobody ?? { uid: -1, gid: -1 };
  let copy = "";

  /** A small clone that the normal user owns, in a place that it can reach. */
  beforeAll(async () => {
    copy = mkdtempSync(path.join(temporary(account), "holdfast-clone-"));
    for (const part of ["packages/localcloud", "packages/core", ".local/python"]) await copyPart(part, copy);
    mkdirSync(path.join(copy, "node_modules", "@holdfast"), { recursive: true });
    symlinkSync("../../packages/core", path.join(copy, "node_modules", "@holdfast", "core"));
    await copyPart("node_modules/zod", copy);
    writeFileSync(path.join(copy, "package.json"), `{ "type": "module" }`);
    cpSync(process.execPath, path.join(copy, "node"));
    usablePython(copy, account);
    await promisify(execFile)("chown", ["-R", `${account.uid}:${account.gid}`, copy]);
    chmodSync(copy, 0o700);
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  test.for(["postgres", "seaweedfs", "ministack", "openbao"])("%s", async (name, { skip }) => {
    skip(name === "ministack" && !reaches(account, pythonOf(copy)), "that user can reach no Python of the version that the wheels are for");
    const env = { PATH: "/usr/bin:/bin", HOME: copy };
    const { starter, services } = await startElsewhere([name], { ...account, env, clone: copy, node: path.join(copy, "node") });
    const [{ pid, folder } = { pid: 0, folder: "" }] = services;
    const mark = markOf(pid);
    expect(statSync(`/proc/${pid}`).uid).toBe(account.uid);
    expect(statSync(folder).uid).toBe(account.uid);
    starter.kill("SIGTERM");
    await expect.poll(() => marked(mark)).toEqual([]);
    await expect.poll(() => existsSync(folder)).toBe(false);
  });
});

test("a folder inside a closed one is out of another user's reach", () => {
  const closed = mkdtempSync(path.join(temporary(undefined), "holdfast-test-"));
  try {
    const inside = path.join(closed, "inside");
    mkdirSync(inside, { mode: 0o755 });
    const other = { uid: 54_321, gid: 54_321 };
    expect(reaches(other, inside)).toBe(false);
    chmodSync(closed, 0o711);
    expect(reaches(other, inside)).toBe(true);
    chmodSync(inside, 0o711);
    expect(reaches(other, inside)).toBe(false);
    expect(reaches(undefined, inside)).toBe(true);
  } finally {
    rmSync(closed, { recursive: true });
  }
});

/** Copies, 280 MB of wheels too: links would hand the clone's own files to the other user. */
async function copyPart(part: string, to: string): Promise<void> {
  mkdirSync(path.dirname(path.join(to, part)), { recursive: true });
  await promisify(execFile)("cp", ["-a", path.join(clone, part), path.join(to, part)]);
}

const stamp = (folder: string): string => path.join(folder, ".local/python/installed.json");
const pythonOf = (folder: string): string => JSON.parse(readFileSync(stamp(folder), "utf8")).python;

/** The interpreter may sit in root's home; the system's own will do when it is of the same version. */
function usablePython(folder: string, account: { uid: number; gid: number }): void {
  const installed = JSON.parse(readFileSync(stamp(folder), "utf8"));
  const system = `/usr/bin/python${installed.version}`;
  if (!reaches(account, installed.python) && existsSync(system))
    writeFileSync(stamp(folder), JSON.stringify({ ...installed, python: system }));
}
