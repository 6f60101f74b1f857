import { hasFiles, type Proof, useRights } from "@holdfast/core";
import { type Deployment, folderOf, kindOf, sourcesOf } from "./deployment.ts";
import { drilled } from "./drill.ts";
import { entry } from "./entry.ts";
import type { Keys } from "./keys.ts";
import { lambda } from "./lambda.ts";
import type { Layers } from "./layers.ts";
import { prover } from "./prover.ts";
import { consume, queue, route } from "./queue.ts";
import type { Statement } from "./role.ts";
import { machineArn, workflow } from "./workflow.ts";

const timeoutMinutes = 15;
/** Disk for one archive, its parallel workers and the table of contents. */
const scratchMegabytes = 10_240;

type At = { bucket: aws.s3.Bucket; keys: Keys; topic: aws.sns.Topic; layers: Layers };

/** One workflow for every kind and target, and one Lambda a target that knows that target's secret alone. Returns those. */
export function restore(d: Deployment, at: At): { machine: aws.sfn.StateMachine; functions: Record<string, sst.aws.Function> } | undefined {
  const targets = Object.values(d.plan.targets);
  if (targets.length === 0) return undefined;
  const machines = [machineArn(d, "restore"), ...(drilled(d).length > 0 ? [machineArn(d, "drill")] : [])];
  const functions: Record<string, sst.aws.Function> = {};
  for (const target of targets) functions[target.name] = targetFunction(d, at, target, machines);
  const sources = Object.keys(d.plan.sources);
  const machine = workflow(d, "restore", {
    functions,
    topic: at.topic,
    drill: false,
    input: "{% $states.input %}",
    unknownTarget: `the input names no target of the plan. Write for example {"source": "${sources[0]}", "target": "${targets[0]?.name}"}. Targets: ${targets.map((t) => t.name).join(", ")}. Sources: ${sources.join(", ")}.`,
  });
  return { machine, functions };
}

function targetFunction(
  d: Deployment,
  at: At,
  target: Deployment["plan"]["targets"][string],
  machines: $util.Output<string>[],
): sst.aws.Function {
  const name = `restore-${target.name}`;
  const sources = sourcesOf(d, target.kind);
  const kind = kindOf(d, target.kind);
  const files = hasFiles(kind);
  const proof = prover(at, sources, "restored", files);
  const stores = Object.values(d.plan.stores);
  const storeNeeds = stores.map((store) => d.lists.stores[store.kind]?.kind.needs(useRights.read, store.config, "read"));
  const needs = kind.needs("restore", target.config);
  const objects = sources.map((source) => $interpolate`${at.bucket.arn}/backups/${source}/*`);
  const brought = broughtBy(d, sources);
  const beside = Object.values(brought).flatMap((of) => of.map(({ source }) => source));
  const undo = queue(d, `undo-${target.name}`, timeoutMinutes * 60, at.topic);
  const names = {
    sources: Object.fromEntries(Object.values(d.plan.sources).map((s) => [s.name, s.kind])),
    targets: Object.fromEntries(Object.values(d.plan.targets).map((t) => [t.name, { kind: t.kind, protected: t.protected }])),
  };
  const fn = lambda(d, name, {
    handler: entry(name, (from) => [
      `import { restoreFunction } from ${from("functions/restore.ts")};`,
      `import { kind } from ${from(`${folderOf(d, target.kind)}/kind.ts`)};`,
      `import { restore } from ${from(`${folderOf(d, target.kind)}/restore.ts`)};`,
      ...stores.map((store, i) => `import { open as open${i} } from ${from(`${d.lists.stores[store.kind]?.folder}/open.ts`)};`),
      `const stores = { ${stores.map((store, i) => `${JSON.stringify(store.name)}: { open: open${i}, config: ${JSON.stringify(store.config)} }`).join(", ")} };`,
      `const target = ${JSON.stringify({ name: target.name, config: target.config, names, brought, trust: d.plan.trust, scratchBytes: (scratchMegabytes - 512) * 2 ** 20 })};`,
      `export const handler = restoreFunction(target, kind, restore, stores);`,
    ]),
    memory: "3538 MB",
    timeout: `${timeoutMinutes} minutes`,
    scratch: `${scratchMegabytes} MB`,
    needs: {
      ...needs,
      secrets: [...needs.secrets, ...storeNeeds.flatMap((need) => need?.secrets ?? [])],
      allow: [...needs.allow, ...storeNeeds.flatMap((need) => need?.allow ?? [])],
    },
    layers: at.layers,
    environment: proof.environment,
    statements: [
      undo.statement,
      {
        sid: "ReadBackups",
        actions: ["s3:GetObject", "s3:GetObjectVersion"],
        resources: [...objects, ...sources.map((source) => $interpolate`${at.bucket.arn}/evidence/*/${source}/*`)],
      },
      ...(files ? [{ sid: "ThawBackups", actions: ["s3:RestoreObject"], resources: objects }] : []),
      ...proof.statements,
      ...readBeside(at, beside),
      {
        sid: "AskWhetherStopped",
        actions: ["states:DescribeExecution"],
        resources: machines.map((machine) => machine.apply((arn) => `${arn.replace(":stateMachine:", ":execution:")}:*`)),
      },
    ],
  });
  undoOf(d, target.name, fn, undo, machines);
  return fn;
}

/** By source, what it brings along: what a backup of that says of the same data is compared with what was restored. */
function broughtBy(d: Deployment, sources: string[]): Record<string, { source: string; verified: readonly Proof[] }[]> {
  const of = (name: string) => {
    const by = d.plan.sources[name];
    const names = Object.keys((by && kindOf(d, by.kind).expand?.(name, by.config)) ?? {});
    return names.map((source) => ({ source, verified: kindOf(d, d.plan.sources[source]?.kind ?? "").verified }));
  };
  return Object.fromEntries(sources.map((name) => [name, of(name)] as const).filter(([, brought]) => brought.length > 0));
}

/** Only what a manifest says of them, and that it is signed. */
function readBeside(at: At, sources: string[]): Statement[] {
  if (sources.length === 0) return [];
  return [
    {
      sid: "ListBeside",
      actions: ["s3:ListBucketVersions"],
      resources: [at.bucket.arn],
      conditions: { StringLike: { "s3:prefix": sources.flatMap((source) => [`backups/${source}/*`, `evidence/*/${source}/*`]) } },
    },
    {
      sid: "ReadManifestsBeside",
      actions: ["s3:GetObjectVersion"],
      resources: sources.flatMap((source) =>
        ["json", "sig"].map((end) => $interpolate`${at.bucket.arn}/backups/${source}/*/manifest.${end}`),
      ),
    },
  ];
}

/** StopExecution bypasses every Catch, so the event of an execution that did not succeed asks each target's function to remove what it made. */
function undoOf(
  d: Deployment,
  target: string,
  fn: sst.aws.Function,
  undo: ReturnType<typeof queue>,
  machines: $util.Output<string>[],
): void {
  const name = `undo-${target}`;
  consume(name, undo, fn, 2);
  route(
    d,
    name,
    undo,
    $jsonStringify({
      source: ["aws.states"],
      "detail-type": ["Step Functions Execution Status Change"],
      detail: { stateMachineArn: machines, status: ["FAILED", "TIMED_OUT", "ABORTED"] },
    }),
  );
}
