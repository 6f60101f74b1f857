import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { layOutPlatform } from "../../../../scripts/platform.mjs";
import { npmEnvironment } from "../../../../scripts/platform/npm.mjs";

/** Stands in for the pinned binary: lays out a small tree, counts that it was run, and fails or tells its environment when asked. */
const sst = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
const own = path.dirname(path.dirname(import.meta.filename ?? new URL(import.meta.url).pathname));
appendFileSync(path.join(own, "runs"), process.argv.slice(2).join(" ") + "\\n");
writeFileSync(path.join(own, "environment.json"), JSON.stringify(process.env));
const tree = path.join(process.cwd(), ".sst", "platform");
mkdirSync(path.join(tree, "node_modules", "a"), { recursive: true });
if (existsSync(path.join(own, "broken"))) { console.error("npm error network"); process.exit(1); }
writeFileSync(path.join(tree, "node_modules", "a", "index.js"), "a");
writeFileSync(path.join(tree, "config.d.ts"), "types");
writeFileSync(path.join(tree, "package.json"), "{}");
writeFileSync(path.join(tree, "package-lock.json"), JSON.stringify({ packages: { "": {}, "node_modules/a": { version: "1.0.0", integrity: "sha512-abc" } } }));
`;

describe("SST's platform", () => {
  let folder: string;
  const say: string[] = [];

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "holdfast-platform-"));
    say.length = 0;
    vi.stubEnv("XDG_CACHE_HOME", path.join(folder, "cache"));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  const clone = (name: string): string => {
    const root = path.join(folder, name);
    mkdirSync(path.join(root, "node_modules", "sst", "bin"), { recursive: true });
    writeFileSync(path.join(root, "node_modules", "sst", "package.json"), `{"version":"9.9.9"}`);
    writeFileSync(path.join(root, "node_modules", "sst", "bin", "sst.mjs"), sst);
    return root;
  };
  const layOut = (root: string) => layOutPlatform(root, (line) => say.push(line));
  const runs = (root: string) => readFileSync(path.join(root, "node_modules/sst/runs"), "utf8").trim().split("\n").length;
  const inTree = (root: string, file: string) => path.join(root, ".sst", "platform", file);
  const cache = () => path.join(folder, "cache", "holdfast", "sst-platform");
  const kept = () => readdirSync(cache()).filter((name) => name.startsWith("9.9.9-"));

  test("is made once for two clones, and not at all when it stands", async () => {
    const [one, two] = [clone("one"), clone("two")];
    await layOut(one);
    await layOut(one);
    await layOut(two);
    expect(runs(one)).toBe(1);
    expect(existsSync(path.join(two, "node_modules/sst/runs"))).toBe(false);
    expect(readFileSync(inTree(two, "node_modules/a/index.js"), "utf8")).toBe("a");
  });

  test("shares with other clones what npm installed, and nothing that SST writes into", async () => {
    const one = clone("one");
    await layOut(one);
    expect(statSync(inTree(one, "node_modules/a/index.js")).nlink).toBe(2);
    expect(statSync(inTree(one, "config.d.ts")).nlink).toBe(1);
  });

  test("says how it differs from what the project was tested with", async () => {
    await layOut(clone("one"));
    expect(say.join("\n")).toContain("SST is 9.9.9; this project was tested with");
  });

  test("is made anew, and said so, when the kept one was changed", async () => {
    await layOut(clone("one"));
    const file = path.join(cache(), kept()[0] ?? "", "config.d.ts");
    writeFileSync(file, "planted");
    const two = clone("two");
    await layOut(two);
    expect(say.join("\n")).toContain("is not what was laid out there");
    expect(runs(two)).toBe(1);
    expect(readFileSync(inTree(two, "config.d.ts"), "utf8")).toBe("types");
  });

  test("leaves nothing that counts when the install fails, shows why, and is made the next time", async () => {
    const one = clone("one");
    writeFileSync(path.join(one, "node_modules/sst/broken"), "");
    await expect(layOut(one)).rejects.toThrow("npm error network");
    expect(existsSync(inTree(one, ""))).toBe(false);
    expect(readdirSync(cache()).filter((name) => !name.startsWith("."))).toEqual([]);
    rmSync(path.join(one, "node_modules/sst/broken"));
    await layOut(one);
    expect(existsSync(inTree(one, "config.d.ts"))).toBe(true);
  });

  test("replaces a tree of another version, or one without its seal", async () => {
    const one = clone("one");
    mkdirSync(inTree(one, ""), { recursive: true });
    writeFileSync(inTree(one, "old"), "");
    await layOut(one);
    expect(existsSync(inTree(one, "old"))).toBe(false);
    expect(readdirSync(path.join(one, ".sst"))).toEqual(["platform"]);
  });

  test("is whole in both when two clones lay it out at once, and what a killed maker left is removed", async () => {
    const [one, two] = [clone("one"), clone("two")];
    const dead = path.join(cache(), "making-999999999-x");
    mkdirSync(dead, { recursive: true });
    chmodSync(path.join(folder, "cache", "holdfast"), 0o700);
    await Promise.all([layOut(one), layOut(two)]);
    for (const root of [one, two]) expect(readFileSync(inTree(root, "config.d.ts"), "utf8")).toBe("types");
    expect(kept()).toHaveLength(1);
    expect(existsSync(dead)).toBe(false);
  });

  test("is installed with npm's own settings, in a home of its own, and with nothing of AWS", async () => {
    vi.stubEnv("AWS_PROFILE", "prod");
    vi.stubEnv("npm_config_registry", "https://registry.example");
    vi.stubEnv("npm_config_local_prefix", "/elsewhere");
    vi.stubEnv("HTTPS_PROXY", "http://proxy.example");
    const one = clone("one");
    writeFileSync(path.join(one, ".npmrc"), "fund=false\n");
    await layOut(one);
    const environment = JSON.parse(readFileSync(path.join(one, "node_modules/sst/environment.json"), "utf8"));
    expect(environment).toMatchObject({
      npm_config_registry: "https://registry.example",
      HTTPS_PROXY: "http://proxy.example",
      SST_NO_BUN: "1",
    });
    expect(environment.AWS_PROFILE ?? environment.npm_config_local_prefix).toBeUndefined();
    expect(environment.HOME).not.toBe(os.homedir());
  });

  test("the install reads the user's npmrc and then the project's", () => {
    const root = clone("one");
    const home = path.join(folder, "home");
    mkdirSync(home);
    writeFileSync(path.join(folder, "npmrc"), "registry=https://user.example\n");
    writeFileSync(path.join(root, ".npmrc"), "registry=https://project.example\n");
    vi.stubEnv("npm_config_userconfig", path.join(folder, "npmrc"));
    const { npm_config_userconfig: merged = "" } = npmEnvironment(root, home);
    expect(readFileSync(merged, "utf8")).toBe("registry=https://user.example\n\nregistry=https://project.example\n\n");
    expect(statSync(merged).mode & 0o777).toBe(0o600);
  });
});
