// Runs one command of the set-up to its end, quietly: its output is shown only when it fails.
import { spawnSync } from "node:child_process";

/** What was run, how it ended and the last it said. */
export class CommandFailed extends Error {
  name = "CommandFailed";
}

/** How many of a failed command's last lines are shown: npm and pip say the cause there. */
const LAST_LINES = 25;

/**
 * @param {string} command @param {readonly string[]} args @param {import("node:child_process").SpawnSyncOptions} [options]
 * @returns {string} standard output
 */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024, stdio: ["ignore", "pipe", "pipe"], ...options });
  if (done.status === 0) return String(done.stdout);
  const how = done.error ? done.error.message : done.signal ? `was ended by ${done.signal}` : `ended with exit code ${done.status}`;
  const said = `${done.stdout ?? ""}${done.stderr ?? ""}`.trimEnd().split("\n").slice(-LAST_LINES).join("\n");
  throw new CommandFailed(`${[command, ...args].join(" ")} ${how}.\n${said}`);
}

/** The output of a command, or undefined when it is not there or fails. @param {string} command @param {readonly string[]} args @param {import("node:child_process").SpawnSyncOptions} [options] */
export function tryRun(command, args, options = {}) {
  try {
    return run(command, args, options);
  } catch {
    return undefined;
  }
}
