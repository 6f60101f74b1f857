import { type Evidence, type Finding, HoldfastError, type Proof, type Source } from "@holdfast/core";
import { Command } from "commander";
import { z } from "zod";
import { type Common, type ExitCode, type Finish, placed, type Ports, portsOf, positive } from "../command.ts";
import { RunFailed } from "../errors.ts";
import { tellFindings } from "../findings.ts";
import { followLog } from "../logprogress.ts";
import { meter } from "../meter.ts";
import { json } from "../output.ts";
import { sourceOf, verifiedBy } from "../plan.ts";
import { deployedKeys } from "../trust.ts";
import { awaitVerdict, readStanding, type Stood } from "../verdict.ts";
import { bytes, counted, stateWord, took } from "../wording.ts";
import type { World } from "../world.ts";

export type BackupOptions = { source: string; wait?: boolean; minutes?: number; json?: boolean };

export const backupCommand = (world: World, finish: Finish): Command =>
  placed(
    new Command("backup")
      .summary("make a backup now, and wait until it is verified")
      .description("Runs the source's backup function, follows it, and waits for the verdict of its verification.")
      .argument("<source>", "what to back up")
      .option("--no-wait", "end when the backup is made, before it is verified")
      .option("--minutes <n>", "how long to wait for the verification", positive, 45),
  )
    .addHelpText(
      "after",
      "\nExit code: 0 verified (with --no-wait: made), 1 anything else.\n\nExample:\n  holdfast backup shop --stage prod\n",
    )
    .action(async (source: string, options: Common & BackupOptions) =>
      finish(await backup({ ...options, source }, await portsOf(options, world))),
    );

/** What `functions/backup.ts` answers. */
const outcome = z.object({
  state: z.enum(["made", "exists", "pending", "lost"]),
  id: z.string(),
  bytes: z.number().optional(),
  artifacts: z.number().optional(),
  note: z.string().optional(),
  findings: z.array(z.custom<Finding>()).default([]),
});
type Outcome = z.infer<typeof outcome>;

export async function backup(options: BackupOptions, ports: Ports): Promise<ExitCode> {
  const { place, out, world } = ports;
  const source = sourceOf(place.plan, options.source);
  const began = world.clock.now();
  const made = await make(source, ports);
  const seconds = (world.clock.now().getTime() - began.getTime()) / 1000;
  out.note(madeLine(made, seconds));
  tellFindings(made.findings, out);
  if (made.state === "lost") {
    if (options.json) json({ id: made.id, state: made.state, seconds, verdict: null, findings: made.findings }, out);
    else out.line(`${made.id} is lost: ${made.note ?? "nothing of it can be restored"}`);
    return 1;
  }
  if (options.wait === false) {
    if (options.json)
      json({ id: made.id, state: made.state, bytes: made.bytes ?? null, seconds, verdict: null, findings: made.findings }, out);
    else out.line(`${made.id} is ${made.state === "pending" ? "begun" : "made"}, not verified yet`);
    return 0;
  }
  const stood = await verdictOf(made, source, options.minutes ?? 45, ports);
  const evidence = await evidenceOf(stood, verifiedBy(place.lists, source), ports);
  const waited = (world.clock.now().getTime() - began.getTime()) / 1000;
  if (options.json)
    json({ id: made.id, state: made.state, bytes: stood.entry.bytes, seconds: waited, ...asJson(stood, made, evidence) }, out);
  else {
    const tone = stood.state === "verified" ? "good" : stood.state === "doubt" ? "unsure" : "bad";
    out.line(`${made.id} is ${out.paint(tone, sentences[stood.state])} (${bytes(stood.entry.bytes)}, ${took(waited)})`);
    tellFindings(
      evidence.flatMap(({ findings }) => findings),
      out,
    );
  }
  return stood.state === "verified" ? 0 : 1;
}
const sentences = {
  verified: "verified",
  doubt: "in doubt: it reads well and looks wrong",
  failed: "broken",
  unverified: "not verified",
  pruned: "gone: retention deleted what it was made of",
};

async function make(source: Source, { place, out, world }: Ports): Promise<Outcome> {
  const functionName = place.name("backup", source.name);
  const shown = meter(`backing up ${source.name}`, out, world.clock);
  out.note(`running ${functionName}`);
  const { logs, functions } = place.cloud;
  try {
    const work = functions.invoke(functionName, { trigger: "manual" }, world.signal);
    const answer = await followLog(work, { functionName, logs, clock: world.clock, signal: world.signal }, shown);
    if (answer.ok) return outcome.parse(answer.result);
    throw failed(answer.error, answer.message, functionName);
  } catch (error) {
    if (world.signal.aborted) out.note(`the backup goes on in AWS; \`holdfast list ${source.name}\` shows what becomes of it`);
    throw error;
  } finally {
    out.settle();
  }
}

/** The function's own message ends with its hint. A run that Lambda itself ended says nothing of ours. */
export function failed(error: string, message: string, functionName: string): RunFailed {
  const timedOut = /Task timed out/.test(message) || error === "Sandbox.Timedout";
  const text = message.replace(/\.$/, "");
  return new RunFailed(
    error,
    timedOut ? `the function ran out of its 15 minutes (${text})` : text,
    timedOut
      ? "Nothing of it counts. The source has grown beyond what a Lambda dumps in its time."
      : `The log of ${functionName} has the rest.`,
  );
}

function madeLine({ state, id, bytes: size, artifacts, note }: Outcome, seconds: number): string {
  if (state === "pending") return `${id} is begun: ${note ?? "it finishes by itself"}`;
  if (state === "lost") return `${id} ended without a backup`;
  if (state === "exists") return `${id} was made already`;
  return `${id} is made: ${counted(artifacts ?? 0, "artifact")}, ${bytes(size ?? 0)} in ${took(seconds)}`;
}

async function verdictOf(made: Outcome, source: Source, minutes: number, { place, out, world }: Ports): Promise<Stood> {
  const store = await place.store();
  const slot = made.id.slice(source.name.length + 1);
  const shown = meter(`verifying ${made.id}`, out, world.clock);
  const functionName = place.name("verify", source.kind);
  try {
    const work = awaitVerdict(store.list, { source: source.name, slot, verified: verifiedBy(place.lists, source), minutes }, world);
    return await followLog(work, { functionName, logs: place.cloud.logs, clock: world.clock, signal: world.signal }, shown);
  } catch (error) {
    if (world.signal.aborted)
      out.note(`${made.id} is made and its verification goes on; \`holdfast list ${source.name}\` shows its verdict`);
    throw error;
  } finally {
    out.settle();
  }
}

/** Why it is what it is. The verdict stands in names alone; evidence that cannot be read is told, and changes nothing. */
async function evidenceOf(stood: Stood, verified: readonly Proof[], { place, out }: Ports): Promise<Evidence[]> {
  try {
    return await readStanding(stood, verified, await place.store(), await deployedKeys(place));
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    out.note(`the evidence could not be read: ${error.message}`);
    return [];
  }
}

function asJson({ state }: Stood, made: Outcome, evidence: readonly Evidence[]) {
  return {
    verdict: stateWord[state],
    proofs: evidence.map(({ proof, verdict, seconds, details }) => ({ proof, verdict, seconds, details })),
    findings: [...made.findings, ...evidence.flatMap(({ findings }) => findings)],
  };
}
