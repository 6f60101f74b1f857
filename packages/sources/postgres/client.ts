import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Surroundings } from "@holdfast/core";
import { ServerVersionUnsupported } from "./errors.ts";
import { LAYER } from "./kind.ts";
import type { Login } from "./login.ts";
import { authorities, clientTls } from "./tls.ts";

export type Program = "pg_dump" | "pg_dumpall" | "pg_restore";

/** `server_version_num` to the major version: 170011 to 17. */
export const majorOf = (version: number): number => Math.floor(version / 10_000);
/** `server_version_num` as people write it: 170011 to 17.11. */
export const versionText = (version: number): string => `${majorOf(version)}.${version % 10_000}`;

/** The major versions that the layer has clients of, oldest first. */
export async function clientMajors({ layer }: Pick<Surroundings, "layer">): Promise<number[]> {
  const names = await readdir(layer(LAYER)).catch(() => []);
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Throws {@link ServerVersionUnsupported} where the layer has no client of that very version. */
export async function requireClient(version: number, surroundings: Pick<Surroundings, "layer">): Promise<number> {
  const majors = await clientMajors(surroundings);
  const major = majorOf(version);
  if (!majors.includes(major)) throw new ServerVersionUnsupported(major, majors);
  return major;
}

export const programPath = ({ layer }: Pick<Surroundings, "layer">, major: number, program: Program): string =>
  join(layer(LAYER), String(major), "bin", program);

/** The whole environment of a program that talks to no server. Nothing of ours is in it: an archive is a program of somebody else's. */
export const bareEnvironment = ({ layer }: Pick<Surroundings, "layer">, folder: string): Record<string, string> => ({
  LD_LIBRARY_PATH: join(layer(LAYER), "lib"),
  HOME: folder,
  LC_ALL: "C",
  TZ: "UTC",
});

/**
 * The whole environment of a program that logs in. The database's name stands here and nowhere else: as an argument libpq would take
 * `host=elsewhere dbname=x` for a connection string and send the password there. The password (a token of its own, with IAM) is here too and not in a file: /tmp of a function
 * outlives the call, an environment is gone with its process, and both are for the same user's eyes only.
 */
export async function clientEnvironment(
  login: Login,
  database: string,
  surroundings: Pick<Surroundings, "layer">,
  folder: string,
): Promise<Record<string, string>> {
  const ca = await authorities(login, surroundings.layer(LAYER));
  return {
    ...bareEnvironment(surroundings, folder),
    ...(await clientTls(login, ca, folder)),
    PGHOST: login.host,
    PGPORT: String(login.port),
    PGUSER: login.user,
    PGPASSWORD: await login.password(),
    PGPASSFILE: "/dev/null",
    PGDATABASE: database,
    PGAPPNAME: "holdfast",
    PGCONNECT_TIMEOUT: "10",
    PGGSSENCMODE: "disable",
  };
}
