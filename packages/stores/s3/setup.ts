import {
  type Lifecycle,
  lifecycleOf,
  ofUse,
  type Place,
  type Setup,
  type SetupOf,
  type SetupStep,
  type StoreUse,
  useRights,
} from "@holdfast/core";
import { allowedFor } from "./actions.ts";
import { hasLocks, hasMarks, type S3Config, usesIn } from "./config.ts";
import { trustOf } from "./keyless.ts";
import { s3Lifecycle } from "./lifecycle.ts";
import { placeOf } from "./place.ts";
import { bucketPolicy } from "./policy.ts";
import { secretNote, setupR2 } from "./setupr2.ts";

/** Classes that cost less for long tiers and are read at once. Others are not known here, and long tiers stay where they are. */
const longClasses: Partial<Record<Place["cloud"], string>> = { aws: "GLACIER_IR", yandex: "COLD" };
const files = { policy: "policy.json", lifecycle: "lifecycle.json" };

/** Bucket, lock, policy and lifecycle rules, by the AWS command line, which speaks to every store of this protocol. */
export function setup(store: S3Config, of: SetupOf): Setup {
  const { cloud, region } = placeOf(store, of.region);
  if (cloud === "cloudflare") return setupR2(store, of);
  const [locks, marks] = [hasLocks(store), hasMarks(store)];
  const lifecycle = lifecycleOf(of.keeps);
  const policy = bucketPolicy(store, of, cloud);
  const rules = s3Lifecycle(lifecycle, { marks, versions: store.versions, longClass: longClasses[cloud] });
  const s3api = callerOf(store, region);
  return {
    files: [...(policy ? [{ name: files.policy, text: json(policy) }] : []), { name: files.lifecycle, text: json(rules) }],
    steps: [
      made(s3api, cloud, region, locks),
      ...(store.versions ? [versioned(s3api)] : []),
      ...(locks ? [locked(s3api, lifecycle)] : []),
      ...(cloud === "aws" ? closed(s3api) : []),
      step(
        marks
          ? "Deletes what carries a release mark and is that old, and nothing else"
          : "Clears away uploads that were given up and earlier versions, and deletes no backup",
        s3api("put-bucket-lifecycle-configuration", "--lifecycle-configuration", `file://${files.lifecycle}`),
      ),
      // The last, since it may shut out whoever runs this.
      ...(policy
        ? [
            step(
              `Who may do what, and that nobody ${marks ? "" : "else "}deletes`,
              s3api("put-bucket-policy", "--policy", `file://${files.policy}`),
            ),
          ]
        : []),
    ],
    notes: notesOf(store, of, { cloud, locks, policy: policy !== undefined }),
  };
}

type Call = (verb: string, ...rest: string[]) => string[];
function callerOf({ bucket, endpoint }: S3Config, region: string | undefined): Call {
  const at = [...(endpoint === undefined ? [] : ["--endpoint-url", endpoint]), ...(region === undefined ? [] : ["--region", region])];
  return (verb, ...rest) => ["aws", ...at, "s3api", verb, "--bucket", bucket, ...rest];
}
const step = (why: string, command: readonly string[]): SetupStep => ({ why, command });
const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

function made(s3api: Call, cloud: Place["cloud"], region: string | undefined, locks: boolean): SetupStep {
  // AWS refuses the name of its first region here, and wants that of every other.
  const constraint = cloud === "aws" && region !== "us-east-1" ? ["--create-bucket-configuration", `LocationConstraint=${region}`] : [];
  // Yandex takes it from the lock's own configuration, once there are versions.
  const lock = locks && cloud !== "yandex" ? ["--object-lock-enabled-for-bucket"] : [];
  return {
    why: `The bucket${locks ? ", with Object Lock, which most stores take at no later time" : ""}`,
    command: s3api("create-bucket", ...constraint, ...lock),
    unless: s3api("get-bucket-location"),
  };
}

const versioned = (s3api: Call): SetupStep =>
  step("What is written over stays as an earlier version", s3api("put-bucket-versioning", "--versioning-configuration", "Status=Enabled"));

function locked(s3api: Call, { lockDays }: Lifecycle): SetupStep {
  const rule = { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: { Mode: "COMPLIANCE", Days: lockDays } } };
  return {
    ...step(
      `From now on nobody, the account's owner included, deletes an object within ${lockDays} days`,
      s3api("put-object-lock-configuration", "--object-lock-configuration", JSON.stringify(rule)),
    ),
    lasting: true,
  };
}

const closed = (s3api: Call): SetupStep[] => [
  step(
    "Closed to the public, whatever a policy says later",
    s3api(
      "put-public-access-block",
      "--public-access-block-configuration",
      "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
    ),
  ),
  step(
    "Objects belong to the bucket's account, also those that another account's role makes",
    s3api("put-bucket-ownership-controls", "--ownership-controls", "Rules=[{ObjectOwnership=BucketOwnerEnforced}]"),
  ),
];

type Told = { cloud: Place["cloud"]; locks: boolean; policy: boolean };
function notesOf(store: S3Config, of: SetupOf, { cloud, locks, policy }: Told): string[] {
  const { credentials, federation } = store;
  const { principals, roles } = of;
  const uses = usesIn(store);
  return [
    store.endpoint === undefined
      ? "Run it with a profile of the account that the bucket is in, best another one than the plan's."
      : "Run it with a key of somebody who may make buckets there; it is needed no more afterwards.",
    ...(federation === undefined ? [] : trustOf(federation, of, uses)),
    ...(federation !== undefined
      ? []
      : credentials === undefined
        ? [`No key is needed: the roles ${uses.flatMap((use) => roles[use]).join(", ")} are let in by name.`]
        : keysOf(store, credentials)),
    ...(policy
      ? []
      : [`No bucket policy was made, since nobody said who they are there: ${uses.map((use) => `--principal ${use}=ID`).join(" ")}.`]),
    ...(policy && principals && cloud !== "aws"
      ? [
          "Once it has a policy, a bucket of most of these stores lets nobody in who is not named there. Running this again then takes the cloud's own administrator.",
        ]
      : []),
    ...(hasMarks(store) ? [] : [pruned]),
    ...(locks
      ? []
      : ["Nothing is locked there: who holds the account can delete. Where the store has Object Lock, write locks: true before this."]),
    ...(cloud === "aws"
      ? []
      : [
          "Whether a write may be anything but a first one is asked there by the write itself; a policy that insists on it is AWS's alone.",
        ]),
  ];
}

const pruned =
  "Objects carry no marks there that rules could delete by: the function for prune deletes what the tiers no longer want, and write prune: true in the plan for that.";

/** What each key must be able to do, and where it lies. */
function keysOf(store: S3Config, credentials: NonNullable<S3Config["credentials"]>): string[] {
  const rights = (use: StoreUse) =>
    [...new Set(allowedFor(useRights[use], store).flatMap(({ actions }) => actions))].map((action) => action.slice(3)).join(", ");
  const uses = usesIn(store);
  return [
    ...uses.map((use) => `The key for ${use} needs ${rights(use)}, and lies in the secret ${ofUse(credentials, use)}.`),
    ...(typeof credentials === "string"
      ? [`One key for all three can do what all three can: give each its own with credentials: { ${uses.join(", ")} }.`]
      : []),
    secretNote,
  ];
}
