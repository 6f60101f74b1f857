import { readdir, readFile } from "node:fs/promises";

export type Process = { pid: number; command: string[]; environment: string[] };

const text = (file: string) => readFile(file, "latin1").catch(() => "");

/** Children of this very process whose program has that name. */
export async function children(program: string): Promise<Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await parentOf(pid)) === process.pid ? await describe(pid) : undefined)));
  return found.filter((it): it is Process => it?.command[0]?.endsWith(`/${program}`) === true);
}

/** proc(5): the parent is the second field after the program's name in parentheses. */
async function parentOf(pid: number): Promise<number> {
  const stat = await text(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

async function describe(pid: number): Promise<Process> {
  const list = async (name: string) => (await text(`/proc/${pid}/${name}`)).split("\0").filter(Boolean);
  return { pid, command: await list("cmdline"), environment: await list("environ") };
}
