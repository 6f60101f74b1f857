// `npm run check`: format, lint and import arrows, types of the code and of the infrastructure, unused code. All at once; what fails
// is printed whole, one check after the other, after the times of all.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const bin = path.join(root, "node_modules", ".bin");
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };

const checks = [
  { name: "format and lint", command: "biome", args: ["check", "--assist-enabled=false", "--error-on-warnings", "--colors=off", "."] },
  { name: "types", command: "tsc", args: ["-p", "tsconfig.json", "--pretty", "false"] },
  { name: "types of the infrastructure", command: "tsc", args: ["-p", "tsconfig.infra.json", "--pretty", "false"] },
  { name: "unused code", command: "knip", args: ["--no-progress"] },
];

/** @param {(typeof checks)[number]} check @returns {Promise<{ name: string, ok: boolean, seconds: number, said: string }>} */
function run({ name, command, args }) {
  const begun = performance.now();
  return new Promise((resolve) => {
    const child = spawn(path.join(bin, command), args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => said.push(chunk));
    const done = (ok, more = "") =>
      resolve({ name, ok, seconds: (performance.now() - begun) / 1000, said: `${Buffer.concat(said).toString().trim()}${more}` });
    child.on("error", (error) => done(false, error.message));
    child.on("close", (code) => done(code === 0));
  });
}

const begun = performance.now();
const results = await Promise.all(checks.filter(({ args }) => args[0] !== "-p" || existsSync(path.join(root, args[1]))).map(run));
const line = (ok, name, seconds) => `${ok ? "ok    " : "FAILED"}  ${name.padEnd(28)} ${seconds.toFixed(1).padStart(5)} s`;
for (const { ok, name, seconds } of results) console.log(line(ok, name, seconds));
const failed = results.filter(({ ok }) => !ok);
console.log(line(failed.length === 0, "all, at once", (performance.now() - begun) / 1000));
for (const { name, said } of failed) console.log(`\n── ${name} ──\n${said}`);
process.exitCode = failed.length === 0 ? 0 : 1;
