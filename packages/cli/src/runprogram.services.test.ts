import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runProgram } from "./runprogram.ts";
import { scriptOf } from "./shell.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "holdfast-run-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const world = () => ({ env: { PATH: process.env.PATH }, signal: AbortSignal.timeout(20_000) });

describe("a program", () => {
  test("runs in its folder, and tells what it said and how it ended", async () => {
    const ended = await runProgram(["sh", "-c", 'pwd; echo "$0" >&2; exit 3', "a b"], folder, world());
    expect(ended).toEqual({ code: 3, said: expect.stringContaining(path.basename(folder)), told: "a b\n" });
  });
  test("sees the person's variables and no terminal to ask at", async () => {
    const ended = await runProgram(["sh", "-c", 'echo "$MINE"; cat'], folder, { ...world(), env: { ...world().env, MINE: "yes" } });
    expect(ended).toMatchObject({ code: 0, said: "yes\n" });
  });
  test("ends with whoever interrupts", async () => {
    const controller = new AbortController();
    const running = runProgram(["sh", "-c", "exec sleep 60"], folder, { ...world(), signal: controller.signal });
    controller.abort(new Error("interrupted"));
    await expect(running).rejects.toThrow("interrupted");
  });
});

test("a script that is printed runs: files, what is kept, what stands already, and it stops at what fails", () => {
  const set = (why: string, ...command: string[]) => ({ why, command });
  const script = scriptOf(
    "a test",
    {
      files: [{ name: "one.json", text: '{"a": "$HOME"}\n' }],
      steps: [
        { ...set("kept", "echo", "it's $HOME"), keep: "WORD" },
        set("used", "sh", "-c", 'echo "$0" > two', `"\${WORD}" \`x\``),
        { ...set("stands", "touch", "three"), unless: ["cat", "one.json"] },
        { ...set("stands not", "touch", "four"), unless: ["cat", "nothing"] },
        set("fails", "false"),
        set("never", "touch", "five"),
      ],
      notes: ["a note"],
    },
    true,
  );
  writeFileSync(path.join(folder, "setup.sh"), script);
  expect(() => execFileSync("sh", ["setup.sh"], { cwd: folder, stdio: "pipe" })).toThrow();
  const has = (name: string) =>
    execFileSync("sh", ["-c", `test -e ${name} && echo yes || echo no`], { cwd: folder, encoding: "utf8" }).trim();
  expect(["one.json", "two", "three", "four", "five"].map(has)).toEqual(["yes", "yes", "no", "yes", "no"]);
  expect(readFileSync(path.join(folder, "one.json"), "utf8")).toBe('{"a": "$HOME"}\n');
  expect(readFileSync(path.join(folder, "two"), "utf8")).toBe('"it\'s $HOME" `x`\n');
});
