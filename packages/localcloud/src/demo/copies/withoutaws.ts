import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { type Outcome, outcome } from "@holdfast/cli/src/restoresteps.ts";
import { z } from "zod";
import { clone, endRun, inRun, MARK } from "../../services/index.ts";
import { environment } from "../../services/environment.ts";
import { DemoFailed } from "../errors.ts";
import type { Folder } from "../folder.ts";
import type { Say } from "../steps.ts";

/** A copy, and all that somebody brings who wants it back. */
export type Bringing = {
  store: string;
  source: string;
  slot: string;
  target: string;
  database: string;
  /** Files: the store's login, the target's, by the name of its secret, and the public keys that were kept. */
  login: string;
  secrets: Readonly<Record<string, string>>;
  keys: readonly string[];
};
type Surroundings = { folder: Pick<Folder, "plan" | "offlineKey" | "logs">; say: Say; signal: AbortSignal };

const result = outcome.extend({ seconds: z.number() });
const failure = z.object({ error: z.object({ message: z.string(), hint: z.string() }) });

/**
 * Restores a copy by `holdfast restore --here`, in a process that knows of AWS only an address where nobody serves, and has no credentials for it.
 * Throws {@link DemoFailed}, also where it asked AWS for anything.
 */
export async function restoreWithoutAws(
  bringing: Bringing,
  { folder, say, signal }: Surroundings,
): Promise<{ outcome: Outcome; seconds: number }> {
  const gone = await nobody();
  try {
    const args = argumentsFor(bringing, folder);
    const { code, said } = await inRun("restore", undefined, async (run) => {
      const env = environment(run.folder, { ...withoutAws(gone.url), HOLDFAST_PLAN: folder.plan, [MARK]: run.mark });
      try {
        return await running(args, env, { log: path.join(folder.logs, "restore-without-aws.log"), say, signal });
      } finally {
        await endRun(run);
      }
    });
    if (gone.asked() > 0) throw new DemoFailed(`the restore asked AWS ${gone.asked()} times`, "Without AWS nothing of it may be needed.");
    if (code !== 0) throw failed(bringing, said);
    const { seconds, ...done } = result.parse(JSON.parse(said));
    return { outcome: done, seconds };
  } finally {
    gone.stop();
  }
}

const argumentsFor = (
  { source, slot, target, database, store, login, secrets, keys }: Bringing,
  { offlineKey }: Pick<Folder, "offlineKey">,
) => [
  ...["restore", source, "--at", slot, "--target", target, "--database", database, "--here", "--yes", "--json"],
  ...["--from", store, "--credentials", login, "--offline-key", offlineKey],
  ...keys.flatMap((file) => ["--trust", file]),
  ...Object.entries(secrets).flatMap(([name, file]) => ["--secret", `${name}=${file}`]),
];

const withoutAws = (url: string) => ({
  AWS_ENDPOINT_URL: url,
  AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
  AWS_MAX_ATTEMPTS: "1",
  NODE_COMPILE_CACHE: path.join(clone, ".local", "compile-cache"),
});

/** Stands where AWS was: hangs up at once, and counts. */
async function nobody(): Promise<{ url: string; asked(): number; stop(): void }> {
  let asked = 0;
  const server = createServer((socket) => {
    asked += 1;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  server.unref();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked, stop: () => void server.close() };
}

type Watched = { log: string; say: Say; signal: AbortSignal };
/** Its last line on stderr is what it does now. Killed when somebody ends us: its server ends with us anyway. */
async function running(args: readonly string[], env: NodeJS.ProcessEnv, { log, say, signal }: Watched) {
  const program = path.join(clone, "packages", "cli", "src", "main.ts");
  const child = spawn(process.execPath, [program, ...args], {
    cwd: env.HOME,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    killSignal: "SIGKILL",
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    said += more;
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line);
    say(line.trim().replaceAll(/ {2,}/g, " "));
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
    return { code, said };
  } finally {
    writeFileSync(log, `${lines.join("\n")}\n`);
  }
}

function failed({ store }: Bringing, said: string): DemoFailed {
  const { message, hint } = tolerant(said) ?? { message: "it ended without a word", hint: "Its log has what there is." };
  return new DemoFailed(`the restore from the copy in ${store} failed: ${message}`, hint);
}

function tolerant(said: string): z.infer<typeof failure>["error"] | undefined {
  try {
    return failure.parse(JSON.parse(said)).error;
  } catch {
    return undefined;
  }
}
