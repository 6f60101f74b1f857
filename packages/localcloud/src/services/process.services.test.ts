import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { ServiceNotReady } from "./errors.ts";
import { type Launch, launch } from "./process.ts";
import { endRun, inRun, marked, type Run } from "./runs.ts";

const scratch = mkdtempSync(path.join(os.tmpdir(), "holdfast-test-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const shell = (script: string, more: Partial<Launch> = {}): Launch => ({
  title: "Example",
  program: "/bin/sh",
  args: ["-c", script],
  ready: async () => true,
  stop: { signal: "TERM", seconds: 60 },
  ...more,
});

/** Starts `what` in a run, and hands both on, for what should be seen of them while and after it runs. */
const started = (what: Launch) => inRun("example", undefined, async (run) => ({ run, launched: await launch(run, what) }));
const isGone = (run: Run) => marked(run.mark).length === 0 && !existsSync(run.folder) && !existsSync(run.record);

test("a service that runs is found by its mark, and after stop nothing of it is there", async () => {
  const { run, launched } = await started(shell("exec sleep 1000"));
  // While a process becomes another program its environment cannot be read.
  await expect.poll(() => marked(run.mark)).toContain(launched.pid);
  expect(existsSync(run.record)).toBe(true);
  await launched.stop();
  expect(isGone(run)).toBe(true);
});

test("to stop twice, also at once, is harmless", async () => {
  const { run, launched } = await started(shell("exec sleep 1000"));
  await Promise.all([launched.stop(), launched.stop()]);
  await launched.stop();
  expect(isGone(run)).toBe(true);
});

test("a service that restarts finds what it wrote, whether it was stopped or died, until its run ends", async () => {
  const what = shell("touch kept; exec sleep 1000", { restarts: true });
  const { run, launched } = await started({ ...what, ready: async (pid) => existsSync(`/proc/${pid}/cwd/kept`) });
  const kept = path.join(run.folder, "kept");
  await Promise.all([launched.stop(), launched.stop()]);
  expect([...marked(run.mark), existsSync(kept)]).toEqual([true]);
  const again = await launch(run, what);
  process.kill(again.pid, "SIGKILL");
  await expect.poll(() => existsSync(`/proc/${again.pid}`)).toBe(false);
  await again.stop();
  expect([...marked(run.mark), existsSync(kept)]).toEqual([true]);
  await endRun(run);
  expect(isGone(run)).toBe(true);
});

test("children of a service end with it, also one that left its process group", async () => {
  const { run, launched } = await started(
    shell("sleep 1001 & setsid sleep 1002 & touch up; exec sleep 1000", { ready: async (pid) => existsSync(`/proc/${pid}/cwd/up`) }),
  );
  await expect.poll(() => marked(run.mark).length).toBeGreaterThanOrEqual(3);
  await launched.stop();
  expect(isGone(run)).toBe(true);
});

test("a service is asked with its signal first, and may clean up", async () => {
  const kept = path.join(scratch, "asked");
  const { launched } = await started(
    shell(`trap 'echo asked > ${kept}; exit 0' INT; touch up; while :; do sleep 0.05; done`, {
      stop: { signal: "INT", seconds: 60 },
      ready: async (pid) => existsSync(`/proc/${pid}/cwd/up`),
    }),
  );
  await launched.stop();
  expect(readFileSync(kept, "utf8")).toBe("asked\n");
});

test("a service that ignores its signal is killed after its time", async () => {
  const deaf = shell("trap '' TERM; touch up; while :; do sleep 0.05; done", {
    stop: { signal: "TERM", seconds: 0.3 },
    ready: async (pid) => existsSync(`/proc/${pid}/cwd/up`),
  });
  const { run, launched } = await started(deaf);
  await launched.stop();
  expect(isGone(run)).toBe(true);
});

test("a service that ends by itself later takes its children with it", async () => {
  const { run, launched } = await started(shell("sleep 1001 & while [ ! -e end ]; do sleep 0.05; done"));
  writeFileSync(path.join(run.folder, "end"), "");
  await expect.poll(() => marked(run.mark)).toEqual([]);
  await launched.stop();
  expect(isGone(run)).toBe(true);
});

test("a service that dies while it starts is told with its exit code and its last words, and leaves nothing", async () => {
  const seen: Run[] = [];
  const dying = inRun("example", undefined, (run) => {
    seen.push(run);
    return launch(run, shell("sleep 1001 & echo no such setting; exit 3", { ready: async () => false }));
  });
  const error = await dying.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ServiceNotReady);
  expect(error).toMatchObject({ message: "Example ended with exit code 3 while it started", lastLines: "no such setting" });
  expect((error as ServiceNotReady).hint).toContain("no such setting");
  expect(seen.map(isGone)).toEqual([true]);
});

test("a service that never becomes ready is told so after its time, and leaves nothing", async () => {
  const seen: Run[] = [];
  const log = path.join(scratch, "stuck");
  const ready = async () => {
    // Its words are to be heard, however late it says them.
    await expect.poll(() => readFileSync(log, "utf8")).toContain("waiting");
    throw new Error("not yet");
  };
  const stuck = inRun("example", undefined, (run) => {
    seen.push(run);
    return launch(run, shell("echo waiting; exec sleep 1000", { ready, readySeconds: 0.3, log }));
  });
  await expect(stuck).rejects.toMatchObject({
    name: "ServiceNotReady",
    message: "Example was not ready after 0.3 s",
    lastLines: "waiting",
  });
  expect(seen.map(isGone)).toEqual([true]);
});

test("a program that is not there is told as one that ended, with what the shell said", async () => {
  const absent = inRun("example", undefined, (run) =>
    launch(run, { ...shell(""), program: "/nonexistent/server", ready: async () => false }),
  );
  await expect(absent).rejects.toMatchObject({ name: "ServiceNotReady", lastLines: expect.stringContaining("/nonexistent/server") });
});

test("a log goes where it is told to and stays there", async () => {
  const log = path.join(scratch, "log");
  const { launched } = await started(shell("echo hello; exec sleep 1000", { log, ready: async () => readFileSync(log, "utf8") !== "" }));
  expect(launched.log).toBe(log);
  await launched.stop();
  expect(readFileSync(log, "utf8")).toBe("hello\n");
});
