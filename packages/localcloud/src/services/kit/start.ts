import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { MARK } from "../runs.ts";

export type Started = { pid: number; folder: string };

/** Starts services from a process of their own, so that a test can end it. `clone` is the one whose code and installation it uses. */
export async function startElsewhere(
  services: readonly string[],
  options: { env?: NodeJS.ProcessEnv; clone?: string; node?: string; uid?: number; gid?: number } = {},
): Promise<{ starter: ChildProcess; services: Started[] }> {
  const { clone = path.resolve(import.meta.dirname, "../../../../.."), node = process.execPath, ...rest } = options;
  const file = path.join(clone, "packages/localcloud/src/services/kit/starter.ts");
  const starter = spawn(node, [file, ...services], { stdio: ["ignore", "pipe", "pipe"], cwd: clone, ...rest });
  let said = "";
  starter.stderr.on("data", (chunk) => {
    said += chunk;
  });
  for await (const line of createInterface(starter.stdout)) return { starter, services: JSON.parse(line) };
  throw new Error(`the starter ended before its services were ready: ${said}`);
}

/** The environment of a running process. */
export function environ(pid: number): Record<string, string> {
  const pairs = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

/** The mark that all processes of a service's run carry. */
export function markOf(pid: number): string {
  return environ(pid)[MARK] ?? "";
}
