import path from "node:path";
import { openPlace, type Place } from "@holdfast/cli/src/place.ts";
import { deployedKeys } from "@holdfast/cli/src/trust.ts";
import type { World } from "@holdfast/cli/src/world.ts";
import type { TrustedKeys } from "@holdfast/core";
import { type Cloud, type CloudOptions, openCloud } from "../cloud.ts";
import type { VaultCensus } from "../services/index.ts";
import { type Folder, removeLocal, writeKeys, writeLocal, writeOfflineKey, writePlan } from "./folder.ts";
import { writeLogins } from "./copies/last.ts";
import { type Copies, openCopies } from "./copies/open.ts";
import { type Cluster, foundCluster, type LocalRds, openRds, stockCluster } from "./orders/open.ts";
import type { Counted } from "./shop/census.ts";
import { openServer, type ShopServer, stockShop } from "./shop/open.ts";
import type { Steps } from "./steps.ts";
import { fillWithSecrets, openVaults, type Vaults } from "./vault/open.ts";
import { neverStarted, orAborted } from "./wait.ts";

/** What the demo is played on: a server with the shop, a cluster of Aurora, a Vault and a fresh one beside it, and a local AWS with the whole graph, and stores beside it. */
export type Stage = {
  server: ShopServer;
  vaults: Vaults;
  cluster: Cluster;
  copies: Copies;
  cloud: Cloud;
  /** As the command line sees it with `--local`. */
  place: Place;
  /** Keys whose signatures count, asked of KMS. */
  trusted: TrustedKeys;
  /** What the shop held when it was made, and the secrets that were written. */
  before: { shop: Counted[]; vault: VaultCensus };
  /** From then on every event is heard; a schedule may fire while half of the graph is there. */
  since: Date;
};
export type StageOptions = { rows: number; schedule: string; folder: Folder; steps: Steps; world: World };
/** Stops one part, also one that is still being started. */
export type Stop = () => Promise<unknown>;

/** Opens everything; `stopping` gets what stops a part as soon as that part is begun, so that an end in the middle leaves nothing. */
export async function openStage(options: StageOptions, stopping: Stop[]): Promise<Stage> {
  const { folder, schedule, world } = options;
  const [server, vaults, rds, copies] = await Promise.all([
    openServer(options, stopping),
    openVaults(options, stopping),
    openRds(options, stopping),
    openCopies(options, stopping),
  ]);
  const { original, fresh } = vaults;
  const offlineKey = await writeOfflineKey(folder);
  const { promise: founded, resolve: found } = Promise.withResolvers<void>();
  const prepare = async (client: Cloud["client"]) => {
    const key = await foundCluster(rds, client);
    const addresses = { vaults: { original: original.url, fresh: fresh.url }, cluster: { key, ca: rds.ca }, copies: copies.at };
    writePlan(folder, { offlineKey, schedule, ...addresses });
    found();
  };
  const secrets = { ...server.secrets, ...vaults.secrets, ...rds.secrets, ...copies.secrets };
  const [shop, vault, cluster, cloud] = await Promise.all([
    stockShop(server, options),
    fillWithSecrets(vaults, options),
    founded.then(() => stockCluster(rds, options)),
    startCloud({ secrets, rds, prepare }, options, stopping),
  ]);
  writeLocal(folder, cloud);
  stopping.push(async () => removeLocal(folder));
  const place = await openPlace({ local: true }, world);
  const trusted = await deployedKeys(place);
  writeKeys(folder, trusted);
  writeLogins({ server, copies }, folder);
  return { server, vaults, cluster, copies, cloud, before: { shop, vault }, place, trusted, since: new Date() };
}

const startCloud = (
  parts: Pick<CloudOptions, "secrets" | "prepare"> & { rds: LocalRds },
  { folder, steps, world }: StageOptions,
  stopping: Stop[],
): Promise<Cloud> =>
  steps.run(
    "local AWS",
    (progress) => {
      const log = path.join(folder.logs, "aws.log");
      const starting = openCloud({ plan: folder.plan, log, ...parts, progress, waitScale, signal: world.signal });
      stopping.push(() => starting.then((cloud) => cloud.stop(), neverStarted));
      return orAborted(starting, world.signal);
    },
    describeCloud,
  );

/** RDS is asked each minute whether it is ready; its own minutes are 60 ms here. */
const waitScale = 0.02;

function describeCloud({ deployed }: Cloud): string {
  const made = deployed.graph.resources.filter(({ custom }) => custom);
  const functions = made.filter(({ type }) => type === "aws:lambda/function:Function");
  return `sst.config.ts is in a local AWS: ${made.length} resources, ${functions.length} functions, a role each`;
}
