import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Interrupted } from "@holdfast/cli/src/errors.ts";
import { localFile } from "@holdfast/cli/src/local.ts";
import { output } from "@holdfast/cli/src/output.ts";
import type { World } from "@holdfast/cli/src/world.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clone } from "../services/index.ts";
import { DemoFailed } from "./errors.ts";
import { writeOfflineKey } from "./folder.ts";
import { demoSchedule } from "./plan.ts";
import { type Session, session } from "./session.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "holdfast-session-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function run(work: (session: Session) => Promise<void>, signal = new AbortController().signal, heard = (_: string) => {}) {
  const written: string[] = [];
  const write = (text: string) => {
    written.push(text);
    heard(text);
  };
  const stream = { write };
  const world = { root, signal, stdout: stream } as unknown as World;
  const out = output(stream, stream, { now: () => new Date(0), color: false });
  const code = await session("the demo", world, out, work);
  return { code, said: written.join("") };
}

test("a session that ends well has exit code 0 and keeps its folder for itself", async () => {
  const { code } = await run(async ({ folder }) => void (await writeOfflineKey(folder)));
  expect(code).toBe(0);
  expect(statSync(path.join(root, ".local/demo")).mode & 0o777).toBe(0o700);
  expect(statSync(path.join(root, ".local/demo/offline.key")).mode & 0o777).toBe(0o600);
});

test("what fails is told with its hint and where the logs are, and the exit code is 1", async () => {
  const { code, said } = await run(() => Promise.reject(new DemoFailed("nothing came", "Look there.")));
  expect(code).toBe(1);
  expect(said).toContain("The demo failed: nothing came. Look there.");
  expect(said).toContain(".local/demo/logs");
  expect(readFileSync(path.join(root, ".local/demo/logs/failure.txt"), "utf8")).toContain("DemoFailed: nothing came");
});

test("who ends it is told so, and it counts as ended and not as failed", async () => {
  const interrupt = new AbortController();
  const { code, said } = await run(async () => {
    interrupt.abort(new Interrupted("SIGINT"));
    throw new Error("what broke because of it");
  }, interrupt.signal);
  expect(code).toBe(130);
  expect(said).toContain("Stopped on request");
  expect(said).not.toContain("what broke");
});

test("a second one in the same clone is refused with who runs there, and touches nothing of the first", async () => {
  let second: { code: number; said: string } | undefined;
  const first = await run(async ({ folder }) => {
    writeFileSync(folder.result, "first");
    second = await run(() => Promise.reject(new Error("must not run")));
    expect(readFileSync(folder.result, "utf8")).toBe("first");
  });
  expect(first.code).toBe(0);
  expect(second?.code).toBe(1);
  expect(second?.said).toContain(`the demo runs in this clone already (process ${process.pid})`);
});

test("what a killed run left is taken away by the next one", async () => {
  await run(async () => writeFileSync(localFile(root), "{}"));
  let left = [""];
  await run(async ({ folder }) => {
    left = [localFile(root), path.join(folder.logs, "failure.txt")].filter((file) => existsSync(file));
  });
  expect(left).toEqual([]);
});

/** Services that this process started and that nobody ended. */
function running(): string[] {
  const records = path.join(clone, ".local", "run");
  const own = (file: string) => readFileSync(path.join(records, file), "utf8").includes(`"owner":"${process.pid} `);
  return readdirSync(records).filter((file) => /^(openbao|postgres|ministack|seaweedfs|azurite|fakegcs)-/.test(file) && own(file));
}

test("who ends it while it starts leaves no server and no way to one", async () => {
  const interrupt = new AbortController();
  const others = running();
  let begun: string[] = [];
  const atCluster = (text: string) => {
    if (!text.includes("Aurora cluster")) return;
    begun = running().filter((file) => !others.includes(file));
    interrupt.abort(new Interrupted("SIGTERM"));
  };
  const { code, said } = await run(
    async ({ open }) => void (await open({ rows: 500, schedule: demoSchedule })),
    interrupt.signal,
    atCluster,
  );
  expect(said).toMatch(/PostgreSQL \d+\.\d+ runs/);
  // The shop's and the cluster's.
  expect(begun.filter((file) => file.startsWith("postgres-"))).toHaveLength(2);
  expect(code).toBe(143);
  expect(begun.filter((file) => file.startsWith("openbao-"))).toHaveLength(2);
  expect(begun.filter((file) => /^(seaweedfs|azurite|fakegcs)-/.test(file))).toHaveLength(3);
  expect(running()).toEqual(others);
  expect(existsSync(localFile(root))).toBe(false);
  const [host = "", port] = readFileSync(path.join(root, ".local/demo/pgpass"), "utf8").split(":");
  await expect(once(connect({ host, port: Number(port) }), "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
