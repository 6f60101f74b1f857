import path from "node:path";
import { counted, grouped } from "@holdfast/cli/src/wording.ts";
import { type Postgres, postgres } from "../../services/index.ts";
import { writePgpass } from "../folder.ts";
import { shop } from "../plan.ts";
import type { StageOptions, Stop } from "../stage.ts";
import { neverStarted, orAborted } from "../wait.ts";
import { type Counted, rowsOf, takeCensus } from "./census.ts";
import { connected, type Login, makeLogins, makeShop } from "./shop.ts";

/** A server for the shop, with the secrets by which Holdfast reaches it. */
export type ShopServer = Postgres & { version: string; secrets: Record<string, Login & { host: string; port: number }> };

export const openServer = ({ folder, steps, world }: StageOptions, stopping: Stop[]): Promise<ShopServer> =>
  steps.of(shop.source).run(
    "starting PostgreSQL",
    async () => {
      const starting = postgres({ log: path.join(folder.logs, "postgres.log") });
      stopping.push(() => starting.then((server) => server.stop(), neverStarted));
      const server = await orAborted(starting, world.signal);
      writePgpass(folder, server);
      return { ...server, version: await versionOf(server), secrets: secretsOf(server, await makeLogins(server)) };
    },
    ({ version }) => `PostgreSQL ${version} runs on loopback`,
  );

async function versionOf(server: Postgres): Promise<string> {
  const { rows } = await connected(server, "postgres", (client) =>
    client.query<{ version: string }>("SELECT current_setting('server_version') AS version"),
  );
  return rows[0]?.version ?? "";
}

function secretsOf({ host, port }: Postgres, logins: Awaited<ReturnType<typeof makeLogins>>): ShopServer["secrets"] {
  const at = { host, port };
  return { [shop.secrets.backup]: { ...at, ...logins.holdfast }, [shop.secrets.restore]: { ...at, ...logins.holdfast_restore } };
}

/** Makes the shop, and counts what is in it. */
export const stockShop = (server: Postgres, { rows, steps, world }: StageOptions): Promise<Counted[]> =>
  steps.of(shop.source).run("making its database", () => orAborted(stock(server, rows), world.signal), describeShop);

async function stock(server: Postgres, rows: number): Promise<Counted[]> {
  await makeShop(server, { rows, database: shop.database });
  return await takeCensus(server, shop.database);
}

function describeShop(counts: Counted[]): string {
  const tables = counts.filter(({ what }) => what === "table");
  return `database ${shop.database}: ${counted(rowsOf(tables), "row")} in ${counted(tables.length, "table")}, ${grouped(rowsOf(counts, "large objects"))} large objects`;
}
