import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bytes, DeadlineNear, free, give } from "@holdfast/core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { whole } from "../../../test/kit/taken.ts";
import { ClientMissing } from "./errors.ts";
import { children } from "./kit/processes.ts";
import { type Ending, type Job, start } from "./program.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-program-"));
});
afterAll(() => rm(folder, { recursive: true }));

class Failed extends Error {
  readonly ending: Ending;
  constructor(ending: Ending) {
    super("failed");
    this.ending = ending;
  }
}
/** A shell stands for the program; its script is all that it does. */
const shell = (script: string, more: Partial<Job> = {}) =>
  start({
    path: "/bin/sh",
    args: ["-c", script],
    env: { PATH: "/usr/bin:/bin" },
    folder,
    signal: new AbortController().signal,
    failed: (ending) => new Failed(ending),
    ...more,
  });
const failure = async (promise: Promise<unknown>) =>
  (await promise.then(
    () => undefined,
    (error) => error,
  )) as Failed;

test("gives what the program writes, and ends well after exit code 0", async () => {
  const running = shell("printf abc");
  expect((await whole(running.output)).toString()).toBe("abc");
  await running.done;
});

test("gives its output away: whoever reads it may free each chunk, and nothing else is lost with it", async () => {
  let text = "";
  for await (const chunk of shell("head -c 300000 /dev/zero | tr '\\0' x").output) {
    text += Buffer.from(chunk).toString();
    free(chunk);
    expect(chunk).toHaveLength(0);
  }
  expect(text).toBe("x".repeat(300_000));
});

test("frees what it was given to feed once the program has it, and leaves what it was not", async () => {
  const chunks = Array.from({ length: 40 }, (_, i) => Buffer.alloc(50_000, `${i % 10}`));
  const expected = Buffer.concat(chunks);
  async function* input(): Bytes {
    for (const [i, chunk] of chunks.entries()) yield i % 2 ? give(chunk) : chunk;
  }
  const running = shell("cat", { input: input() });
  expect((await whole(running.output)).equals(expected)).toBe(true);
  await running.done;
  expect(chunks.map(({ length }) => length)).toEqual(chunks.map((_, i) => (i % 2 ? 0 : 50_000)));
});

test("the end of the output is no success: an exit code after it makes both fail, with what was said last", async () => {
  const running = shell("printf whole; echo 'the last word' >&2; exit 3");
  expect((await failure(whole(running.output))).ending).toEqual({ code: 3, signal: null, said: "the last word\n" });
  expect((await failure(running.done)).ending.code).toBe(3);
});

test("a program that was killed failed, whatever it had written", async () => {
  const running = shell("printf whole; kill -9 $$");
  expect((await failure(whole(running.output))).ending).toMatchObject({ code: null, signal: "SIGKILL" });
});

test("keeps the end of what was said, not all of it", async () => {
  const running = shell("yes said | head -c 100000 >&2; echo last >&2; exit 1");
  const { said } = (await failure(running.done)).ending;
  expect(said.endsWith("last\n")).toBe(true);
  expect(said.length).toBeLessThan(5000);
});

test("whoever leaves the output early ends the program, and it counts as failed", async () => {
  const running = shell("yes");
  for await (const chunk of running.output) if (chunk.length > 0) break;
  await expect(running.done).rejects.toThrow("not read to the end");
  expect((await children("sh")).length).toBe(0);
});

test("the deadline ends the program and its reason is the error", async () => {
  const deadline = new AbortController();
  const running = shell("echo begun; exec sleep 1000", { signal: deadline.signal });
  const reading = whole(running.output);
  deadline.abort(new DeadlineNear("dumping"));
  await expect(reading).rejects.toBeInstanceOf(DeadlineNear);
  await expect(running.done).rejects.toBeInstanceOf(DeadlineNear);
});

test("a deadline that was over before starts nothing that stays", async () => {
  const running = shell("exec sleep 1000", { signal: AbortSignal.abort(new DeadlineNear("dumping")) });
  await expect(running.done).rejects.toBeInstanceOf(DeadlineNear);
});

test("a program that ignores SIGTERM is killed", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const running = shell("trap '' TERM; echo ready; while :; do read -r x < /dev/zero; done");
  const output = running.output[Symbol.asyncIterator]();
  await output.next();
  const stopped = running.stop(new Error("enough"));
  await vi.advanceTimersByTimeAsync(5000);
  vi.useRealTimers();
  await stopped;
  await expect(running.done).rejects.toThrow("enough");
});

test("a program that is not there is named", async () => {
  const running = start({ ...jobless, path: join(folder, "pg_dump") });
  await expect(running.done).rejects.toBeInstanceOf(ClientMissing);
  await expect(whole(running.output)).rejects.toBeInstanceOf(ClientMissing);
});
const jobless = { args: [], env: {}, folder: "/", signal: new AbortController().signal, failed: (ending: Ending) => new Failed(ending) };

test("the child's environment is the one it was given and nothing of ours", async () => {
  vi.stubEnv("PGHOST", "elsewhere");
  const running = shell("env | sort");
  const names = (await whole(running.output))
    .toString()
    .split("\n")
    .map((line) => line.split("=")[0]);
  vi.unstubAllEnvs();
  expect(names.filter((name) => name && !["PATH", "PWD", "_", "SHLVL", "OLDPWD"].includes(name))).toEqual([]);
});

test("an input is read to its end even when the program has enough", async () => {
  let given = 0;
  async function* input(): Bytes {
    for (given = 0; given < 100; given++) yield Buffer.alloc(10_000);
  }
  const running = shell("head -c 5 >/dev/null", { input: input() });
  await running.done;
  expect(given).toBe(100);
});

test("an input that breaks ends the program and is the error, so that a cut file never passes for a whole one", async () => {
  async function* input(): Bytes {
    yield Buffer.from("half");
    throw new Error("the digest is wrong");
  }
  const running = shell("cat", { input: input() });
  await expect(whole(running.output)).rejects.toThrow("the digest is wrong");
  await expect(running.done).rejects.toThrow("the digest is wrong");
});

test("of the input of a program that failed the rest is not read", async () => {
  async function* input(): Bytes {
    for (;;) yield Buffer.alloc(100_000);
  }
  const running = shell("head -c 5 >/dev/null; exit 1", { input: input() });
  expect((await failure(running.done)).ending.code).toBe(1);
});
