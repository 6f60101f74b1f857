import { KMSClient } from "@aws-sdk/client-kms";
import { expect, inject, test } from "vitest";
import { openKeys } from "./keys.ts";

const { endpoint, region, account, root } = inject("ministack");
const place = { account, region: "eu-south-2" };
const kmsOf = (where: string) => new KMSClient({ endpoint, region: where, credentials: root });
const may = async () => true;

test("doubles of one local AWS that are asked at once agree on AWS's own key", async () => {
  const found = await Promise.all([1, 2, 3].map(() => openKeys(kmsOf, account).managed(place)));
  expect(found[0]).toMatch(/^arn:aws:kms:eu-south-2:\d{12}:key\//);
  expect(new Set(found).size).toBe(1);
  expect(await openKeys(kmsOf, account).usable("alias/aws/rds", place, async () => false)).toBe(found[0]);
});

test("a key of another account is taken at its word, one of ours is not", async () => {
  const keys = openKeys(kmsOf, account);
  const theirs = `arn:aws:kms:${region}:210987654321:key/shared`;
  expect(await keys.usable(theirs, place, may)).toBe(theirs);
  await expect(keys.usable(theirs.replace("210987654321", account), place, may)).rejects.toMatchObject({
    code: "KMSKeyNotAccessibleFault",
  });
});
