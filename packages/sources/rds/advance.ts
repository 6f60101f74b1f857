import { type Context, type Execution, ExecutionStopped, type Made, type RestorePlan, type Step } from "@holdfast/core";
import type { Api } from "./api.ts";
import { type Ending, type Pace, undo } from "./ending.ts";
import { RdsBusy, RdsNameTaken, RdsThrottled, RdsUnreachable, RestoreFailed, RestoreSlow, TargetTaken } from "./errors.ts";
import { ENDPOINT } from "./planrestore.ts";
import { POINT, UPGRADED } from "./point.ts";
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
  /** What the call before this one answered; nothing at first. */
  made: readonly Made[];
  execution: Execution;
  context: Context;
  pace: Pace;
};

const HOUR = 3_600_000;
/** When the database was first asked for, from one call to the next: an approval or a thaw before that may have lasted a day. */
export const BEGUN = "begun";

/**
 * How long to wait when so many milliseconds have gone by. A small database is met when it is ready, and 72 hours stay far below the 25,000 events of
 * a Step Functions history: about 900 rounds of at most 14 events. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
export const pauseAfter = (millis: number): number => Math.round(Math.min(300, Math.max(60, millis / 12_000)));

/**
 * The next thing to do, as what stands at RDS under the plan's name tells. Asked again after each wait; what passes by itself is waited for too, since
 * hours of work would be undone otherwise. Throws {@link TargetTaken}, {@link RestoreFailed}, {@link RestoreSlow}, {@link ExecutionStopped}.
 */
export async function advance<Settings, Target>(at: At<Settings, Target>): Promise<Step> {
  const wish = wishOf(at);
  const begun = at.made.find(({ what }) => what === BEGUN) ?? { what: BEGUN, id: at.context.now().toISOString(), passing: true };
  const waiting = await next(at, wish).catch(unlessPassing);
  if (typeof waiting !== "string") return { state: "loaded", made: [...at.plan.creates, ...endpointOf(waiting)] };
  const passed = at.context.now().getTime() - Date.parse(begun.id);
  if (passed > at.target.hours * HOUR) throw new RestoreSlow(`the ${at.restores.noun} ${wish.id}`, waiting, at.target.hours);
  return { state: "wait", seconds: pauseAfter(passed), note: waiting, made: [...at.plan.creates, begun] };
}

function unlessPassing(error: unknown): string {
  if (!(error instanceof RdsBusy || error instanceof RdsThrottled || error instanceof RdsUnreachable)) throw error;
  return error.message;
}

/** What is waited for, in words, or what came up. */
async function next<Settings, Target>(at: At<Settings, Target>, wish: Wish<Settings>): Promise<string | Standing<Settings>> {
  const { api, restores, execution } = at;
  const standing = await restores.look(api, wish.id);
  if (!standing) return await begin(at, wish);
  if (standing.tags[EXECUTION] !== execution.id) throw new TargetTaken(`${restores.noun} ${wish.id}`);
  if (isBroken(standing.status)) throw new RestoreFailed(`the ${restores.noun} ${wish.id}`, standing.status);
  const lacks = standing.status === "available" ? await grow(at, standing, wish) : `is ${standing.status}`;
  return lacks === undefined ? standing : `${restores.noun} ${wish.id} ${lacks}`;
}

function wishOf<Settings, Target>({ restores, target, native, source, plan, execution }: At<Settings, Target>): Wish<Settings> {
  const { snapshot } = native;
  const point = plan.creates.find(({ what }) => what === POINT)?.id;
  const recorded = restores.effective(native.settings, target);
  const settings = plan.creates.some(({ what }) => what === UPGRADED) ? restores.ungrouped(recorded, target) : recorded;
  return {
    id: plan.creates.find(({ what }) => what === restores.noun)?.id ?? "",
    engine: snapshot.engine,
    version: target.engineVersion ?? snapshot.version,
    from: point === undefined ? { snapshot: snapshot.id } : { source: snapshot.of, time: new Date(point) },
    settings,
    tags: { [EXECUTION]: execution.id, [SOURCE]: source, ...(restores.protects(settings) ? { [PROTECT]: "yes" } : {}) },
  };
}

async function begin<Settings, Target>(at: At<Settings, Target>, wish: Wish<Settings>): Promise<string> {
  const { api, restores } = at;
  await stillRunning(at);
  try {
    await restores.make(api, wish);
  } catch (error) {
    // Somebody was quicker, or this very request was answered too late: the next look tells whose it is.
    if (!(error instanceof RdsNameTaken)) throw error;
  }
  await stillRunning(at);
  return `${restores.noun} ${wish.id} is being made`;
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
