import { createHash } from "node:crypto";
import type { Kind, Lists, Plan, RetainSource, Source, StoreKind } from "@holdfast/core";
import type { Standing } from "./network.ts";

/** What every concern of the infrastructure gets: the plan, where it is deployed, and how things are called there. */
export type Deployment = {
  plan: Plan;
  lists: Lists;
  stage: string;
  account: $util.Output<string>;
  /** Buckets and keys outlive the stack in every stage but the local one. */
  keep: boolean;
  /** Functions in VPCs, as they are made: at the end each VPC gets the endpoints that these need. */
  standing: Standing[];
  /** `acme-prod-backup-shop`: project, stage and what it is; at most 64 characters, IAM's limit. */
  name(...parts: string[]): string;
};

/** A stage's name stands in role names beside a project of 16, a verb and a source of 24. */
const stageLimit = 10;

export function deploymentOf(plan: Plan, lists: Lists): Deployment {
  const stage = $app.stage;
  if (!/^[a-z][a-z0-9-]*$/.test(stage) || stage.length > stageLimit)
    throw new Error(
      `the stage "${stage}" does not fit into names: use at most ${stageLimit} lower-case letters, digits and hyphens, a letter first`,
    );
  return {
    plan,
    lists,
    stage,
    account: aws.getCallerIdentityOutput({}).accountId,
    keep: stage !== "local",
    standing: [],
    name: (...parts) => shortened([plan.project, stage, ...parts].join("-")),
  };
}

/** IAM's for roles, Lambda's for functions, EventBridge's for rules and schedules. What people and the command line name is never so long. */
const nameLimit = 64;
function shortened(name: string): string {
  if (name.length <= nameLimit) return name;
  const mark = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${name.slice(0, nameLimit - mark.length - 1).replace(/-$/, "")}-${mark}`;
}

/** `backup-shop` → `BackupShop`: the name of a resource inside the graph. */
export const logical = (...parts: string[]): string =>
  parts
    .flatMap((part) => part.split("-"))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");

export const kindOf = (d: Deployment, name: string): Kind => {
  const found = d.lists.kinds[name];
  if (!found) throw new Error(`no kind is called ${name}`);
  return found.kind;
};
/** Where the verbs of a kind lie, from the repository's root. */
export const folderOf = (d: Deployment, name: string): string => d.lists.kinds[name]?.folder ?? "";
export const storeKindOf = (d: Deployment, { kind }: { kind: string }): StoreKind => {
  const found = d.lists.stores[kind];
  if (!found) throw new Error(`no kind of store is called ${kind}`);
  return found.kind;
};
/** Where a kind of store lies, from the repository's root. */
export const folderOfStore = (d: Deployment, { kind }: { kind: string }): string => d.lists.stores[kind]?.folder ?? "";
/** What retention is told of sources: how they are kept, and what counts as verified. */
export const retained = (d: Deployment, sources: readonly Source[]): RetainSource[] =>
  sources.map(({ name, kind, keep }) => ({ name, keep, verified: kindOf(d, kind).verified }));
export const sourcesOf = (d: Deployment, kind: string): string[] =>
  Object.values(d.plan.sources)
    .filter((source) => source.kind === kind)
    .map((source) => source.name);
