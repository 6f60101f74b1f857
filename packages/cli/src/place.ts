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
import { loginOf } from "./storelogin.ts";
import type { World } from "./world.ts";

/** `credentials`: a file with the login of the store that is named, in the place of what the plan says. */
export type PlaceOptions = { local?: boolean; stage?: string; plan?: string; credentials?: string };

/** Where a command acts: one stage of one plan, in AWS or on this machine. */
export type Place = {
  plan: Plan;
  lists: Lists;
  cloud: Cloud;
  /** Set where the place is this machine. */
  local: { endpoint: string } | undefined;
  stage: string | undefined;
  /** Where folders of kinds and stores begin. */
  root: string;
  /** `acme-prod-backup-shop`, as `infra/` names what it deploys. Throws {@link UsageWrong} when no stage was said. */
  name(...parts: string[]): string;
  /** The primary store, or one of the plan's: then AWS is asked for its login alone, and not where one was brought. Throws `InputInvalid` and what the store throws. */
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
  const primary = memo(async () =>
    openPrimary(`${name("backups")}-${await cloud.account()}`, plan.region, { ...cloud, now: world.clock.now }, local),
  );
  const store = (of?: string) =>
    of === undefined ? primary() : openNamed(of, { plan, lists, cloud, world, local: local !== undefined, file: options.credentials });
  return { plan, lists, cloud, local: local && { endpoint: local.endpoint }, stage, root: world.root, name, store };
}

function localCloud({ endpoint, region, account, accessKeyId, secretAccessKey }: LocalCloud): Cloud {
  const cloud = awsCloud({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  return { ...cloud, account: async () => account };
}

/** The local AWS is an S3-compatible store with an endpoint and keys of its own, and has what AWS has. */
async function openPrimary(
  bucket: string,
  region: string,
  { secrets, identity, now }: Cloud & Pick<World["clock"], "now">,
  local: LocalCloud | undefined,
): Promise<Store> {
  const of = { identity, now, use: "read" } as const;
  if (!local) return await openS3(s3.config.parse({ bucket }), { ...of, secrets, region });
  const { endpoint, accessKeyId, secretAccessKey } = local;
  const config = s3.config.parse({ bucket, endpoint, region: local.region, credentials: "local", locks: true, archive: true });
  return await openS3(config, { ...of, secrets: async () => JSON.stringify({ accessKeyId, secretAccessKey }), region: local.region });
}

type Naming = { plan: Plan; lists: Lists; cloud: Cloud; world: World; local: boolean; file: string | undefined };
async function openNamed(name: string, { plan, lists, cloud, world, local, file }: Naming): Promise<Store> {
  const planned = Object.hasOwn(plan.stores, name) ? plan.stores[name] : undefined;
  const folder = planned && lists.stores[planned.kind]?.folder;
  if (!planned || folder === undefined)
    throw new InputInvalid(
      `no store is called "${name}"`,
      `The plan's stores are: ${Object.keys(plan.stores).join(", ") || "none"}. Without --from the primary one is meant.`,
    );
  if (local) requireHere(name, planned.config);
  const { open }: { open: OpenStore<unknown> } = await import(pathToFileURL(path.resolve(world.root, folder, "open.ts")).href);
  // Logins in the environment are of the person's own clouds, not of those on this machine.
  const { config, ...login } = await loginOf(planned, lists.stores[planned.kind]?.kind.login, {
    ...cloud,
    file,
    world: local ? { ...world, env: {} } : world,
  });
  return await open(config, { ...login, region: plan.region, use: "read", now: world.clock.now });
}

/** A store without an endpoint of its own is asked where the environment says, and that is this machine by then. */
function requireHere(name: string, config: unknown): void {
  const { endpoint } = (config ?? {}) as { endpoint?: unknown };
  if (typeof endpoint === "string" && !isLoopback(new URL(endpoint).hostname))
    throw new LocalRefused(`the store ${name} is at ${endpoint}, which is not this machine`, "Leave out --local to read it.");
}
