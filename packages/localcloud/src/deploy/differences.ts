/**
 * How the local cloud differs from AWS, as a page: what each applier ignores and what it does otherwise, what was completed, what stays.
 * `node packages/localcloud/src/deploy/differences.ts > docs/local-differences.md` writes it; a test holds it to the appliers.
 */
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Applier } from "./appliers/applier.ts";
import { appliers } from "./appliers/index.ts";

/** What MiniStack lacks and `ministack/holdfast_ministack` brings, so that it is no difference any more. */
const completed = [
  "Condition keys `kms:EncryptionContext:*`, `kms:EncryptionContextKeys`, `cloudwatch:namespace`, `s3:if-none-match`, `s3:if-match`, `s3:ObjectCreationOperation`, `s3:RequestObjectTag/*`, and those of server-side encryption and locks.",
  "Rights of services: EventBridge, the Scheduler, Step Functions, Lambda (queues, failure destinations, logs) and alarms ask the role or the policy that AWS would ask. What was refused stands in MiniStack's log as `[holdfast] refused: …`.",
  "EventBridge and the Scheduler start functions asynchronously, with retries and the failure destination.",
  "Schedules fire within a second of their moment, and `<aws.scheduler.*>` is filled in.",
  "Alarms look at their own dimensions, at periods, datapoints and missing data, also when no data comes.",
  "S3's events name the object's version; uploads in parts get the bucket's default lock.",
  "An execution that was stopped stays stopped when its running task fails afterwards.",
  "The account's root may put events of the source `aws.rds`, and a key behind `alias/aws/*` says that AWS manages it: for the double of RDS in `packages/localcloud/src/rds`, whose own differences stand in its `index.ts`.",
];

/** What stays, beyond single resources. */
const remaining: [area: string, difference: string, consequence: string][] = [
  ["The account's root", "passes every policy, an explicit Deny too", "denials are tested with roles"],
  ["TLS", "everything is plain http on loopback", "`aws:SecureTransport` is checked in the graph alone"],
  ["S3", "lifecycle rules are stored and never run; nothing is encrypted at rest", "an evaluator of the synthesized rules tests retention"],
  [
    "S3",
    "versioning of a bucket with locks can be suspended; CRC64NVME is slow; checksums of whole objects come back as composite",
    "locks and checksums are tested against SeaweedFS too",
  ],
  [
    "Step Functions",
    "`Wait` is shortened by a factor; `HeartbeatSeconds` and the machine's own `TimeoutSeconds` are ignored, so nothing is TIMED_OUT",
    "the machines do not depend on them",
  ],
  [
    "Step Functions",
    "`Parallel` and `Succeed` ignore `Output`; distributed `Map` has no batches; no redrive",
    "the machines keep to what both know",
  ],
  [
    "Step Functions",
    "a stopped execution's running task goes on, as in AWS, and so do its retries, which in AWS end",
    "undo looks at the target itself",
  ],
  ["Lambda", "retries of asynchronous calls come after 1 and 2 seconds instead of minutes", "none"],
  ["Lambda", "AWS freezes a function between events; here its process runs on", "nothing runs between events"],
  ["Scheduler", "UTC only; a target that refuses is not tried again and has no dead-letter queue", "`watch` starts what was missed"],
  ["EventBridge", "a target that refuses is not tried again and has no dead-letter queue", "`watch` replays what has no evidence"],
  ["KMS", "a tampered ciphertext may decrypt to wrong bytes", "the header's own authentication catches it"],
  ["CloudWatch", "metrics in log lines (EMF) make no metric", "metrics are put with PutMetricData"],
  ["IAM", "quotas, boundaries of services and propagation delay do not exist", "none"],
];

const cell = (text: string): string => text.replaceAll("|", "\\|");
const table = (heads: string[], rows: string[][]): string[] => [
  `| ${heads.join(" | ")} |`,
  `| ${heads.map(() => "---").join(" | ")} |`,
  ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
];

function sectionOf({ type, ignores = {}, differs = [] }: Applier): string[] {
  const ignored = Object.entries(ignores).map(([input, why]) => `- \`${input}\` is ignored: ${why}.`);
  return ["", `### \`${type}\``, "", ...ignored, ...differs.map((sentence) => `- ${sentence}`)];
}

export function differencesPage(all: readonly Applier[] = appliers): string {
  const telling = all.filter(({ ignores = {}, differs = [] }) => Object.keys(ignores).length + differs.length > 0);
  const exact = all.filter((applier) => !telling.includes(applier)).map(({ type }) => `\`${type}\``);
  return `${[
    "# How the local cloud differs from AWS",
    "",
    "<!-- Written by packages/localcloud/src/deploy/differences.ts, and held to it by a test. -->",
    "",
    "The local cloud runs the real `sst.config.ts` and makes each resource of its graph in MiniStack, with IAM switched on. A type or an input that is not known there stops the deployment, so what is not told on this page is applied.",
    "",
    "## What stays different",
    "",
    ...table(
      ["area", "difference", "what Holdfast does about it"],
      remaining.map((row) => [...row]),
    ),
    "",
    "## What was completed",
    "",
    "MiniStack lacks these by itself; `packages/localcloud/src/deploy/ministack` adds them, for the pinned version alone.",
    "",
    ...completed.map((sentence) => `- ${sentence}`),
    "",
    "## Resource by resource",
    ...telling.flatMap(sectionOf),
    "",
    `All inputs that are used of these are applied as they are: ${exact.join(", ")}.`,
  ].join("\n")}\n`;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) process.stdout.write(differencesPage());
