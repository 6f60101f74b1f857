import { execFile, spawn } from "node:child_process";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { type StockTools, stockTools } from "../../packages/age/test/stocktools.ts";
import { bare, ended, isThere } from "./run.ts";
import type { Stage } from "./stage.ts";

/** Seconds from the start of the first program to the end of the last, seconds of CPU of all of them, and bytes of the file. */
export type Timed = { seconds: number; cpu: number; bytes: number };
/** The pipelines that people type. Each run makes `file` anew. */
export type Stock = {
  dumpAlone(): Promise<Timed>;
  age(): Promise<Timed>;
  /** Undefined where gpg is not on the PATH. */
  gpg: (() => Promise<Timed>) | undefined;
  /** Opens what `artifact` names, as the documentation says to: decrypts, decompresses, keeps nothing. */
  open(artifact: string): Promise<Timed>;
  end(): Promise<void>;
};

/** The same pg_dump as ours, on the same database, over the same TCP. */
export async function stock(stage: Stage): Promise<Stock> {
  const tools = await stockTools();
  const home = path.join(stage.folder, "stock");
  const file = path.join(home, "dump");
  await mkdir(home, { mode: 0o700 });
  await writeFile(path.join(home, "passphrase"), "a passphrase of some length", { mode: 0o600 });
  await writeFile(path.join(home, "identity"), `${stage.keys.identity}\n`, { mode: 0o600 });
  const env: Record<string, string> = { ...environmentOf(stage, tools, home), OUT: file };
  const time = (line: string) => timed(line, env, home, file);
  const hasGpg = await isThere("gpg");
  const dump = '"$PG_DUMP" --no-password';
  return {
    dumpAlone: () => time(`${dump} -Fc -Z0 > "$OUT"`),
    age: () => time(`${dump} -Fc -Z0 | zstd -1 -q | age -r "$RECIPIENT" > "$OUT"`),
    gpg: hasGpg
      ? () => time(`${dump} | gzip | gpg --batch --quiet --pinentry-mode loopback --passphrase-file "$HOME/passphrase" -c > "$OUT"`)
      : undefined,
    open: (artifact) => timed('age -d -i "$HOME/identity" "$ARTIFACT" | zstd -d -q > /dev/null', { ...env, ARTIFACT: artifact }, home),
    async end() {
      // gpg leaves an agent behind.
      if (hasGpg) await promisify(execFile)("gpgconf", ["--kill", "all"], { env }).catch(() => {});
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** LD_LIBRARY_PATH must not reach zstd and gpg, which have libraries of their own. */
function environmentOf({ server, layers, keys, databases }: Stage, tools: StockTools, home: string): Record<string, string> {
  const [client, libraries] = [path.join(layers, "postgres", "17", "bin", "pg_dump"), path.join(layers, "postgres", "lib")];
  const login = { PGHOST: server.host, PGPORT: String(server.port), PGUSER: server.user, PGPASSWORD: server.password };
  const more = {
    PGDATABASE: databases.timed.database,
    PGSSLMODE: "disable",
    PGGSSENCMODE: "disable",
    GNUPGHOME: home,
    RECIPIENT: keys.recipient,
  };
  const from = bare(home);
  return { ...from, ...login, ...more, PATH: `${tools.path}:${from.PATH}`, PG_DUMP: client, LIBRARIES: libraries };
}

/** Runs a line of shell, `file` being what it leaves: that is weighed and removed. */
export async function timed(line: string, env: Record<string, string>, cwd: string, file?: string): Promise<Timed> {
  const whole = line.replace('"$PG_DUMP"', 'LD_LIBRARY_PATH="$LIBRARIES" "$PG_DUMP"');
  const began = performance.now();
  const child = spawn("bash", ["-o", "pipefail", "-c", `${whole}; code=$?; times >&2; exit $code`], {
    env,
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [said, code] = await Promise.all([text(child.stderr), ended(child)]);
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`${line} ended with ${code}: ${said.trim()}`);
  const bytes = file === undefined ? 0 : (await stat(file)).size;
  if (file !== undefined) await rm(file);
  return { seconds, cpu: childrenCpu(said), bytes };
}

/** bash's `times` ends with a line of its children, `0m1.250s 0m0.310s`. */
function childrenCpu(said: string): number {
  const spent =
    said
      .trim()
      .split("\n")
      .at(-1)
      ?.matchAll(/(\d+)m([\d.]+)s/g) ?? [];
  return [...spent].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}
