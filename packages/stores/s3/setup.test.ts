import { keep } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { commands, fileOf, forWhom, told } from "../kit/setup.ts";
import { s3 } from "./kind.ts";
import type { Policy } from "./policy.ts";

const bucket = "acme-copies";
const elsewhere = { bucket, endpoint: "https://storage.example.com", region: "hel1", credentials: { copy: "c", mark: "m", read: "r" } };
const principals = { copy: "id-copy", mark: "id-mark", read: "id-read" };
const setupOf = (config: object, more: object = {}) => {
  const setup = s3.setup?.(s3.config.parse(config), { ...forWhom, ...more });
  if (!setup) throw new Error("no setup");
  return setup;
};
const policyOf = (config: object, more: object = {}) => fileOf(setupOf(config, more), "policy.json") as Policy | null;

describe("the other side of a bucket", () => {
  test("in another account of AWS", async () => {
    await expect(told(setupOf({ bucket, region: "eu-west-1" }))).toMatchFileSnapshot("golden/setup-aws.txt");
  });
  test("of a store that speaks the protocol", async () => {
    await expect(told(setupOf(elsewhere, { principals }))).toMatchFileSnapshot("golden/setup-other.txt");
  });
  test("is asked for at the store's own endpoint, each time", () => {
    for (const command of commands(setupOf(elsewhere)))
      expect(command).toMatch(/^aws --endpoint-url https:\/\/storage.example.com --region hel1 s3api /);
  });
  test("says whom the store has to trust, where it takes tokens of AWS in the place of keys", () => {
    const federation = {
      sts: "https://storage.example.com",
      audience: "acme-copies",
      role: { copy: "arn:c", mark: "arn:m", read: "arn:r" },
    };
    const { credentials: _, ...rest } = elsewhere;
    const notes = setupOf({ ...rest, federation }).notes.join("\n");
    expect(notes).toMatch(/issuer that .* shows, for the audience acme-copies/);
    expect(notes).toContain("arn:c is for those that copy: their subject is arn:aws:iam::123456789012:role/acme-prod-copy-far.");
    expect(notes).toMatch(/arn:r is for those that read: their subject is .*sample-far, .*restore-staging/);
    expect(notes).not.toMatch(/secret|are let in by name/);
  });
  test("names no region where AWS wants none, and the region else", () => {
    expect(commands(setupOf({ bucket, region: "us-east-1" }))[0]).not.toContain("LocationConstraint");
    expect(commands(setupOf({ bucket }))[0]).toContain("LocationConstraint=eu-central-1");
  });
  test("has a lock only where the store has", () => {
    const locking = (config: object) => commands(setupOf(config)).filter((command) => command.includes("object-lock")).length;
    expect([locking({ bucket }), locking(elsewhere), locking({ ...elsewhere, locks: true })]).toEqual([2, 0, 2]);
    expect(setupOf({ bucket }).steps.filter(({ lasting }) => lasting)).toHaveLength(1);
  });
});

describe("Cloudflare's R2", () => {
  const endpoint = "https://0123abcd.eu.r2.cloudflarestorage.com";
  const credentials = { copy: "acme/r2/copy", prune: "acme/r2/prune", read: "acme/r2/read" };
  const r2 = { bucket, endpoint, credentials };
  test("by its own program", async () => {
    await expect(told(setupOf(r2))).toMatchFileSnapshot("golden/setup-r2.txt");
  });
  test("is asked for nothing that it does not know, in its jurisdiction where it has one", () => {
    for (const command of commands(setupOf(r2)))
      expect(command).toMatch(/^npx --yes wrangler r2 bucket (create|lock set|lifecycle set) acme-copies .*--jurisdiction eu$/);
    expect(commands(setupOf({ ...r2, endpoint: endpoint.replace(".eu.", ".") })).join()).not.toContain("jurisdiction");
    expect(setupOf(r2).steps.filter(({ lasting }) => lasting)).toEqual([]);
  });
  test("locks backups for the shortest keep, and evidence and keys for good", () => {
    expect(fileOf(setupOf(r2), "lock.json")).toEqual({
      rules: [
        { id: "holdfast-backups", enabled: true, prefix: "backups/", condition: { type: "Age", maxAgeSeconds: 30 * 86_400 } },
        { id: "holdfast-evidence", enabled: true, prefix: "evidence/", condition: { type: "Indefinite" } },
        { id: "holdfast-keys", enabled: true, prefix: "keys/", condition: { type: "Indefinite" } },
      ],
    });
    const keeps = [keep.parse({ daily: 9 })];
    expect(fileOf(setupOf(r2, { keeps }), "lock.json")).toMatchObject({ rules: [{ condition: { maxAgeSeconds: 9 * 86_400 } }, {}, {}] });
  });
  test("has no rule of its own that deletes an object", () => {
    expect(fileOf(setupOf(r2), "lifecycle.json")).toEqual({
      rules: [
        {
          ...{ id: "holdfast-uploads", enabled: true, conditions: {} },
          abortMultipartUploadsTransition: { condition: { type: "Age", maxAge: 2 * 86_400 } },
        },
      ],
    });
  });
  test("has a token for each use, of which it is said what they cannot keep apart", () => {
    const notes = setupOf(r2).notes.join("\n");
    for (const use of ["copy", "prune", "read"]) expect(notes).toContain(`in the secret acme/r2/${use}`);
    expect(notes).toContain("no right to write without the right to delete");
    expect(notes).not.toContain("mark:");
  });
});

describe("a bucket without tags", () => {
  const roles = { ...forWhom.roles, mark: [], prune: ["acme-prod-prune-far"] };
  test("in another account of AWS", async () => {
    await expect(told(setupOf({ bucket, marks: false }, { roles }))).toMatchFileSnapshot("golden/setup-pruned.txt");
  });
  test("has rules that delete nothing that is a backup", () => {
    const { Rules } = fileOf(setupOf({ bucket, marks: false }, { roles }), "lifecycle.json") as { Rules: { ID: string }[] };
    expect(Rules.map(({ ID }) => ID)).toEqual(["housekeeping"]);
  });
  test("is deleted from by one role, and by nobody else; not even by that one what is locked", () => {
    const policy = policyOf({ bucket, marks: false }, { roles });
    const prune = "arn:aws:iam::123456789012:role/acme-prod-prune-far";
    const of = (sid: string) => policy?.Statement.filter(({ Sid }) => Sid.startsWith(sid));
    expect(of("Prune")?.map(({ Action }) => Action)).toEqual([
      ["s3:ListBucketVersions"],
      ["s3:DeleteObjectVersion", "s3:GetObjectRetention"],
    ]);
    expect(of("Prune")?.[0]?.Condition).toEqual({ ArnEquals: { "aws:PrincipalArn": [prune] } });
    expect(of("Mark")).toEqual([]);
    expect(of("Nobody")).toEqual([
      expect.objectContaining({
        ...{ Sid: "NobodyElseDeletes", Effect: "Deny", Principal: "*", Action: ["s3:DeleteObject", "s3:DeleteObjectVersion"] },
        Condition: { ArnNotEquals: { "aws:PrincipalArn": [prune] } },
      }),
      expect.objectContaining({ Sid: "NobodyBypasses", Effect: "Deny", Principal: "*", Action: ["s3:BypassGovernanceRetention"] }),
    ]);
  });
  test("of another cloud has no denial, since that could leave nobody out; only its own key is allowed to delete", () => {
    const credentials = { copy: "c", prune: "p", read: "r" };
    const policy = policyOf({ ...elsewhere, credentials, marks: false }, { principals: { copy: "a", prune: "b", read: "c" } });
    expect(policy?.Statement.filter(({ Effect }) => Effect === "Deny")).toEqual([]);
    expect(policy?.Statement.filter(({ Action }) => JSON.stringify(Action).includes("Delete")).map(({ Principal }) => Principal)).toEqual([
      { AWS: "b" },
    ]);
  });
  test("asks for who holds the keys by the uses that it has", () => {
    const { notes } = setupOf({ ...elsewhere, credentials: "one", marks: false });
    expect(notes.join()).toContain("--principal copy=ID --principal prune=ID --principal read=ID");
    expect(notes.join()).toContain("The key for prune needs ListBucketVersions, DeleteObjectVersion, and lies in the secret one");
    expect(notes.join()).toContain("prune: true");
  });
});

describe("the bucket's policy", () => {
  const allowed = (policy: Policy | null, use: string) =>
    (policy?.Statement ?? []).filter(({ Effect, Sid }) => Effect === "Allow" && Sid.startsWith(use)).flatMap(({ Action }) => Action);
  test("lets nobody delete, and whoever copies nothing but create and look, and whoever marks no byte be read", () => {
    for (const [policy, plain] of [
      [policyOf({ bucket }), []],
      [policyOf({ ...elsewhere, locks: true }, { principals }), ["s3:GetObjectTagging", "s3:PutObjectTagging"]],
    ] as const) {
      const denied = policy?.Statement.filter(({ Effect }) => Effect === "Deny");
      expect(denied?.[0]).toMatchObject({ Principal: "*", Action: expect.arrayContaining(["s3:DeleteObject", "s3:DeleteObjectVersion"]) });
      expect(allowed(policy, "Copy").filter((action) => /Delete|Tagging$|Retention/.test(action) && action.startsWith("s3:Put"))).toEqual(
        [],
      );
      expect(allowed(policy, "Copy")).toContain("s3:PutObject");
      const tags = ["s3:GetObjectRetention", "s3:GetObjectVersionTagging", "s3:PutObjectRetention", "s3:PutObjectVersionTagging"];
      expect(allowed(policy, "Mark")).toEqual(["s3:ListBucketVersions", ...[...plain, ...tags].sort()]);
      expect(allowed(policy, "Read").filter((action) => action.startsWith("s3:Put"))).toEqual([]);
      for (const use of ["Copy", "Mark", "Read"]) expect(allowed(policy, use).filter((action) => /Delete|\*/.test(action))).toEqual([]);
    }
  });
  test("allows each role what its own policy allows it, so that both doors are open", () => {
    const config = s3.config.parse({ bucket });
    expect(allowed(policyOf({ bucket }), "Mark")).toEqual(
      s3.needs(["list", "mark"], config, "mark").allow.flatMap(({ actions }) => actions),
    );
  });
  test("names roles by a condition, so that one that is made again is let in again", () => {
    const [first] = policyOf({ bucket })?.Statement ?? [];
    expect(first).toMatchObject({
      Principal: { AWS: "arn:aws:iam::123456789012:root" },
      Condition: { ArnEquals: { "aws:PrincipalArn": ["arn:aws:iam::123456789012:role/acme-prod-copy-far"] } },
    });
  });
  test("names who holds a key as each cloud does", () => {
    const first = (endpoint: string) => policyOf({ ...elsewhere, endpoint }, { principals });
    expect(first("https://storage.yandexcloud.net")?.Statement[0]?.Principal).toEqual({ CanonicalUser: ["id-copy"] });
    expect(first("https://s3.fr-par.scw.cloud")).toMatchObject({
      Version: "2023-04-17",
      Statement: expect.arrayContaining([expect.objectContaining({ Principal: { SCW: "application_id:id-copy" } })]),
    });
    expect(first("https://storage.example.com")?.Statement[0]?.Principal).toEqual({ AWS: "id-copy" });
  });
  test("has no condition that AWS alone knows elsewhere, and is none where nobody said who holds the keys", () => {
    expect(JSON.stringify(policyOf(elsewhere, { principals }))).not.toContain("Condition");
    const none = setupOf(elsewhere);
    expect([none.files.map(({ name }) => name), commands(none).filter((command) => command.includes("policy"))]).toEqual([
      ["lifecycle.json"],
      [],
    ]);
    expect(none.notes.join()).toContain("--principal copy=ID");
  });
});
