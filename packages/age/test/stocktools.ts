import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const local = path.resolve(import.meta.dirname, "../../../.local");
const built = path.join(local, "tools", "bin");
const folder = path.join(local, "tools", "stock");
/** Go checks it against its public checksum database. */
const ageVersion = "v1.3.1";

/** Programs by their usual names: `age` and `zstd`, and the folder, to be put first on a PATH, that holds them and `age-keygen`. */
export type StockTools = { age: string; zstd: string; path: string };
let tools: Promise<StockTools> | undefined;

/**
 * Programs that know nothing of Holdfast and open its files: those on the PATH; else age as Go builds it, kept in `.local/tools/bin`;
 * else rage and libzstd from the pinned Python wheels. Throws when there is none, since a test without them would prove nothing.
 */
export function stockTools(): Promise<StockTools> {
  tools ??= gather();
  return tools;
}

async function gather(): Promise<StockTools> {
  await mkdir(folder, { recursive: true });
  const [age, keygen] = await ageAndKeygen();
  await provide("age", age);
  await provide("age-keygen", keygen);
  await provide("zstd", (await onPath("zstd")) ?? (await shim("zstd", "zstandard")));
  return { age: path.join(folder, "age"), zstd: path.join(folder, "zstd"), path: folder };
}

async function ageAndKeygen(): Promise<(Put | undefined)[]> {
  for (const find of [onPath, builtByGo]) {
    const found = await Promise.all(["age", "age-keygen"].map(find));
    if (!found.includes(undefined)) return found;
  }
  return Promise.all(["age", "age-keygen"].map((name) => shim(name, "pyrage")));
}

/** Puts a program at the path given. */
type Put = (at: string) => Promise<void>;
const linkTo =
  (program: string): Put =>
  (at) =>
    symlink(program, at);

/** Written beside and moved over what another run put there. */
async function provide(name: string, put: Put | undefined): Promise<void> {
  if (put === undefined) {
    throw new Error(
      `no ${name} to test against: install ${name} with your system's packages, or run npm run pretest, which brings a Python one`,
    );
  }
  const partial = path.join(folder, `${name}.${process.pid}.${randomUUID()}`);
  await put(partial);
  await rename(partial, path.join(folder, name));
}

function onPath(name: string): Promise<Put | undefined> {
  return run("sh", ["-c", `command -v ${name}`]).then(({ stdout }) => linkTo(stdout.trim()), none);
}

let building: Promise<void> | undefined;
async function builtByGo(name: string): Promise<Put | undefined> {
  const program = path.join(built, name);
  if (!(await exists(program)) && (await onPath("go")) !== undefined) {
    building ??= build().catch(none); // no network, or a Go that is too old: Python then
    await building;
  }
  return (await exists(program)) ? linkTo(program) : undefined;
}

/** In a folder of its own, then moved: another run may be at the same. */
async function build(): Promise<void> {
  await mkdir(built, { recursive: true });
  const partial = await mkdtemp(path.join(built, "partial-"));
  const programs = ["age", "age-keygen"];
  try {
    const packages = programs.map((name) => `filippo.io/age/cmd/${name}@${ageVersion}`);
    await run("env", [`GOBIN=${partial}`, "GOTOOLCHAIN=local", "go", "install", ...packages], { timeout: 90_000, cwd: partial });
    for (const name of programs) await rename(path.join(partial, name), path.join(built, name));
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** A script that runs the program of that name in `shims` with the pinned wheels; undefined when they are not installed. */
async function shim(name: string, module: string): Promise<Put | undefined> {
  const wheels = path.join(local, "python");
  const python = await readFile(path.join(wheels, "installed.json"), "utf8").then((text) => String(JSON.parse(text).python), none);
  if (python === undefined || !(await exists(path.join(wheels, module)))) return undefined;
  const command = [python, path.join(import.meta.dirname, "shims", `${name}.py`)].map(quoted).join(" ");
  return (at) => writeFile(at, `#!/bin/sh\nPYTHONPATH=${quoted(wheels)} exec ${command} "$@"\n`, { mode: 0o755 });
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
const none = (): undefined => undefined;
const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
