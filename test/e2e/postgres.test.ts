import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { slotId } from "@holdfast/core";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { stockTools } from "../../packages/age/test/stocktools.ts";
import { type Counted, takeCensus } from "../../packages/localcloud/src/demo/shop/census.ts";
import { connected } from "../../packages/localcloud/src/demo/shop/shop.ts";
import { cloud, until } from "../kit/cloud.ts";

const run = promisify(execFile);
const c = cloud();
const server = c.local.postgres;
const source = "shop";
const at = slotId(new Date("2026-05-01T00:00:00Z"));
let before: Counted[];

beforeAll(async () => {
  before = await takeCensus(server, "shop");
  const made = await c.backup(source, new Date("2026-05-01T00:00:00Z"));
  expect(made, JSON.stringify(made)).toHaveProperty("result.state", "made");
  expect(await c.verdict(source, at)).toBe("ok");
});

const databases = () =>
  connected(server, "postgres", async (client) =>
    (await client.query<{ datname: string }>("SELECT datname FROM pg_database ORDER BY 1")).rows.map(({ datname }) => datname),
  );
const roles = () =>
  connected(server, "postgres", async (client) =>
    (await client.query<{ rolname: string }>("SELECT rolname FROM pg_roles WHERE rolname LIKE 'holdfast\\_%' ORDER BY 1")).rows.map(
      ({ rolname }) => rolname,
    ),
  );

test("a shop of every kind of object comes back beside the one that runs, equal to the last row", async () => {
  const ended = await c.ended(await c.start({ source, target: "staging", database: "shop_check", at }));
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  const outcome = JSON.parse(ended.output ?? "{}");
  expect(outcome).toMatchObject({ source, slot: at, target: "staging", unit: "rows" });
  expect(outcome.expected).toBe(outcome.found);
  expect(outcome.found).toBeGreaterThan(3000);
  expect(await takeCensus(server, "shop_check")).toEqual(before);
  expect(await takeCensus(server, "shop")).toEqual(before);
  expect(await roles()).toEqual(["holdfast_restore"]);
});

test("a restore onto a database that exists is refused, and that database is untouched", async () => {
  await connected(server, "postgres", (client) => client.query("CREATE DATABASE precious"));
  const ended = await c.ended(await c.start({ source, target: "staging", database: "precious", at }));
  expect(ended).toMatchObject({ status: "FAILED", error: "RestoreRefused" });
  expect(ended.cause).toContain("precious");
  expect(await databases()).toContain("precious");
  expect(await roles()).toEqual(["holdfast_restore"]);
});

test("a restore stopped while it loads leaves no database and no role behind, and the neighbours stay", async () => {
  const stood = await databases();
  const execution = await c.start({ source, target: "staging", database: "shop_stopped", at });
  await until("the new database", async () => ((await databases()).includes("shop_stopped") ? true : undefined));
  await c.stop(execution);
  await until("what it made is gone", async () =>
    (await databases()).includes("shop_stopped") || (await roles()).length > 1 ? undefined : true,
  );
  await until("undo came to rest", async () => ((await c.resting("restore-staging")) ? true : undefined));
  expect(await databases()).toEqual(stood);
  expect(await roles()).toEqual(["holdfast_restore"]);
});

test("the commands of docs/recover.md open the backup with the offline key and stock tools alone", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "holdfast-recover-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const entry = await c.entry(source, at);
  for (const { key } of entry?.objects ?? []) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of c.store.read.read({ key })) chunks.push(chunk);
    await writeFile(path.join(folder, path.basename(key)), Buffer.concat(chunks));
  }
  await copyFile(c.local.offlineKey, path.join(folder, "offline.key"));
  const page = await readFile(path.join(import.meta.dirname, "../../docs/recover.md"), "utf8");
  const script = /recover:begin.*?```sh\n(.*?)```\n<!-- recover:end/s.exec(page)?.[1] ?? "exit 9";
  const tools = await stockTools();
  await run("bash", ["-e", "-c", script], {
    cwd: folder,
    env: {
      PATH: `${tools.path}:${server.bin}:/usr/bin:/bin`,
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGUSER: server.user,
      PGPASSWORD: server.password,
      LANG: "C.UTF-8",
    },
  });
  expect(await takeCensus(server, "shop_recovered")).toEqual(before);
});
