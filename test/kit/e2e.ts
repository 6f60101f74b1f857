import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { generateIdentity } from "@holdfast/age";
import { type Cloud, openCloud, type Postgres, postgres } from "@holdfast/localcloud";
import type { TestProject } from "vitest/node";

export type Local = {
  client: Cloud["client"];
  account: string;
  prefix: string;
  bucket: string;
  /** Where memos are restored to. */
  desk: string;
  /** The file with the private half of the offline key. */
  offlineKey: string;
  /** What each function asked of the local AWS. */
  trace: string;
  postgres: Pick<Postgres, "host" | "port" | "user" | "password" | "bin">;
};
declare module "vitest" {
  interface ProvidedContext {
    local: Local;
  }
}

const clone = path.resolve(import.meta.dirname, "../..");

/** One local cloud with the test plan for the whole project; each test file keeps to sources, slots and names of its own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(tmpdir(), "holdfast-e2e-"));
  const desk = path.join(folder, "desk");
  mkdirSync(desk);
  const database = await postgres();
  const stops: (() => Promise<void>)[] = [database.stop];
  const end = async () => {
    for (const stop of stops.reverse()) await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { identity, recipient } = await generateIdentity();
    const offlineKey = path.join(folder, "offline.key");
    writeFileSync(offlineKey, `${identity}\n`, { mode: 0o600 });
    const plan = writePlan({ folder: desk, offlineKey: recipient });
    stops.push(async () => rmSync(path.dirname(plan), { recursive: true, force: true }));
    const { host, port, user, password, bin } = database;
    const server = { host, port, username: user, password };
    const trace = path.join(folder, "trace");
    const cloud = await openCloud({ plan, trace, secrets: { "test/note": "one\ntwo\nthree\n", "test/shop": server, "test/staging": server } });
    stops.push(cloud.stop);
    project.provide("local", {
      client: cloud.client,
      account: cloud.ministack.account,
      prefix: "test-local",
      bucket: String(cloud.deployed.outputs.bucket),
      desk,
      offlineKey,
      trace,
      postgres: { host, port, user, password, bin },
    });
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

/** A plan file of this run's own, inside the clone so that its imports resolve. */
function writePlan(values: { folder: string; offlineKey: string }): string {
  mkdirSync(path.join(clone, ".local", "e2e"), { recursive: true });
  const file = path.join(mkdtempSync(path.join(clone, ".local", "e2e", "run-")), "plan.ts");
  writeFileSync(file, `import { kinds, testPlan } from "../../../test/plan.ts";\nexport { kinds };\nexport default testPlan(${JSON.stringify(values)});\n`);
  return file;
}
