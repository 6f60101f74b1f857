import { DescribeDBClustersCommand } from "@aws-sdk/client-rds";
import type { Outcome } from "@holdfast/cli/src/restoresteps.ts";
import { grouped } from "@holdfast/cli/src/wording.ts";
import { native } from "@holdfast/sources/aurora/native.ts";
import { native as dumpNative } from "@holdfast/sources/postgres/native.ts";
import type { Line } from "../comparison.ts";
import { DemoFailed } from "../errors.ts";
import { orders } from "../plan.ts";
import { type Counted, takeCensus } from "../shop/census.ts";
import { connected, type Server } from "../shop/shop.ts";
import { compared, requireSame, shopComparison } from "../shop/subject.ts";
import type { Steps } from "../steps.ts";
import type { Comparison, Restoring, Subject } from "../subject.ts";
import { waitFor } from "../wait.ts";
import { clusterBlock, countsOf, requireEqual, rowsWords } from "./compare.ts";
import type { Cluster } from "./open.ts";

const { source, target, cluster: name, database } = orders;
/** Two purchases after the backup, with a moment between them. */
const writes = { first: { id: 6001, note: "before the moment" }, second: { id: 6002, note: "after the moment" } } as const;
/** What the cluster held at a moment between the two. */
type Between = { moment: string; counts: Counted[] };

/** Its worst day: somebody writes, somebody writes again, and then a DELETE without WHERE takes all the items. It goes on running, and stays as it is. */
export function clusterSubject(cluster: Cluster, signal: AbortSignal): Subject {
  const { server, counts } = cluster;
  let between: Between = { moment: "", counts: [] };
  let lost: Counted[] = [];
  return {
    source,
    kind: "aurora",
    holds(manifest) {
      const { snapshot } = native.parse(manifest.native);
      if (snapshot.of !== name || snapshot.key === undefined)
        throw new DemoFailed(`the snapshot ${snapshot.id} is of ${snapshot.of}, key ${snapshot.key}`, "Its manifest says what it is.");
      return `snapshot ${snapshot.id} under the cluster's key`;
    },
    async goOn(steps) {
      between = await writeTwice(cluster, steps, signal);
    },
    async lose() {
      const gone = await connected(server, database, async (client) => (await client.query("DELETE FROM item")).rowCount);
      lost = await takeCensus(server, database);
      return `DELETE FROM item, and no WHERE; ${grouped(gone ?? 0)} rows are gone`;
    },
    // What the schedule made meanwhile is of after the accident, so people say which backup they mean.
    restores: (slot) => [
      restoring(source, slot, (outcome) => compareLastNight(outcome, cluster, counts, lost)),
      { ...restoring(`${source}@time`, between.moment, (outcome) => compareBetween(outcome, cluster, between)), beside: true },
    ],
  };
}

const restoring = (called: string, at: string, compare: Restoring["compare"]): Restoring => ({
  name: called,
  input: { source, target, at },
  compared: "every row of the new cluster equals what was there then, by the demo's own queries",
  compare,
});

async function writeTwice({ server, rds: { api } }: Cluster, steps: Steps, signal: AbortSignal): Promise<Between> {
  return await steps.run(
    "writing",
    async (say) => {
      await write(server, writes.first);
      const counts = await takeCensus(server, database);
      const moment = await nextSecond(server);
      say(`until ${moment}`);
      await waitFor("that moment", 5, signal, async () => (Date.now() > Date.parse(moment) ? true : undefined));
      await write(server, writes.second);
      await waitFor("RDS to have that moment", 30, signal, async () => {
        const { DBClusters } = await api.send(new DescribeDBClustersCommand({ DBClusterIdentifier: name }));
        return (DBClusters?.[0]?.LatestRestorableTime ?? new Date(0)) >= new Date(moment) || undefined;
      });
      return { moment, counts };
    },
    ({ moment }) => `one purchase is written before ${clock(moment)} UTC and one after it`,
  );
}

const write = (server: Server, { id, note }: { id: number; note: string }) =>
  connected(server, database, (client) => client.query("INSERT INTO purchase VALUES ($1, 1, now(), $2)", [id, note]));

/** People say times in seconds. */
async function nextSecond(server: Server): Promise<string> {
  const { rows } = await connected(server, database, (client) =>
    client.query<{ at: Date }>("SELECT date_trunc('second', clock_timestamp()) + interval '1 second' AS at"),
  );
  return `${rows[0]?.at.toISOString().slice(0, 19)}Z`;
}
const clock = (moment: string) => moment.slice(11, 19);

/** The snapshot: as it was when the schedule fired, without either write. */
async function compareLastNight(outcome: Outcome, cluster: Cluster, before: Counted[], lost: Counted[]): Promise<Comparison> {
  const { made, after } = await look(outcome, cluster);
  requireEqual(`the restored cluster ${made}`, before, after);
  requireEqual(`the cluster ${name} itself, which nothing may change,`, lost, await takeCensus(cluster.server, database));
  const counts = countsOf(made, before, after);
  return {
    block: clusterBlock(`cluster ${name}, from the snapshot`, before, after),
    counts,
    what: `cluster ${made}`,
    found: rowsWords(counts),
  };
}

/** The moment: with the first write and without the second. */
async function compareBetween(outcome: Outcome, cluster: Cluster, { moment, counts: before }: Between): Promise<Comparison> {
  const { made, after, server } = await look(outcome, cluster);
  requireEqual(`the cluster ${made}`, before, after);
  const [first, second] = [await seen(server, writes.first.id), await seen(server, writes.second.id)];
  if (first !== 1 || second !== 0)
    throw new DemoFailed(`at ${moment} the cluster has ${first} of the first write and ${second} of the second`, "It must be 1 and 0.");
  const lines: Line[] = [
    { name: "written before that", before: 1, after: first, equal: true, means: "it is there" },
    { name: "written after that", before: undefined, after: second || undefined, equal: true, means: "it is not there" },
  ];
  const counts = { ...countsOf(made, before, after), pointInTime: moment };
  const title = `cluster ${name}, at ${clock(moment)} UTC`;
  return { block: clusterBlock(title, before, after, lines), counts, what: `cluster ${made}`, found: rowsWords(counts) };
}

const seen = async (server: Server, id: number): Promise<number> =>
  (await connected(server, database, (client) => client.query("SELECT FROM purchase WHERE id = $1", [id]))).rowCount ?? 0;

/** The demo's own look into what came up, at the endpoint that the workflow told. */
async function look({ made: all }: Outcome, { server, rds }: Cluster): Promise<{ made: string; server: Server; after: Counted[] }> {
  const told = (what: string) => all.find((each) => each.what === what)?.id ?? "";
  const { hostname: host, port } = new URL(`rds://${told("endpoint")}`);
  const made = told("cluster");
  if (made === "" || made === name || Number(port) === server.port)
    throw new DemoFailed(
      `the restore told ${JSON.stringify(all)}, and the cluster ${name} is at ${server.port}`,
      "A restore must make a cluster of its own.",
    );
  const at = { host, port: Number(port), ...rds.login, ca: rds.ca };
  return { made, server: at, after: await takeCensus(at, database) };
}

/** What leaves RDS: the same rows, in a server that is not at RDS. */
export const dumpSubject = ({ counts }: Cluster, outside: Server): Subject => {
  const { dump } = orders;
  return {
    source: dump.source,
    kind: "postgres",
    holds(manifest) {
      const rows = dumpNative.parse(manifest.native).databases.reduce((all, it) => all + it.rows, 0);
      requireSame("rows in the dump's manifest", rows, counts);
      return `${grouped(rows)} rows`;
    },
    restores: (at) => [
      {
        name: dump.source,
        input: { ...dump, at },
        compared,
        compare: async (outcome) => shopComparison(dump.database, outcome, counts, await takeCensus(outside, dump.database)),
      },
    ],
  };
};
