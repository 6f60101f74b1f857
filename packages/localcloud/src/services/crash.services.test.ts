import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { clone } from "./install.ts";
import { markOf, startElsewhere } from "./kit/start.ts";
import { postgres } from "./postgres.ts";
import { marked, sweep } from "./runs.ts";

const command = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");

test.each([
  ["SIGKILL", ["ministack", "postgres", "seaweedfs", "openbao"]],
  ["SIGINT", ["ministack"]],
  ["SIGTERM", ["postgres"]],
  ["SIGHUP", ["ministack"]],
] as const)("when its starter is ended by %s, no service stays", async (signal, names) => {
  const { starter, services } = await startElsewhere(names);
  const marks = services.map(({ pid }) => markOf(pid));
  expect(marks.flatMap(marked).length).toBeGreaterThanOrEqual(names.length);
  starter.kill(signal);
  await expect.poll(() => marks.flatMap(marked)).toEqual([]);
  await expect.poll(() => services.filter(({ folder }) => existsSync(folder))).toEqual([]);
});

test("a service that had died by itself and waits to be started again leaves nothing when its starter is killed", async () => {
  const { starter, services } = await startElsewhere(["openbao"]);
  const [{ pid, folder } = { pid: 0, folder: "" }] = services;
  const mark = markOf(pid);
  process.kill(pid, "SIGKILL");
  await expect.poll(() => marked(mark).includes(pid)).toBe(false);
  expect(existsSync(folder)).toBe(true);
  starter.kill("SIGKILL");
  await expect.poll(() => [...marked(mark), existsSync(folder)]).toEqual([false]);
});

test("the next start ends what stayed after starter and guard were killed together, and nothing else", async () => {
  const other = await postgres();
  try {
    const { starter, services } = await startElsewhere(["seaweedfs"]);
    const [{ pid, folder } = { pid: 0, folder: "" }] = services;
    const mark = markOf(pid);
    const guards = marked(mark).filter((each) => each !== pid);
    expect(guards.length).toBeGreaterThan(0);
    for (const guard of guards) process.kill(guard, "SIGSTOP");
    starter.kill("SIGKILL");
    await expect.poll(() => existsSync(`/proc/${starter.pid}`)).toBe(false);
    for (const guard of guards) process.kill(guard, "SIGKILL");
    expect(command(pid)[0]).toContain("weed");
    await sweep();
    await expect.poll(() => marked(mark)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    expect(records().filter((record) => record.includes(mark))).toEqual([]);
    expect(marked(markOf(other.pid))).toContain(other.pid);
    expect(existsSync(other.folder)).toBe(true);
  } finally {
    await other.stop();
  }
});

const records = (): string[] => readdirSync(path.join(clone, ".local", "run"));
