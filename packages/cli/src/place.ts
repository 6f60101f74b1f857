import path from "node:path";
import { pathToFileURL } from "node:url";
import { InputInvalid, type Lists, type OpenStore, type Plan, type Store } from "@holdfast/core";
import { s3 } from "@holdfast/stores/s3/kind.ts";
import { open as openS3 } from "@holdfast/stores/s3/open.ts";
import { awsCloud, memo } from "./aws.ts";
import type { Cloud } from "./cloud.ts";
import { LocalRefused, UsageWrong } from "./errors.ts";
import { findLocal, isLoopback, isolate, type LocalCloud } from "./local.ts";
import { loadPlan } from "./plan.ts";
import type { World } from "./world.ts";

export type PlaceOptions = { local?: boolean; stage?: string; plan?: string };

/** Where a command acts: one stage of one plan, in AWS or on this machine. */
export type Place = {
  plan: Plan;
  lists: Lists;
  cloud: Cloud;
  /** Set where the place is this machine. */
  local: { endpoint: string } | undefined;
  stage: string | undefined;
  /** `acme-prod-backup-shop`, as `infra/` names what it deploys. Throws {@link UsageWrong} when no stage was said. */
  name(...parts: string[]): string;
  /** The primary store, or one of the plan's. Throws `InputInvalid` and what the store throws. */
  store(name?: string): Promise<Store>;
};

/** Reads the plan, and with `--local` what runs here. AWS is not called before something is asked of it. */
export async function openPlace(options: PlaceOptions, world: World): Promise<Place> {
  const local = options.local ? await findLocal(world.root) : undefined;
  if (local) isolate(world.env, local);
  const file = local?.plan ?? options.plan;
  const { plan, lists } = await loadPlan(
    file === undefined ? path.join(world.root, "holdfast.config.ts") : path.resolve(local ? world.root : world.cwd, file),
  );
  const stage = local?.stage ?? options.stage;
  const name = (...parts: string[]) => {
    if (stage === undefined)
      throw new UsageWrong(
        "no stage was named",
        "Say which one: --stage prod, or HOLDFAST_STAGE=prod; --local for the one on this machine.",
      );
    return [plan.project, stage, ...parts].join("-");
  };
  const cloud = local ? localCloud(local) : awsCloud({ region: plan.region });
  const primary = memo(async () => openPrimary(`${name("backups")}-${await cloud.account()}`, plan.region, cloud, local));
  const store = (of?: string) =>
    of === undefined ? primary() : openNamed(of, { plan, lists, cloud, root: world.root, local: local !== undefined });
  return { plan, lists, cloud, local: local && { endpoint: local.endpoint }, stage, name, store };
}

function localCloud({ endpoint, region, account, accessKeyId, secretAccessKey }: LocalCloud): Cloud {
  const cloud = awsCloud({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  return { ...cloud, account: async () => account };
}

/** The local AWS is an S3-compatible store with an endpoint and keys of its own, and has what AWS has. */
async function openPrimary(bucket: string, region: string, { secrets, identity }: Cloud, local: LocalCloud | undefined): Promise<Store> {
  if (!local) return await openS3(s3.config.parse({ bucket }), { secrets, identity, region });
  const { endpoint, accessKeyId, secretAccessKey } = local;
  const config = s3.config.parse({ bucket, endpoint, region: local.region, credentials: "local", locks: true, archive: true });
  return await openS3(config, { secrets: async () => JSON.stringify({ accessKeyId, secretAccessKey }), identity, region: local.region });
}

type Naming = { plan: Plan; lists: Lists; cloud: Cloud; root: string; local: boolean };
async function openNamed(name: string, { plan, lists, cloud: { secrets, identity }, root, local }: Naming): Promise<Store> {
  const planned = Object.hasOwn(plan.stores, name) ? plan.stores[name] : undefined;
  const folder = planned && lists.stores[planned.kind]?.folder;
  if (!planned || folder === undefined)
    throw new InputInvalid(
      `no store is called "${name}"`,
      `The plan's stores are: ${Object.keys(plan.stores).join(", ") || "none"}. Without --store or --from the primary one is meant.`,
    );
  if (local) requireHere(name, planned.config);
  const { open }: { open: OpenStore<unknown> } = await import(pathToFileURL(path.resolve(root, folder, "open.ts")).href);
  return await open(planned.config, { secrets, identity, region: plan.region });
}

/** A store without an endpoint of its own is asked where the environment says, and that is this machine by then. */
function requireHere(name: string, config: unknown): void {
  const { endpoint } = (config ?? {}) as { endpoint?: unknown };
  if (typeof endpoint === "string" && !isLoopback(new URL(endpoint).hostname))
    throw new LocalRefused(`the store ${name} is at ${endpoint}, which is not this machine`, "Leave out --local to read it.");
}
