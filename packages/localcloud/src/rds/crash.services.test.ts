import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { CreateDBInstanceCommand, DeleteDBInstanceCommand, DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { expect, test } from "vitest";
import { clone } from "../services/index.ts";
import { marked } from "../services/runs.ts";
import { rdsDouble } from "./double.ts";

/** A process of its own that opens a double with one server, says so, and stays. */
const SCRIPT = `
import { rdsDouble } from ${JSON.stringify(path.join(import.meta.dirname, "double.ts"))};
const rds = await rdsDouble();
const body = new URLSearchParams({ Action: "CreateDBInstance", Version: "2014-10-31", DBInstanceIdentifier: "shop", DBInstanceClass: "db.t4g.micro",
  Engine: "postgres", MasterUsername: "holdfast", MasterUserPassword: "correct-horse" });
const authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/rds/aws4_request, SignedHeaders=host, Signature=0";
const answer = await fetch(rds.endpoint, { method: "POST", body, headers: { authorization } });
await rds.settled();
console.log(answer.status, rds.failures.length);
setInterval(() => {}, 60_000);
`;

test("when the process of the double is killed, no server, disk or folder stays", async () => {
  const starter = spawn(process.execPath, ["--input-type=module", "-e", SCRIPT], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface(starter.stdout)) {
    expect(line).toBe("200 0");
    break;
  }
  const runs = runsOf(starter.pid ?? 0);
  expect(runs.map(({ service }) => service).toSorted()).toEqual(["postgres", "rds"]);
  expect(runs.flatMap(({ mark }) => marked(mark)).length).toBeGreaterThan(2);
  starter.kill("SIGKILL");
  await expect.poll(() => runs.flatMap(({ mark }) => marked(mark))).toEqual([]);
  await expect.poll(() => runs.filter(({ folder }) => existsSync(folder))).toEqual([]);
});

const apiOf = ({ endpoint }: { endpoint: string }) =>
  new RDSClient({ endpoint, region: "eu-central-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } });
const shop = {
  DBInstanceIdentifier: "shop",
  DBInstanceClass: "db.t4g.micro",
  Engine: "postgres",
  MasterUsername: "holdfast",
  MasterUserPassword: "correct-horse",
};

test("when it is stopped while a server comes up, nothing stays either", async () => {
  const before = runsOf(process.pid).length;
  const rds = await rdsDouble();
  await apiOf(rds).send(new CreateDBInstanceCommand(shop));
  await expect.poll(() => runsOf(process.pid).length).toBe(before + 2);
  const runs = runsOf(process.pid);
  await Promise.all([rds.stop(), rds.stop()]);
  expect(runs.flatMap(({ mark }) => marked(mark))).toEqual([]);
  expect(runs.filter(({ folder }) => existsSync(folder))).toEqual([]);
  expect([runsOf(process.pid).length, rds.failures]).toEqual([before, []]);
  await expect(fetch(rds.endpoint)).rejects.toThrow();
});

test.each(["creating", "backing-up"])("an instance that is deleted while it is %s leaves no server behind", async (status) => {
  const before = runsOf(process.pid).length;
  const rds = await rdsDouble();
  const api = apiOf(rds);
  await api.send(new CreateDBInstanceCommand(shop));
  const told = async () => (await api.send(new DescribeDBInstancesCommand({}))).DBInstances?.[0]?.DBInstanceStatus;
  await expect.poll(told, { interval: 5 }).toBe(status);
  await api.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "shop", SkipFinalSnapshot: true }));
  await rds.settled();
  expect([runsOf(process.pid).length, rds.failures]).toEqual([before + 1, []]);
  await rds.stop();
});

test("a port that is taken is not an error: another is found", async () => {
  const one = await rdsDouble();
  const two = await rdsDouble({ port: Number(new URL(one.endpoint).port) });
  expect(two.endpoint).not.toBe(one.endpoint);
  await Promise.all([one.stop(), two.stop()]);
});

type Run = { service: string; mark: string; folder: string; owner: string };
const records = path.join(clone, ".local", "run");
const runsOf = (pid: number): Run[] =>
  readdirSync(records)
    .map((file) => read(path.join(records, file)))
    .filter((run): run is Run => run?.owner.startsWith(`${pid} `) ?? false);

/** Undefined when another test's service ended meanwhile. */
function read(file: string): Run | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
