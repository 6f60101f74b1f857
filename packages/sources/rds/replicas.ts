import type { Needs } from "@holdfast/core";
import { z } from "zod";
import { type Allow, allow, ifOwn } from "./rights.ts";
import { key } from "./schemas.ts";

/** Pure, like the files of both kinds that take it. */

/** Where copies of snapshots are to stand: another region, another account, or both. */
const replica = z
  .strictObject({
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "an AWS region such as eu-west-1"),
    /** The key that the copies are under, in that region and account: KMS keys do not leave theirs. */
    key,
    account: z
      .string()
      .regex(/^\d{12}$/, "an AWS account, twelve digits")
      .optional(),
    /** The role in that account that lets itself be assumed for it; docs/deploy.md has its policies. */
    role: z
      .string()
      .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, "is not the ARN of a role")
      .optional(),
  })
  .superRefine(({ region, key, account, role }, check) => {
    const wrong = (path: string, message: string) => check.addIssue({ code: "custom", path: [path], message });
    const [, , , keyRegion, keyAccount] = key.split(":");
    if (keyRegion !== region) wrong("key", `is a key in ${keyRegion}, and the copies are in ${region}`);
    if (account !== undefined && keyAccount !== account) wrong("key", `is a key of ${keyAccount}, and the copies are ${account}'s`);
    if ((account === undefined) !== (role === undefined)) wrong(account ? "role" : "account", "is missing: another account has both");
    if (account !== undefined && role !== undefined && role.split(":")[4] !== account) wrong("role", `is not of the account ${account}`);
  });
export type Replica = z.infer<typeof replica>;

/** With how many accounts a snapshot can be shared. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html */
const MOST = 20;
export const replicas = z
  .array(replica)
  .max(MOST)
  .superRefine((all, check) => {
    const ids = all.map(destination);
    for (const [at, id] of ids.entries())
      if (ids.indexOf(id) < at) check.addIssue({ code: "custom", path: [at], message: `${id} is there twice` });
  })
  .default([]);

/** Its id, safe in a key: `eu-west-1`, `eu-west-1-222222222222`. */
export const destination = ({ region, account }: Pick<Replica, "region" | "account">): string =>
  account ? `${region}-${account}` : region;
export const replicatesTo = ({ replicas }: { replicas: readonly Replica[] }): string[] => replicas.map(destination);

/** `item`: as actions name it. `own`: its final snapshots; `of`: their database; `all`: all snapshots; each as IAM matches it, with `{region}`. */
export type Names = { item: "DBSnapshot" | "DBClusterSnapshot"; own: string; of: string; all: string };
const without = { secrets: [], layers: [] };

/**
 * What brings copies to their places. Not in a VPC: endpoints lead to their own region alone. What it does in another account is the right of the role
 * there.
 */
export function needsOfReplicate(
  { item, own, of, all }: Names,
  { key, replicas }: { key?: string | undefined; replicas: readonly Replica[] },
): Needs {
  const here = replicas.filter(({ account }) => account === undefined);
  const roles = replicas.flatMap(({ role }) => role ?? []);
  const keys = [...here.map((replica) => replica.key), ...(key && here.length > 0 ? [key] : [])];
  return {
    ...without,
    allow: [
      allow(`rds:Describe${item}s`, own),
      allow("kms:DescribeKey", "arn:aws:kms:{region}:*:key/*"),
      ...here.flatMap(({ region }) => [
        allow(`rds:Describe${item}s`, placed(of, region), placed(all, region)),
        allow(`rds:Copy${item}`, own, placed(own, region)),
        allow("rds:AddTagsToResource", placed(own, region)),
      ]),
      ...(keys.length > 0 ? [allow("kms:DescribeKey kms:CreateGrant", ...new Set(keys))] : []),
      ...(roles.length > 0 ? [allow(`rds:Modify${item}Attribute`, own), allow("sts:AssumeRole", ...new Set(roles))] : []),
    ],
  };
}

/** What looks through and deletes copies at their places, besides what it needs at the source. */
export function needsOfPruningReplicas({ item, own, of, all }: Names, { replicas }: { replicas: readonly Replica[] }): Allow[] {
  const roles = replicas.flatMap(({ role }) => role ?? []);
  return [
    ...replicas
      .filter(({ account }) => account === undefined)
      .flatMap(({ region }) => [
        allow(`rds:Describe${item}s`, placed(of, region), placed(all, region)),
        ifOwn(allow(`rds:Delete${item}`, placed(own, region))),
      ]),
    ...(roles.length > 0 ? [allow("sts:AssumeRole", ...new Set(roles))] : []),
  ];
}

const placed = (resource: string, region: string): string => resource.replaceAll("{region}", region);
