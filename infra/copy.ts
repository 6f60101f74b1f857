import { copiesAtOnce, copyFunctionMemory, lambdaRates, type PlannedStore, type Source, useRights } from "@holdfast/core";
import { copyMachine } from "./copymachine.ts";
import { type Deployment, folderOfStore, kindOf, logical, storeKindOf } from "./deployment.ts";
import { entry } from "./entry.ts";
import { lambda } from "./lambda.ts";
import { tellFailure } from "./notice.ts";
import { type Consumer, consume, objectCreated, queue, route } from "./queue.ts";
import { recorder, type RecorderAt } from "./recorder.ts";
import { role, type Statement } from "./role.ts";
import { machineArn } from "./workflow.ts";

const timeoutMinutes = 15;
type At = RecorderAt & { topic: aws.sns.Topic };

/** Stores that some source names in its copies, with those sources. */
export const copied = (d: Deployment): { store: PlannedStore; sources: Source[] }[] =>
  Object.values(d.plan.stores)
    .map((store) => ({ store, sources: Object.values(d.plan.sources).filter(({ copies }) => copies.includes(store.name)) }))
    .filter(({ sources }) => sources.length > 0);

/**
 * One Lambda a store that gets copies, and one state machine for those that are too large for it. It reads what is sealed, opens nothing, and can
 * neither mark nor delete, here or there. In no VPC: what it sends would be billed by a NAT gateway once more.
 */
export function copy(d: Deployment, at: At): Record<string, Consumer> {
  const consumers: Record<string, Consumer> = {};
  const functions: Record<string, sst.aws.Function> = {};
  for (const { store, sources } of copied(d)) {
    const name = `copy-${store.name}`;
    const consumer = queue(d, name, timeoutMinutes * 60, at.topic);
    const fn = copyFunction(d, at, store, sources, consumer);
    consume(name, consumer, fn, copiesAtOnce);
    route(d, name, consumer, objectCreated(at.bucket.bucket, evidence));
    consumers[store.name] = consumer;
    functions[store.name] = fn;
  }
  if (Object.keys(functions).length > 0) machine(d, functions, at.topic);
  return consumers;
}

/** Of what can be copied, and of what comes after a copy. Of every source, since a pattern has room for few names; the function leaves out others'. */
const evidence = [
  { wildcard: "evidence/readable/*/ok.*" },
  { wildcard: "evidence/readable/*/doubt.*" },
  ...["restored", "accepted", "copied"].map((proof) => ({ prefix: `evidence/${proof}/` })),
];

function copyFunction(d: Deployment, at: At, store: PlannedStore, sources: Source[], consumer: Consumer): sst.aws.Function {
  const name = `copy-${store.name}`;
  const to = {
    name: store.name,
    config: store.config,
    rate: store.rate ?? lambdaRates.copy,
    sources: verifiedBy(d, sources),
    trust: d.plan.trust,
  };
  const { statements, environment } = witness(at, sources);
  const machine = machineArn(d, "copy");
  const executions = machine.apply((arn) => `${arn.replace(":stateMachine:", ":execution:")}:${store.name}-*`);
  return lambda(d, name, {
    handler: entry(name, (from) => [
      `import { copyFunction } from ${from("functions/copy.ts")};`,
      `import { open } from ${from(`${folderOfStore(d, store)}/open.ts`)};`,
      `export const handler = copyFunction(${JSON.stringify(to)}, open);`,
    ]),
    memory: `${copyFunctionMemory} MB`,
    timeout: `${timeoutMinutes} minutes`,
    needs: { ...storeKindOf(d, store).needs(useRights.copy, store.config, "copy"), layers: [] },
    environment: { ...environment, HOLDFAST_MACHINE: machine, HOLDFAST_QUEUE: consumer.queue.url },
    statements: [
      consumer.statement,
      { sid: "ComeAgainSoon", actions: ["sqs:ChangeMessageVisibility"], resources: [consumer.queue.arn] },
      ...statements,
      listKeys(at),
      {
        sid: "ReadWhatItRestsOn",
        actions: ["s3:GetObject"],
        resources: sources.map(({ name }) => $interpolate`${at.bucket.arn}/evidence/*/${name}/*`),
      },
      { sid: "ReadKeys", actions: ["s3:GetObjectVersion"], resources: [$interpolate`${at.bucket.arn}/keys/*`] },
      { sid: "ShareOut", actions: ["states:StartExecution"], resources: [machine] },
      { sid: "AskWhetherShared", actions: ["states:DescribeExecution"], resources: [executions] },
    ],
  });
}

export const listKeys = ({ bucket }: RecorderAt): Statement => ({
  sid: "ListKeys",
  actions: ["s3:ListBucketVersions"],
  resources: [bucket.arn],
  conditions: { StringLike: { "s3:prefix": ["keys/*"] } },
});

/** By source, the proofs that make its backups verified. */
export const verifiedBy = (d: Deployment, sources: Source[]) =>
  Object.fromEntries(sources.map(({ name, kind }) => [name, kindOf(d, kind).verified]));

/** What whoever records how copies of certain sources stand may do here: read what is sealed, and write one kind of proof. */
export function witness(at: RecorderAt, sources: Source[]) {
  const names = sources.map(({ name }) => name);
  const { statements, environment } = recorder(at, names, "copied");
  const read: Statement = {
    sid: "ReadBackupsAndEvidence",
    actions: ["s3:GetObjectVersion"],
    resources: names.flatMap((name) => [`backups/${name}`, `evidence/*/${name}`]).map((of) => $interpolate`${at.bucket.arn}/${of}/*`),
  };
  return { statements: [...statements, read], environment };
}

function machine(d: Deployment, functions: Record<string, sst.aws.Function>, topic: aws.sns.Topic): void {
  const name = "copy";
  const starter = role(d, name, "states.amazonaws.com", [
    { sid: "RunVerbs", actions: ["lambda:InvokeFunction"], resources: Object.values(functions).map((fn) => fn.arn) },
  ]);
  const made = new aws.sfn.StateMachine(logical(name), {
    name: d.name(name),
    roleArn: starter.arn,
    definition: $jsonStringify(copyMachine(Object.fromEntries(Object.entries(functions).map(([store, fn]) => [store, fn.arn])))),
  });
  tellFailure(d, name, made.arn, topic, {
    what: "a large copy",
    so: "one backup does not stand in one of the stores that its source names",
    next: "it is asked for again by itself",
  });
}
