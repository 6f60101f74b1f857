import path from "node:path";
import { openPlace, type Place } from "@holdfast/cli/src/place.ts";
import { counted, grouped } from "@holdfast/cli/src/wording.ts";
import type { World } from "@holdfast/cli/src/world.ts";
import { type Cloud, openCloud } from "../cloud.ts";
import { type Postgres, postgres } from "../services/index.ts";
import { type Folder, removeLocal, writeLocal, writeOfflineKey, writePgpass, writePlan } from "./folder.ts";
import { database, secrets } from "./plan.ts";
import { type Counted, rowsOf, takeCensus } from "./shop/census.ts";
import { connected, makeLogins, makeShop } from "./shop/shop.ts";
import type { Say, Steps } from "./steps.ts";
import { orAborted } from "./wait.ts";

/** What the demo is played on: a server with the shop, and a local AWS with the whole graph. */
export type Stage = {
  server: Postgres;
  cloud: Cloud;
  /** As the command line sees it with `--local`. */
  place: Place;
  /** What the shop held when it was made. */
  before: Counted[];
  /** From then on every event is heard; a schedule may fire while half of the graph is there. */
  since: Date;
};
export type StageOptions = { rows: number; schedule: string; folder: Folder; steps: Steps; world: World };
/** Stops one part, also one that is still being started. */
export type Stop = () => Promise<unknown>;

/** Opens everything; `stopping` gets what stops a part as soon as that part is begun, so that an end in the middle leaves nothing. */
export async function openStage(options: StageOptions, stopping: Stop[]): Promise<Stage> {
  const { folder, steps, world } = options;
  const server = await steps.run(
    "starting PostgreSQL",
    () => startServer(options, stopping),
    (found) => `PostgreSQL ${found.version} runs on loopback`,
  );
  writePlan(folder, { offlineKey: await writeOfflineKey(folder), schedule: options.schedule });
  writePgpass(folder, server);
  const [before, cloud] = await Promise.all([
    steps.run("making the shop's database", () => orAborted(stock(server, options.rows), world.signal), describeShop),
    steps.run("local AWS", (say) => startCloud(server, options, stopping, say), describeCloud),
  ]);
  writeLocal(folder, cloud);
  stopping.push(async () => removeLocal(folder));
  return { server, cloud, before, place: await openPlace({ local: true }, world), since: new Date() };
}

type Server = Postgres & { version: string; logins: Awaited<ReturnType<typeof makeLogins>> };

async function startServer({ folder, world }: StageOptions, stopping: Stop[]): Promise<Server> {
  const starting = postgres({ log: path.join(folder.logs, "postgres.log") });
  stopping.push(() => starting.then((server) => server.stop(), neverStarted));
  const server = await orAborted(starting, world.signal);
  const { rows } = await connected(server, "postgres", (client) =>
    client.query<{ version: string }>("SELECT current_setting('server_version') AS version"),
  );
  return { ...server, version: rows[0]?.version ?? "", logins: await makeLogins(server) };
}

async function stock(server: Postgres, rows: number): Promise<Counted[]> {
  await makeShop(server, { rows, database });
  return await takeCensus(server, database);
}

function describeShop(counts: Counted[]): string {
  const tables = counts.filter(({ what }) => what === "table");
  return `database ${database}: ${counted(rowsOf(tables), "row")} in ${counted(tables.length, "table")}, ${grouped(rowsOf(counts, "large objects"))} large objects`;
}

async function startCloud(server: Server, { folder, world }: StageOptions, stopping: Stop[], say: Say): Promise<Cloud> {
  const at = { host: server.host, port: server.port };
  const starting = openCloud({
    plan: folder.plan,
    log: path.join(folder.logs, "aws.log"),
    secrets: { [secrets.backup]: { ...at, ...server.logins.holdfast }, [secrets.restore]: { ...at, ...server.logins.holdfast_restore } },
    progress: say,
    signal: world.signal,
  });
  stopping.push(() => starting.then((cloud) => cloud.stop(), neverStarted));
  return await orAborted(starting, world.signal);
}

function describeCloud({ deployed }: Cloud): string {
  const made = deployed.graph.resources.filter(({ custom }) => custom);
  const functions = made.filter(({ type }) => type === "aws:lambda/function:Function");
  return `sst.config.ts is deployed into a local AWS: ${made.length} resources, ${functions.length} functions, each with its own role`;
}

/** What failed to start has stopped itself and was told where it was awaited. */
const neverStarted = () => {};
