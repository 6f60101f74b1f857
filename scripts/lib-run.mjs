// Runs one command of the set-up to its end, quietly: its output is shown only when it fails.
import { spawnSync } from "node:child_process";

/** What was run, how it ended and the last it said. */
export class CommandFailed extends Error {
  name = "CommandFailed";
}

/** How many lines of a failed command are shown from each end: npm says the cause first and pip says it last. */
const LINES = 12;

/**
 * @param {string} command @param {readonly string[]} args @param {import("node:child_process").SpawnSyncOptions} [options]
 * @returns {string} standard output
 */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024, stdio: ["ignore", "pipe", "pipe"], ...options });
  if (done.status === 0) return String(done.stdout);
  const how = done.error ? done.error.message : done.signal ? `was ended by ${done.signal}` : `ended with exit code ${done.status}`;
  throw new CommandFailed(`${[command, ...args].join(" ")} ${how}.\n${ends(`${done.stdout ?? ""}${done.stderr ?? ""}`)}`);
}

/** @param {string} said */
function ends(said) {
  const lines = said.trim().split("\n");
  return (lines.length <= 2 * LINES ? lines : [...lines.slice(0, LINES), "…", ...lines.slice(-LINES)]).join("\n");
}

/** The output of a command, or undefined when it is not there or fails. @param {string} command @param {readonly string[]} args @param {import("node:child_process").SpawnSyncOptions} [options] */
export function tryRun(command, args, options = {}) {
  try {
    return run(command, args, options);
  } catch {
    return undefined;
  }
}
