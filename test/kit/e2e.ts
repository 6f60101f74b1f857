import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { generateIdentity } from "@holdfast/age";
import { type Cloud, openCloud, type Postgres, postgres } from "@holdfast/localcloud";
import { makeLogins, makeShop } from "../../packages/localcloud/src/demo/shop/shop.ts";
import { type Databases, openDatabases } from "./databases.ts";
import { planFile, testPlanText } from "./graph.ts";
import { openMailbox } from "./mail.ts";
import { type Lost, outage } from "./outage.ts";
import { type Clouds, openClouds } from "./stores.ts";
import { openVaults, type Vaults } from "./vaults.ts";

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
  /** Slots of the source "tick" whose events were lost. */
  lost: Lost;
  /** The queue that gets what the notice topic tells. */
  mailbox: string;
  /** The file with the graph that was deployed. */
  graph: string;
  vaults: Vaults;
  databases: Databases;
  /** Stores that get copies. */
  clouds: Clouds;
  /** A folder whose files hold and kill workers that send parts to Azure. */
  frail: string;
  postgres: Pick<Postgres, "host" | "port" | "user" | "password" | "bin">;
};

const prefix = "test-local";
const at = (port: number) => `http://127.0.0.1:${port}`;

let opened: Local | undefined;

/** The local cloud that test/e2e.test.ts opened before it loaded the files of test/e2e. */
export function local(): Local {
  if (opened === undefined) throw new Error("no cloud is open: run this file by npx vitest run --project e2e -t <its name>");
  return opened;
}

/** Opens one local cloud with the test plan; each test file keeps to sources, slots and names of its own. Returns what closes it. */
export async function openLocal(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(tmpdir(), "holdfast-e2e-"));
  const desk = path.join(folder, "desk");
  const frail = path.join(folder, "frail");
  for (const each of [desk, frail]) mkdirSync(each);
  const starting = [postgres(), openVaults(), openDatabases(folder), openClouds()] as const;
  const stops: (() => Promise<void>)[] = starting.map((each) => async () => {
    await each.then(
      ({ stop }) => stop(),
      () => {},
    );
  });
  const end = async () => {
    const failures: unknown[] = [];
    for (const stop of stops.reverse()) await stop().catch((error) => failures.push(error));
    rmSync(folder, { recursive: true, force: true });
    if (failures.length > 0) throw failures[0];
  };
  try {
    const [database, { vaults }, databases, clouds] = await Promise.all(starting);
    const { identity, recipient } = await generateIdentity();
    const offlineKey = path.join(folder, "offline.key");
    writeFileSync(offlineKey, `${identity}\n`, { mode: 0o600 });
    const values = {
      folder: desk,
      offlineKey: recipient,
      vaults: { three: vaults.three.nodes, alone: vaults.alone.nodes, spare: [at(vaults.spare)], drill: [at(vaults.drill)] },
      ca: databases.ca,
      key: "",
      farKey: "",
      copies: clouds.at,
    };
    const plan = planFile(values);
    stops.push(async () => plan.remove());
    const { host, port, user, password, bin } = database;
    const server = { host, port, user, password };
    const logins = await makeLogins(server);
    await makeShop(server, { rows: 3000 });
    const trace = path.join(folder, "trace");
    const cloud = await openCloud({
      plan: plan.file,
      trace,
      waitScale: 0.002,
      rds: databases.rds,
      prepare: async (client) => plan.write(testPlanText({ ...values, ...(await databases.make(client)) })),
      secrets: {
        "test/note": "one\ntwo\nthree\n",
        "test/shop": { host, port, ...logins.holdfast },
        "test/staging": { host, port, ...logins.holdfast_restore },
        "test/vault": vaults.three.backup,
        "test/box": vaults.alone.backup,
        "test/spare": { token: "of a cluster that is not there yet" },
        "test/drill": { token: "of a cluster that is not there yet" },
        "test/owner": databases.owner,
        "test/letter": "dear\nreader\n",
        ...clouds.secrets,
      },
    });
    stops.push(cloud.stop);
    await databases.fill();
    const graph = path.join(folder, "graph.json");
    writeFileSync(graph, JSON.stringify(cloud.deployed.graph));
    const bucket = String(cloud.deployed.outputs.bucket);
    const { account } = cloud.ministack;
    opened = {
      graph,
      mailbox: await openMailbox(cloud.client, String(cloud.deployed.outputs.notice)),
      client: cloud.client,
      account,
      prefix,
      lost: await outage({ client: cloud.client, account, prefix, source: "tick", store: "google", bucket }),
      bucket,
      desk,
      offlineKey,
      trace,
      vaults,
      databases,
      clouds,
      frail,
      postgres: { host, port, user, password, bin },
    };
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
