import { type Context, type Execution, ExecutionStopped, type Made, type RestorePlan, type Step } from "@holdfast/core";
import type { Api } from "./api.ts";
import { type Ending, type Pace, undo } from "./ending.ts";
import { RdsBusy, RdsNameTaken, RdsThrottled, RdsUnreachable, RestoreFailed, RestoreSlow, TargetTaken } from "./errors.ts";
import { ENDPOINT, POINT } from "./planrestore.ts";
import type { Written } from "./recorded.ts";
import type { Restores, Standing, Wish } from "./restores.ts";
import { isBroken } from "./status.ts";
import { EXECUTION, PROTECT, SOURCE } from "./tags.ts";

export type At<Settings, Target> = {
  api: Api;
  restores: Restores<Settings, Target>;
  target: Target & { hours: number; engineVersion?: string | undefined };
  native: Written<Settings>;
  source: string;
  plan: RestorePlan;
  execution: Execution;
  context: Context;
  pace: Pace;
};

const HOUR = 3_600_000;
const WAIT = 60;

/**
 * The next thing to do, as what stands at RDS under the plan's name tells. Asked again after each wait; what passes by itself is waited for too, since
 * hours of work would be undone otherwise. Throws {@link TargetTaken}, {@link RestoreFailed}, {@link RestoreSlow}, {@link ExecutionStopped}.
 */
export async function advance<Settings, Target>(at: At<Settings, Target>): Promise<Step> {
  const wish = wishOf(at);
  const made = [...at.plan.creates];
  try {
    return await next(at, wish, made);
  } catch (error) {
    if (!(error instanceof RdsBusy || error instanceof RdsThrottled || error instanceof RdsUnreachable)) throw error;
    requirePatience(at, wish, "not ready");
    return { state: "wait", seconds: WAIT, note: error.message, made };
  }
}

async function next<Settings, Target>(at: At<Settings, Target>, wish: Wish<Settings>, made: Made[]): Promise<Step> {
  const { api, restores, execution } = at;
  const standing = await restores.look(api, wish.id);
  if (!standing) return await begin(at, wish, made);
  if (standing.tags[EXECUTION] !== execution.id) throw new TargetTaken(`${restores.noun} ${wish.id}`);
  if (isBroken(standing.status)) throw new RestoreFailed(`the ${restores.noun} ${wish.id}`, standing.status);
  const lacks = standing.status === "available" ? await grow(at, standing, wish) : `is ${standing.status}`;
  if (lacks === undefined) return { state: "loaded", made: [...made, ...endpointOf(standing)] };
  requirePatience(at, wish, standing.status);
  return { state: "wait", seconds: WAIT, note: `${restores.noun} ${wish.id} ${lacks}`, made };
}

function wishOf<Settings, Target>({ restores, target, native, source, plan, execution }: At<Settings, Target>): Wish<Settings> {
  const { snapshot } = native;
  const point = plan.creates.find(({ what }) => what === POINT)?.id;
  const settings = restores.effective(native.settings, target);
  return {
    id: plan.creates.find(({ what }) => what === restores.noun)?.id ?? "",
    engine: snapshot.engine,
    version: target.engineVersion ?? snapshot.version,
    from: point === undefined ? { snapshot: snapshot.id } : { source: snapshot.of, time: new Date(point) },
    settings,
    tags: { [EXECUTION]: execution.id, [SOURCE]: source, ...(restores.protects(settings) ? { [PROTECT]: "yes" } : {}) },
  };
}

async function begin<Settings, Target>(at: At<Settings, Target>, wish: Wish<Settings>, made: Made[]): Promise<Step> {
  const { api, restores } = at;
  await stillRunning(at);
  try {
    await restores.make(api, wish);
  } catch (error) {
    // Somebody was quicker, or this very request was answered too late: the next look tells whose it is.
    if (!(error instanceof RdsNameTaken)) throw error;
  }
  await stillRunning(at);
  return { state: "wait", seconds: WAIT, note: `${restores.noun} ${wish.id} is being made`, made };
}

async function grow<Settings, Target>(
  at: At<Settings, Target>,
  standing: Standing<Settings>,
  wish: Wish<Settings>,
): Promise<string | undefined> {
  const lacks = await at.restores.complete(at.api, standing, wish);
  if (lacks !== undefined) await stillRunning(at);
  return lacks;
}

/** Throws {@link ExecutionStopped} after removing what was made: the undo of a stopped execution may have looked before it was there. */
async function stillRunning(at: Ending & Pick<At<unknown, unknown>, "execution" | "context" | "pace">): Promise<void> {
  if (await at.execution.running()) return;
  await undo(at, at.execution);
  throw new ExecutionStopped(at.execution.id);
}

const endpointOf = ({ endpoint }: Standing<unknown>): Made[] =>
  endpoint ? [{ what: ENDPOINT, id: `${endpoint.host}:${endpoint.port}` }] : [];

function requirePatience(
  { target, execution, context, restores }: Pick<At<unknown, unknown>, "target" | "execution" | "context"> & Pick<Ending, "restores">,
  { id }: { id: string },
  status: string,
): void {
  if (context.now().getTime() - execution.started.getTime() <= target.hours * HOUR) return;
  throw new RestoreSlow(`the ${restores.noun} ${id}`, status, target.hours);
}
