import { createHash } from "node:crypto";
import { DescribeExecutionCommand, SFNClient } from "@aws-sdk/client-sfn";
import {
  advance,
  type Execution,
  type Kind,
  lambdaFits,
  type Made,
  type Names,
  type OpenStore,
  type Planned,
  parseRestoreInput,
  planRestore,
  prove,
  type RestoreFactory,
  type RestorePorts,
  type Store,
  survey,
  type TrustedKeys,
  thaw,
} from "@holdfast/core";
import { lambda, type Running } from "./bundle.ts";
import { identity, secrets, signer, trusted } from "./clients.ts";
import { environment } from "./environment.ts";
import { executionOf, type QueueEvent } from "./event.ts";
import { now, opening, primary } from "./files.ts";
import { tellingPassing } from "./passing.ts";

const machines = new SFNClient();

type At<Config> = {
  name: string;
  config: Config;
  names: Omit<Names, "stores">;
  /** By source, what it brings along. */
  brought: Record<string, NonNullable<RestorePorts<never, never>["brought"]>>;
  trust: TrustedKeys;
  scratchBytes: number;
};
type Stores = Record<string, { open: OpenStore<never>; config: unknown }>;
type Ask<Facts> =
  | { verb: "survey"; execution: string; input: unknown }
  | { verb: "plan" | "thaw" | "advance" | "prove" | "finish"; execution: string; started: string; of: Planned<Facts>; made?: Made[] }
  | { verb: "undo"; execution: string };

/** Every verb of a restore to one target. The state machine asks for them in order; the event of a failed execution asks for undo. */
export function restoreFunction<Config, Native, Target, Facts>(
  at: At<Target>,
  kind: Kind<Config, Native, Target>,
  factory: RestoreFactory<Native, Target, Facts>,
  stores: Stores,
) {
  const run = async (ask: Ask<Facts>, { context, surroundings }: Running) => {
    const restore = factory(at.config, surroundings, { protected: at.names.targets[at.name]?.protected ?? true });
    const execution = executionFor(ask.execution, "started" in ask ? new Date(ask.started) : context.now());
    if (ask.verb === "undo") return { undone: await restore.undo(execution, context) };
    const input = ask.verb === "survey" ? parseRestoreInput(ask.input, { ...at.names, stores: Object.keys(stores) }) : undefined;
    const from = ask.verb === "survey" ? input?.from : ask.of.from;
    const store = await (from === undefined ? primary() : otherStore(stores, from));
    const ports: RestorePorts<Native, Facts> = {
      kind,
      restore,
      store: store.read,
      list: store.list,
      thaw: store.thaw,
      unseal: opening(),
      trusted: trusted(at.trust, environment.HOLDFAST_MANIFEST_PEM, environment.HOLDFAST_SIGNING_PEM),
      fits: { disk: at.scratchBytes, bytes: lambdaFits("restore") },
      brought: at.brought["of" in ask ? ask.of.backup.source : ""] ?? [],
    };
    const made = "made" in ask ? (ask.made ?? []) : [];
    if (ask.verb === "survey") return input && (await survey(input, ports, context));
    if (ask.verb === "plan") return await planRestore(ask.of, execution, ports, context);
    if (ask.verb === "thaw") return await thaw(ask.of, ports, context);
    if (ask.verb === "advance") return await advance(ask.of, made, execution, ports, context);
    if (ask.verb === "prove")
      return await prove(ask.of, made, execution, { ...ports, create: (await primary()).create, sign: signer() }, context);
    return { made: await restore.finish(made, execution, context) };
  };
  return lambda(`restoring to ${at.name}`, async (event: Ask<Facts> | QueueEvent, running: Running) => {
    if (!("Records" in event)) return await tellingPassing(() => run(event, running));
    const { arn, target } = executionOf(event);
    if (target !== undefined && target !== at.name) return { state: "ignored" };
    return await run({ verb: "undo", execution: arn }, running);
  });
}

/** Short and safe in an identifier of any server; the same for the same execution, whoever asks. */
function executionFor(arn: string, started: Date): Execution {
  return {
    started,
    id: createHash("sha256").update(arn).digest("hex").slice(0, 12),
    running: async () => (await machines.send(new DescribeExecutionCommand({ executionArn: arn }))).status === "RUNNING",
  };
}

async function otherStore(stores: Stores, name: string): Promise<Store> {
  const found = stores[name];
  if (!found) throw new Error(`no store is called ${name}`);
  return await found.open(found.config as never, { secrets, identity, region: environment.AWS_REGION, use: "read", now });
}
