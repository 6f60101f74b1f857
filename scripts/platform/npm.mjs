// npm as its user configured it, for an install that runs with a home of its own.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { tryRun } from "../lib-run.mjs";

/** What of the environment reaches the install: where programs are, how to reach a registry. Nothing of AWS, nothing of SST. */
const PASSED = /^(path|lang|lc_\w+|tmpdir|(https?|no|all)_proxy|node_extra_ca_certs|ssl_cert_(file|dir))$/i;
/** npm's own settings, but for those that npm sets for the script it runs and that would send the install elsewhere. */
const NPM_SETTING =
  /^npm_config_(registry|.*registry|.*proxy|noproxy|ca|cafile|cert|key|strict_ssl|cache|offline|prefer_offline|fetch_\w+|maxsockets|user_agent|\/\/.*)$/i;

/**
 * The environment of the install. npm reads `~/.npmrc` and the project's `.npmrc`; the install has another home and another project, so
 * both are put together into one file in `home`, which is private and removed afterwards: it may hold tokens.
 * @param {string} root @param {string} home @returns {Record<string, string>}
 */
export function npmEnvironment(root, home) {
  const passed = Object.entries(process.env).filter(([name]) => PASSED.test(name) || NPM_SETTING.test(name));
  const userconfig = process.env.npm_config_userconfig ?? process.env.NPM_CONFIG_USERCONFIG ?? path.join(os.homedir(), ".npmrc");
  const both = [userconfig, path.join(root, ".npmrc")].filter(existsSync).map((file) => readFileSync(file, "utf8"));
  const merged = path.join(home, ".npmrc");
  writeFileSync(merged, `${both.join("\n")}\n`, { mode: 0o600 });
  const cache = tryRun("npm", ["config", "get", "cache"], { cwd: root })?.trim();
  return {
    ...Object.fromEntries(passed.map(([name, value]) => [name, String(value)])),
    ...(cache ? { npm_config_cache: cache } : {}),
    npm_config_userconfig: merged,
  };
}
