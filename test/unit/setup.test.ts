import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const scripts = path.resolve(import.meta.dirname, "../../scripts");
const own = ["setup.mjs", "lib-alone.mjs", "lib-machine.mjs", "lib-npm.mjs", "lib-python.mjs", "lib-run.mjs"];

/** A fresh clone with a lock of one package, and programs of the names npm and python3 that write down what they were asked. */
let clone = "";
beforeEach(() => {
  clone = mkdtempSync(path.join(os.tmpdir(), "holdfast-setup-"));
  for (const folder of ["scripts", "bin", "packages/localcloud"]) mkdirSync(path.join(clone, folder), { recursive: true });
  for (const file of own) cpSync(path.join(scripts, file), path.join(clone, "scripts", file));
  put("scripts/layers.mjs", LAYERS);
  put("scripts/platform.mjs", PLATFORM);
  put("packages/localcloud/requirements.txt", "ministack==1\n");
  lock("1.0.0");
  program("npm", NPM);
  program("python3", PYTHON);
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

test("a fresh clone is made ready in order, and the next time nothing is done or said", async () => {
  const first = await setUp();
  expect(first).toMatchObject({ code: 0 });
  expect(calls().map((call) => call.split(" --")[0])).toEqual(["npm install", "pip install", "layer", "platform"]);
  put("calls", "");
  expect(await setUp()).toEqual({ code: 0, said: "" });
  expect(calls()).toEqual(["layer", "platform"]);
});

test("for the check, neither servers nor layers are installed", async () => {
  expect((await setUp(["--check"])).code).toBe(0);
  expect(calls().map((call) => call.split(" --")[0])).toEqual(["npm install", "platform"]);
});

test("for the tests, servers of other majors are there too", async () => {
  expect((await setUp(["--test"])).code).toBe(0);
  expect(calls()).toContain("servers");
});

test("wheels are installed by their hashes, wherever a person's pip would put them, from where it takes them", async () => {
  await setUp([], { env: { PIP_REQUIRE_VIRTUALENV: "1", PIP_USER: "1", PIP_INDEX_URL: "https://mirror.example/simple" } });
  const install = calls().find((call) => call.startsWith("pip install")) ?? "";
  expect(install).toContain("--require-hashes --only-binary=:all:");
  expect(install).toContain("[virtualenv=0 user=0 index=https://mirror.example/simple]");
});

test("all that a machine lacks is told at once, and nothing is downloaded", async () => {
  program("python3", PYTHON.replace("3 11", "3 9"));
  rmSync(path.join(clone, "bin", "npm"));
  const { code, said } = await setUp([], { preload: `${ELSEWHERE}${FULL}` });
  expect(code).toBe(1);
  expect(said).toContain("nothing was downloaded");
  for (const lack of ["this is darwin ", "npm is needed", "Python 3.10 to 3.14 is needed", "found is 3.9", "MiB of free disk are needed"]) {
    expect(said).toContain(lack);
  }
  expect(said.split("\n  - ").length).toBe(5);
  expect(calls()).toEqual([]);
});

test("a Node, npm or Python that is too old is told with its version", async () => {
  program("npm", NPM.replace("11.0.0", "8.1.2"));
  const { said } = await setUp([], { preload: OLD_NODE });
  expect(said).toContain("Node 20 or later is needed to begin (Node 24 comes with the packages); this is 18.19.0");
  expect(said).toContain("npm 10 or later is needed; this is 8.1.2");
});

test("a Python without pip is used through a venv, and one with neither is told so", async () => {
  program("python3", PYTHON.replace(PIP, "exit 1"));
  expect((await setUp()).code).toBe(0);
  expect(calls()).toContainEqual(expect.stringMatching(/^venv /));
  program("python3", PYTHON.replace(PIP, "exit 1").replace("*ensurepip*) exit 0", "*ensurepip*) exit 1"));
  rmSync(path.join(clone, ".local"), { recursive: true });
  expect((await setUp()).said).toContain("has neither pip nor venv. Install your system's packages python3-pip or python3-venv.");
});

test("what fails is told with its last words, and the next run begins there again", async () => {
  program("python3", PYTHON.replace("exit 0 # installed", "echo hashes do not match >&2; exit 2"));
  const failed = await setUp();
  expect(failed).toMatchObject({ code: 1, said: expect.stringContaining("ended with exit code 2.\nhashes do not match") });
  expect(calls()).not.toContain("layer");
  program("python3", PYTHON);
  put("calls", "");
  expect((await setUp()).code).toBe(0);
  expect(calls().map((call) => call.split(" --")[0])).toEqual(["pip install", "layer", "platform"]);
  expect(existsSync(path.join(clone, ".local/python.partial"))).toBe(false);
});

test("a tree that does not match the lock is brought up to date and not emptied", async () => {
  await setUp();
  lock("1.0.1");
  put("node_modules/kept", "");
  put("calls", "");
  expect((await setUp()).code).toBe(0);
  expect(calls()[0]).toMatch(/^npm install --no-save /);
  expect(existsSync(path.join(clone, "node_modules/kept"))).toBe(true);
});

test("an npm that was killed half-way left no record of its tree, so the tree is made anew", async () => {
  mkdirSync(path.join(clone, "node_modules/.bin"), { recursive: true });
  put("node_modules/.bin/node", "");
  put("node_modules/half", "");
  expect((await setUp()).code).toBe(0);
  expect(existsSync(path.join(clone, "node_modules/half"))).toBe(false);
});

test("where npm leaves out the link to Node 24, it is made", async () => {
  const places = `mkdir -p node_modules/node-linux-${process.arch}/bin; touch node_modules/node-linux-${process.arch}/bin/node`;
  program("npm", NPM.replace("touch node_modules/.bin/node", places));
  expect((await setUp()).code).toBe(0);
  expect(existsSync(path.join(clone, "node_modules/.bin/node"))).toBe(true);
});

test("wheels of other requirements are installed anew", async () => {
  await setUp();
  put("packages/localcloud/requirements.txt", "ministack==2\n");
  put("calls", "");
  expect((await setUp()).code).toBe(0);
  expect(calls()[0]).toMatch(/^pip install /);
});

test("of two at once one works and the other waits, then finds all there", async () => {
  program("npm", NPM.replace("mkdir -p node_modules", "while [ -d bin ] && ! [ -e go ]; do sleep 0.02; done; mkdir -p node_modules"));
  const first = start([]);
  await expect.poll(calls).toHaveLength(1);
  const second = start([]);
  await expect.poll(() => second.said()).toContain("Another set-up of this clone is running; waiting for it.");
  put("go", "");
  expect([await first.code, await second.code]).toEqual([0, 0]);
  expect(calls().filter((call) => /^(npm|pip) /.test(call))).toHaveLength(2);
});

test("one that waits takes over when the other is killed", async () => {
  program("npm", NPM.replace("mkdir -p node_modules", "while [ -d bin ] && ! [ -e go ]; do sleep 0.02; done; mkdir -p node_modules"));
  const first = start([]);
  await expect.poll(calls).toHaveLength(1);
  const second = start([]);
  await expect.poll(() => second.said()).toContain("waiting for it");
  // All of it, as the kernel does when memory is short or a terminal goes: an npm that lives on would work beside the second's.
  process.kill(-(first.child.pid ?? 0), "SIGKILL");
  put("go", "");
  expect(await second.code).toBe(0);
});

function put(file: string, text: string): void {
  writeFileSync(path.join(clone, file), text);
}
function program(name: string, script: string): void {
  put(`bin/${name}`, script);
  chmodSync(path.join(clone, "bin", name), 0o755);
}
function lock(version: string): void {
  put("package-lock.json", JSON.stringify({ packages: { "": {}, "packages/core": {}, "node_modules/zod": { version } } }));
}
function calls(): string[] {
  const file = path.join(clone, "calls");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}

type Settings = { env?: Record<string, string>; preload?: string };
type Started = { child: ChildProcess; said: () => string; code: Promise<number | null> };

async function setUp(args: readonly string[] = [], settings: Settings = {}): Promise<{ code: number | null; said: string }> {
  const { code, said } = start(args, settings);
  return { code: await code, said: said() };
}

/** The PATH holds the two programs and the system's own folders without any other npm or Python. */
function start(args: readonly string[], { env = {}, preload }: Settings = {}): Started {
  const imported = preload ? ["--import", `data:text/javascript,${encodeURIComponent(preload)}`] : [];
  const child = spawn(process.execPath, [...imported, path.join(clone, "scripts/setup.mjs"), ...args], {
    cwd: clone,
    env: { PATH: `${path.join(clone, "bin")}:${system()}`, HOME: clone, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let heard = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      heard += chunk;
    });
  }
  return { child, said: () => heard, code: new Promise((resolve) => child.once("close", resolve)) };
}

/** A folder with the few programs that the two need, since /usr/bin holds real ones of their names. */
function system(): string {
  const folder = path.join(clone, "system");
  mkdirSync(folder, { recursive: true });
  for (const name of ["sh", "mkdir", "cp", "touch", "sleep", "getconf"]) {
    const found = ["/usr/bin", "/bin"].map((place) => path.join(place, name)).find((file) => existsSync(file));
    if (found && !existsSync(path.join(folder, name))) cpSync(found, path.join(folder, name));
  }
  return folder;
}

const NPM = `#!/bin/sh
case "$1" in
  --version) echo 11.0.0;;
  install) echo "npm $@" >> calls; mkdir -p node_modules/.bin; touch node_modules/.bin/node; cp package-lock.json node_modules/.package-lock.json;;
esac
`;
const PIP = "exit 0 # pip";
const PYTHON = `#!/bin/sh
case "$*" in
  *version_info*) echo "$0 3 11";;
  "-m pip --version") exit 0 # pip
    ;;
  *ensurepip*) exit 0;;
  *"-m venv"*) echo "venv $@" >> calls; eval last=\\\${$#}; mkdir -p $last/bin; cp "$0" $last/bin/python;;
  *"pip install"*)
    echo "pip install -- $* [virtualenv=$PIP_REQUIRE_VIRTUALENV user=$PIP_USER index=$PIP_INDEX_URL]" >> calls
    exit 0 # installed
    ;;
esac
`;
const LAYERS = `import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
const make = (root, place, name) => {
  appendFileSync(root + "/calls", name + "\\n");
  mkdirSync(root + "/.local/" + place, { recursive: true });
  writeFileSync(root + "/.local/" + place + "/made.json", "{}");
};
export const buildLayer = (arch, { root }) => make(root, "layers/" + arch + "/postgres", "layer");
export const buildServers = ({ root }) => make(root, "servers/" + (process.arch === "arm64" ? "arm64" : "x86_64"), "servers");
`;
const PLATFORM = `import { appendFileSync, mkdirSync } from "node:fs";
export const layOutPlatform = (root) => {
  appendFileSync(root + "/calls", "platform\\n");
  mkdirSync(root + "/.sst/platform", { recursive: true });
};
`;
const ELSEWHERE = `Object.defineProperty(process, "platform", { value: "darwin" });`;
const FULL = `import fs from "node:fs"; import { syncBuiltinESMExports } from "node:module"; fs.statfsSync = () => ({ bavail: 1, bsize: 4096 }); syncBuiltinESMExports();`;
const OLD_NODE = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.19.0" } });`;
