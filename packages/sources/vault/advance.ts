import { setTimeout as pause } from "node:timers/promises";
import {
  type Context,
  type Execution,
  ExecutionStopped,
  type HoldfastError,
  type Made,
  type Opened,
  type RestorePlan,
  type Step,
  type Want,
} from "@holdfast/core";
import { proveArchive } from "./archive.ts";
import type { Client } from "./client.ts";
import { ConnectionBroken, KeysDiffer, SnapshotBroken, TargetChanged, UploadCut } from "./errors.ts";
import { holdingBack } from "./holdback.ts";
import type { Answer } from "./http.ts";
import { findActive } from "./leader.ts";
import { login } from "./login.ts";
import { look } from "./look.ts";
import { type Marks, readMarks, writeMarks } from "./marks.ts";
import { type Native, SNAPSHOT } from "./native.ts";
import { planRestore } from "./planrestore.ts";
import { explain, wordsOf } from "./refusal.ts";
import { judge, type Seen, type Standing } from "./standing.ts";
import { type At, pathOf, survey } from "./survey.ts";

/** One call's work. `guarded`: see {@link Input}. */
export type Advance = At & {
  guarded: boolean;
  plan: RestorePlan;
  opened: Opened<Native>;
  want: Want;
  execution: Execution;
  context: Context;
  pace: Pace;
};
/** How a call looks again by itself before it leaves that to the state machine; in seconds. */
export type Pace = { every: number; atMost: number };
/** A small cluster has loaded its snapshot after six seconds. */
export const PACE: Pace = { every: 0.25, atMost: 30 };

/**
 * Goes on from wherever the target stands, whoever brought it there: a call that died may have done anything up to the upload's end, and what the
 * target shows counts more than what was noted. Before the upload nothing was changed; after it nothing can be taken back. Throws what {@link judge}
 * and {@link survey} throw, {@link TargetChanged}, {@link KeysDiffer}, {@link UploadCut}, {@link ExecutionStopped}, and what the backup's bytes throw.
 */
export async function advance(work: Advance, made: readonly Made[]): Promise<Step> {
  let marks = readMarks(work.plan, made);
  let { standing, found } = await settle(work, marks);
  if (standing.next === "upload") {
    marks = await upload(work, marks);
    ({ standing, found } = await settle(work, marks));
  }
  const now = writeMarks(work.plan, found);
  if (standing.next === "loaded") return { state: "loaded", made: now };
  if (standing.next === "upload") throw new TargetChanged(work.client.nodes[0] ?? "", "it was sealed and opened again while this went on");
  return {
    state: "wait",
    seconds: standing.seconds,
    note: standing.note,
    ...(standing.ask === undefined ? {} : { ask: standing.ask }),
    made: now,
  };
}

/** Looks until there is something to do, or somebody to ask, or it has taken long enough for one call. */
async function settle(work: Advance, marks: Marks): Promise<{ standing: Standing; found: Marks }> {
  const { client, context, pace } = work;
  const until = context.now().getTime() + pace.atMost * 1000;
  for (;;) {
    const at = context.now();
    const seen = await look(client);
    context.signal.throwIfAborted();
    const early = context.now().getTime() < until;
    if (seen.state !== "away" || !early) {
      const found = noted(marks, seen, at);
      const standing = judge(seen, { ...caseOf(work), marks: found, at });
      if (standing.next !== "wait" || standing.ask !== undefined || !early) return { standing, found };
    }
    await pause(pace.every * 1000, undefined, { signal: context.signal }).catch(() => context.signal.throwIfAborted());
  }
}

const caseOf = ({ client: { nodes }, opened, want, execution }: Advance) => ({
  nodes,
  native: opened.backup.native,
  force: want.force,
  started: execution.started,
});

const noted = (marks: Marks, seen: Seen, at: Date): Marks =>
  seen.state === "sealed" && !marks.taken && !marks.foundSealed ? { ...marks, foundSealed: at } : marks;

// ── The upload ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function upload(work: Advance, marks: Marks): Promise<Marks> {
  const { client, target, surroundings, execution, context } = work;
  await readOnce(work);
  await requireUnchanged(work);
  const { node, leader } = await findActive(client);
  const session = await login(client, node, target.auth, surroundings);
  try {
    // What comes next cannot be taken back by any undo.
    if (!(await execution.running())) throw new ExecutionStopped(execution.id);
    await send(work, node, session.token, leader.active_time, marks);
    return { ...marks, taken: context.now(), activeBefore: leader.active_time };
  } finally {
    await session.end();
  }
}

/** From end to end, since a damaged or forged backup must be found out while nothing is touched. */
async function readOnce({ opened }: Advance): Promise<void> {
  const { sums } = await proveArchive(opened.open(SNAPSHOT));
  const { archive } = opened.backup.native;
  if (sums.state !== archive.state || sums.meta !== archive.meta) throw new SnapshotBroken("it is not the one that the manifest tells of");
}

/** Throws {@link TargetChanged} where the target would give another plan now. */
async function requireUnchanged(work: Advance): Promise<void> {
  const { plan, opened, want, target, guarded } = work;
  const again = planRestore({ backup: opened.backup, want, facts: await survey(work, want), target, guarded });
  if ("refused" in again) throw new TargetChanged(target.nodes[0] ?? "", again.refused.message);
  if (JSON.stringify(again) !== JSON.stringify(plan))
    throw new TargetChanged(target.nodes[0] ?? "", "a plan made now would not be the same");
}

async function send(work: Advance, node: string, token: string, since: string | undefined, marks: Marks): Promise<void> {
  const { client, opened, want } = work;
  const path = pathOf(want);
  try {
    const answer = await client.upload(node, path, token, holdingBack(opened.open(SNAPSHOT)));
    if (answer.status >= 300) throw await refused(client, { node, path, token, seal: opened.backup.native.seal }, answer);
  } catch (error) {
    // The node may have taken all of it and only its answer got lost.
    const lost = error instanceof ConnectionBroken || error instanceof UploadCut;
    if (!lost || !(await isApplied(work, since, marks))) throw error;
  }
}

async function isApplied({ client, opened, context }: Advance, since: string | undefined, { replaced }: Marks): Promise<boolean> {
  context.signal.throwIfAborted();
  const seen = await look(client);
  if (seen.state !== "open") return seen.state === "sealed";
  const { clusterId } = opened.backup.native;
  return seen.clusterId === clusterId && (replaced !== clusterId || seen.since !== since);
}

/** Both products write this sentence, for unseal keys and for an auto-unseal key. */
const OTHER_KEYS = /could not verify hash file/;
const BROKEN = /hash check failed|checking integrity/;

type Sent = { node: string; path: string; token: string; seal: Native["seal"] };
async function refused(client: Client, { node, path, token, seal }: Sent, answer: Answer): Promise<HoldfastError> {
  const said = wordsOf(answer.json, [token]);
  if (OTHER_KEYS.test(said)) return new KeysDiffer(node, seal.type);
  if (BROKEN.test(said)) return new SnapshotBroken(`${node} says "${said}"`);
  return await explain(client, node, { path, token, capability: "update" }, answer);
}
