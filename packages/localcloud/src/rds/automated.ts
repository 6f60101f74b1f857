import { clusterFamily, instanceFamily } from "./family.ts";
import type { Home } from "./home.ts";
import { record } from "./snapshots.ts";
import type { Database, Snapshot } from "./state.ts";

/** Takes an automated snapshot, which is also what points in time are reached from. Resolves when its data is there; its state follows. */
export async function automate(home: Home, of: Database): Promise<Snapshot> {
  const region = home.estate.region(of.place);
  const family = of.what === "instance" ? instanceFamily : clusterFamily;
  const name = of.what === "instance" ? of.api.DBInstanceIdentifier : of.api.DBClusterIdentifier;
  const { snapshot, taken } = record(
    { home, region },
    family,
    of,
    freeName(region.snapshots, family.kind, name, home.clock.now()),
    "automated",
    [],
  );
  await taken;
  if (snapshot.data && of.volume) of.volume.bases.push({ data: await home.rack.disk.share(snapshot.data, "base"), at: home.clock.now() });
  return snapshot;
}

/** `rds:orders-2026-11-21-03-05`; RDS takes one a day, a test may take two in a minute. */
function freeName(taken: ReadonlyMap<string, Snapshot>, kind: string, name: string, now: Date): string {
  const minute = now.toISOString().slice(0, 16).replace(/[T:]/g, "-");
  const first = `rds:${name}-${minute}`;
  for (let id = first, more = 2; ; id = `${first}-${more++}`) if (!taken.has(`${kind}:${id}`)) return id;
}
