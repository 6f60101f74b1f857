import { execFile, spawn } from "node:child_process";
import { chown, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { freePorts, type Postgres } from "@holdfast/localcloud";
import { until } from "./wait.ts";
import { type Server, sql } from "./world.ts";

/** Stops the server when we close the pipe or die, whichever comes first. */
const GUARD = '"$@" & pid=$!; cat <&3 >/dev/null; kill -INT $pid; wait $pid';

/** A hot standby of a primary, in the primary's own folder and as its account. Stop it before the primary. */
export async function startStandby(primary: Postgres): Promise<Server & { stop(): Promise<void> }> {
  const { uid, gid } = await stat(primary.folder);
  const folder = join(primary.folder, "standby");
  await mkdir(folder);
  await chown(folder, uid, gid);
  const account = {
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
    cwd: folder,
    env: { PGPASSWORD: primary.password, PATH: "/usr/bin:/bin" },
  };
  const from = ["-h", primary.host, "-p", String(primary.port), "-U", primary.user];
  // A checkpoint at leisure could take minutes.
  await promisify(execFile)(
    join(primary.bin, "pg_basebackup"),
    [...from, "-D", join(folder, "data"), "-R", "-c", "fast", "-X", "stream"],
    account,
  );
  const [port = 0] = await freePorts(1);
  const settings = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`].flatMap((it) => ["-c", it]);
  const program = [join(primary.bin, "postgres"), "-D", join(folder, "data"), ...settings];
  const child = spawn("/bin/sh", ["-c", GUARD, "standby", ...program], { ...account, stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const server = { host: "127.0.0.1", port, user: primary.user, password: primary.password };
  await until(() =>
    sql(server, "postgres", "SELECT 1").then(
      () => true,
      () => false,
    ),
  );
  return {
    ...server,
    async stop() {
      (child.stdio[3] as Socket).end();
      await ended;
    },
  };
}
