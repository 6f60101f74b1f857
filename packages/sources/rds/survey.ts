import {
  DescribeAccountAttributesCommand,
  paginateDescribeDBEngineVersions,
  paginateDescribeOrderableDBInstanceOptions,
} from "@aws-sdk/client-rds";
import type { Backup, Surroundings, Want } from "@holdfast/core";
import { type Api, HIDDEN } from "./api.ts";
import type { Snapshots } from "./family.ts";
import { type LoggingIn, requireLogin, type Tokened } from "./login.ts";
import type { Written } from "./recorded.ts";
import type { Group, Restores } from "./restores.ts";

/** What a plan must know of the account and region. JSON without a secret. */
export type Facts = {
  /** Identifiers that the target's names could collide with. */
  taken: string[];
  /** State of the snapshot, or `gone`. */
  snapshot: string;
  /** State of its key; `none` where it has none. */
  key: string;
  /** Versions of its engine that can be had now, oldest first. */
  offered: string[];
  missing: Pick<Group, "override" | "name">[];
  /** Classes that are not to be had with the engine and version. */
  unavailable: string[];
  room: { used: number; max: number };
  /** The times that its database can be taken back to, ISO 8601; undefined where there are none. */
  window?: { earliest: string; latest: string } | undefined;
};

type At<Settings, Target> = {
  api: Api;
  snapshots: Snapshots<Settings>;
  restores: Restores<Settings, Target>;
  target: Target & LoggingIn & { names: string };
  surroundings: Pick<Surroundings, "secrets">;
};

/** Looks at everything that a restore of this backup would need, and changes nothing. Throws {@link SecretUnusable}, but to who says `force`. */
export async function survey<Settings extends Tokened, Target>(
  at: At<Settings, Target>,
  { native }: Pick<Backup<Written<Settings>>, "native">,
  want: Want,
): Promise<Facts> {
  const { api, snapshots, restores, target } = at;
  const { snapshot } = native;
  const settings = restores.effective(native.settings, target);
  if (!want.force) await requireLogin(target, snapshot.engine, settings, at.surroundings);
  const offered = await versionsOf(api, snapshot.engine);
  const window = await restores.window(api, snapshot.of, snapshot.resource);
  return {
    taken: await restores.taken(api, target.names),
    snapshot: (await snapshots.find(api, snapshot.id))?.status ?? "gone",
    key: snapshot.key === undefined ? "none" : ((await api.key(snapshot.key))?.state ?? HIDDEN),
    offered,
    missing: await missingOf(api, restores.groups(settings)),
    unavailable: offered.includes(snapshot.version) ? await unavailableOf(api, snapshot, restores.classes(settings)) : [],
    room: await roomOf(api, restores.quota),
    window: window && { earliest: window.earliest.toISOString(), latest: window.latest.toISOString() },
  };
}

async function versionsOf(api: Api, engine: string): Promise<string[]> {
  return await api.rds(`listing versions of ${engine}`, async (client, options) => {
    const found: string[] = [];
    for await (const { DBEngineVersions = [] } of paginateDescribeDBEngineVersions({ client }, { Engine: engine }, options))
      found.push(...DBEngineVersions.flatMap(({ EngineVersion }) => EngineVersion ?? []));
    return found;
  });
}

async function missingOf(api: Api, groups: readonly Group[]): Promise<Facts["missing"]> {
  const missing: Facts["missing"] = [];
  for (const { override, name, exists } of groups) if (!(await exists(api))) missing.push({ override, name });
  return missing;
}

async function unavailableOf(
  api: Api,
  { engine, version }: { engine: string; version: string },
  classes: readonly string[],
): Promise<string[]> {
  const missing: string[] = [];
  for (const wanted of new Set(classes)) if (!(await isOrderable(api, engine, version, wanted))) missing.push(wanted);
  return missing;
}

async function isOrderable(api: Api, Engine: string, EngineVersion: string, DBInstanceClass: string): Promise<boolean> {
  return await api.rds(`looking for ${DBInstanceClass}`, async (client, options) => {
    const input = { Engine, EngineVersion, DBInstanceClass };
    for await (const { OrderableDBInstanceOptions = [] } of paginateDescribeOrderableDBInstanceOptions({ client }, input, options))
      if (OrderableDBInstanceOptions.length > 0) return true;
    return false;
  });
}

async function roomOf(api: Api, quota: string): Promise<Facts["room"]> {
  const command = new DescribeAccountAttributesCommand({});
  const { AccountQuotas = [] } = await api.rds("describing the account's quotas", (client, options) => client.send(command, options));
  const { Used: used = 0, Max: max = 0 } = AccountQuotas.find(({ AccountQuotaName }) => AccountQuotaName === quota) ?? {};
  return { used, max };
}
