import { execFile } from "node:child_process";
import { chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { unprivileged } from "../services/account.ts";
import { environment } from "../services/environment.ts";
import { launch } from "../services/process.ts";
import { inRun } from "../services/runs.ts";

/** Where snapshots and archived logs lie. All of it belongs to the account that servers run as. */
export type Disk = {
  /** A new, empty folder. */
  make(what: string): string;
  /** A copy of a folder whose files nobody writes any more: it shares them. */
  share(folder: string, what: string): Promise<string>;
  write(file: string, text: string): void;
  remove(folder: string): void;
  /** Runs a program as that account. Rejects when it fails, with what it said. */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
};

/** Opens a disk that is gone when it is stopped or when our process dies: a sleeping process of a run holds it. */
export async function openDisk(): Promise<Disk> {
  const account = unprivileged();
  return await inRun("rds", account, async (run) => {
    const keeper = await launch(run, {
      title: "the disk of the RDS double",
      program: "/bin/sleep",
      args: ["infinity"],
      account,
      ready: async () => true,
      stop: { signal: "KILL", seconds: 1 },
    });
    const made = new Set<string>();
    let count = 0;
    const place = (what: string) => {
      const folder = path.join(run.folder, `${what}-${++count}`);
      made.add(folder);
      return folder;
    };
    const own = (file: string) => account && chownSync(file, account.uid, account.gid);
    const start = async (program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
      await promisify(execFile)(program, args, { cwd: run.folder, env: environment(run.folder, env), ...account });
    };
    return {
      make(what) {
        const folder = place(what);
        mkdirSync(folder, { mode: 0o700 });
        own(folder);
        return folder;
      },
      async share(folder, what) {
        const copy = place(what);
        await start("cp", ["-al", folder, copy]);
        return copy;
      },
      write(file, text) {
        writeFileSync(file, text, { mode: 0o600 });
        own(file);
      },
      remove(folder) {
        rmSync(folder, { recursive: true, force: true });
        made.delete(folder);
      },
      run: start,
      async stop() {
        // Tens of thousands of files take longer on a busy machine than a process is given to end.
        await start("rm", ["-rf", ...made]);
        await keeper.stop();
      },
    };
  });
}
