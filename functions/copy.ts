import { DescribeExecutionCommand, ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import {
  type BackupId,
  BackupNotFound,
  bringAlong,
  type Context,
  type CopyAsk,
  type CopyOutcome,
  type CopyPorts,
  copy,
  copyPace,
  type OpenStore,
  type Proof,
  parseEvidenceKey,
  shareCopy,
  type TrustedKeys,
} from "@holdfast/core";
import { againSoon } from "./again.ts";
import { lambda } from "./bundle.ts";
import { identity, secrets, signer, trusted } from "./clients.ts";
import { environment } from "./environment.ts";
import { objectOf, type QueueEvent, triesOf } from "./event.ts";
import { now, primary } from "./files.ts";

const machines = new SFNClient();

/** `sources`: whose backups are copied there, each with what makes them verified. `rate`: MiB a second. */
type To<Config> = { name: string; config: Config; rate: number; sources: Record<string, readonly Proof[]>; trust: TrustedKeys };

/** Events of evidence ask for a copy, or for what came after it to be brought along; the state machine asks for the steps of a large one. */
export function copyFunction<Config>(to: To<Config>, open: OpenStore<Config>) {
  return lambda(`copying to ${to.name}`, async (event: QueueEvent | CopyAsk, { context }) =>
    "Records" in event ? againSoon(event, () => hear(to, open, event, context)) : step(to, open, event, context),
  );
}

async function hear<Config>(to: To<Config>, open: OpenStore<Config>, event: QueueEvent, context: Context) {
  const { key, run } = objectOf(event);
  const at = parseEvidenceKey(key);
  const verified = at && to.sources[at.source];
  if (!verified) return { state: "ignored", key };
  const tries = triesOf(event);
  const ports = await portsOf(to, open, verified, tries);
  const outcome = at.proof === "readable" ? await copyOf({ ...at, hint: run === undefined }, ports, context) : undefined;
  if (outcome?.state === "large") return await shareOut({ ...at, tries }, outcome, to.name);
  if (outcome && outcome.state !== "known") return outcome;
  return { state: "known", brought: await bringAlong(at, ports, context) };
}

/** Evidence outlives its backup and may come late: then there is nowhere to copy from, and no retry would find one. */
async function copyOf(at: Parameters<typeof copy>[0], ports: CopyPorts, context: Context): Promise<CopyOutcome | { state: "gone" }> {
  try {
    return await copy(at, ports, context);
  } catch (error) {
    if (error instanceof BackupNotFound) return { state: "gone" };
    throw error;
  }
}

async function step<Config>(to: To<Config>, open: OpenStore<Config>, ask: CopyAsk, context: Context) {
  const verified = to.sources[ask.source];
  return verified ? await shareCopy(ask, await portsOf(to, open, verified, ask.tries ?? 1), context) : { state: "ignored" };
}

async function portsOf<Config>(
  { name, config, rate, trust }: To<Config>,
  open: OpenStore<Config>,
  verified: readonly Proof[],
  tries: number,
): Promise<CopyPorts> {
  const store = await open(config, { secrets, identity, region: environment.AWS_REGION, use: "copy", now });
  return {
    from: await primary(),
    to: { ...store, name, ...copyPace(rate, tries) },
    kind: { verified },
    sign: signer(),
    trusted: trusted(trust, environment.HOLDFAST_MANIFEST_PEM, environment.HOLDFAST_SIGNING_PEM),
  };
}

/** So many executions of one copy, one after the other, are enough for a person to have noticed. */
const executionsAtMost = 99;

/**
 * Starts the state machine, once: an event that comes again finds the execution that runs. A name is taken for 90 days, also by one that ended badly
 * (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html), so another has a number behind it.
 */
async function shareOut(
  { source, slot, tries }: BackupId & { tries: number },
  { started, manifest }: CopyOutcome & { state: "large" },
  store: string,
) {
  const stateMachineArn = environment.HOLDFAST_MACHINE;
  const input = JSON.stringify({ store, source, slot, started, tries });
  for (let n = 1; n <= executionsAtMost; n++) {
    const name = [store, source, slot, manifest.slice(0, 8), ...(n === 1 ? [] : [n])].join("-");
    try {
      const { executionArn } = await machines.send(new StartExecutionCommand({ stateMachineArn, name, input }));
      return { state: "started", execution: executionArn };
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
    const executionArn = `${stateMachineArn.replace(":stateMachine:", ":execution:")}:${name}`;
    const { status } = await machines.send(new DescribeExecutionCommand({ executionArn }));
    if (status === "RUNNING") return { state: "running", execution: executionArn };
  }
  throw new Error(`${executionsAtMost} executions of one copy ended without it`);
}
