import { lifecycleOf, ofUse, type Setup, type SetupOf, type SetupStep, type StoreUse } from "@holdfast/core";
import { type S3Config, usesIn } from "./config.ts";
import { placeOf } from "./place.ts";

const files = { lock: "lock.json", lifecycle: "lifecycle.json" };
const day = 86_400;

/**
 * Bucket, lock and lifecycle of Cloudflare's R2 by its own program: of the S3 protocol it has no versions, no tags, no Object Lock and no policy.
 * https://developers.cloudflare.com/r2/reference/wrangler-commands/, and the files as its API takes them:
 * https://developers.cloudflare.com/api/resources/r2/subresources/buckets/
 */
export function setupR2(store: S3Config, of: SetupOf): Setup {
  const { lockDays, abortUploadDays } = lifecycleOf(of.keeps);
  const { region: jurisdiction } = placeOf(store, "");
  const r2 = (verb: readonly string[], ...rest: string[]) => [
    ...["npx", "--yes", "wrangler", "r2", "bucket", ...verb, store.bucket, ...rest],
    ...(jurisdiction === undefined ? [] : ["--jurisdiction", jurisdiction]),
  ];
  const steps: SetupStep[] = [
    { why: "The bucket", command: r2(["create"]), unless: r2(["info"]) },
    {
      why: `For ${lockDays} days no token deletes a backup or writes over it, and for good none does so with evidence and public keys; whoever administers the account can take these rules away`,
      command: r2(["lock", "set"], "--file", files.lock, "--force"),
    },
    {
      why: "Clears away uploads that were given up, and deletes no backup",
      command: r2(["lifecycle", "set"], "--file", files.lifecycle, "--force"),
    },
  ];
  return {
    files: [
      { name: files.lock, text: json(lockRules(lockDays)) },
      { name: files.lifecycle, text: json(lifecycleRules(abortUploadDays)) },
    ],
    steps,
    notes: notesOf(store, lockDays),
  };
}
const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

const lockRules = (days: number) => ({
  rules: [
    { id: "holdfast-backups", enabled: true, prefix: "backups/", condition: { type: "Age", maxAgeSeconds: days * day } },
    ...["evidence", "keys"].map((of) => ({ id: `holdfast-${of}`, enabled: true, prefix: `${of}/`, condition: { type: "Indefinite" } })),
  ],
});
const lifecycleRules = (days: number) => ({
  rules: [
    {
      id: "holdfast-uploads",
      enabled: true,
      conditions: {},
      abortMultipartUploadsTransition: { condition: { type: "Age", maxAge: days * day } },
    },
  ],
});

/** https://developers.cloudflare.com/r2/api/tokens/#permissions */
const permissions: Readonly<Partial<Record<StoreUse, string>>> = {
  copy: "Object Read & Write",
  prune: "Object Read & Write",
  read: "Object Read only",
};

function notesOf(store: S3Config, lockDays: number): string[] {
  const account = URL.parse(store.endpoint ?? "")?.hostname.split(".")[0];
  const uses = usesIn(store);
  const { credentials } = store;
  return [
    `Run it logged in with npx wrangler login, or with a token in CLOUDFLARE_API_TOKEN, as somebody who may make buckets there. Where that is one of several accounts: export CLOUDFLARE_ACCOUNT_ID=${account}.`,
    "The rules of the bucket are replaced by these: it is for copies alone.",
    ...uses.map(
      (use) =>
        `For ${use}: an R2 API token with ${permissions[use]}, for this bucket alone${credentials ? `, in the secret ${ofUse(credentials, use)}` : ""}.`,
    ),
    ...(typeof credentials === "string"
      ? [`One token for all three can do what all three can: give each its own with credentials: { ${uses.join(", ")} }.`]
      : []),
    `R2 knows no right to write without the right to delete: the token for copy could delete what its lock no longer holds. Two tokens are two that can be taken back and told apart, and the lock is what keeps both from the last ${lockDays} days.`,
    "Write prune: true in the plan: objects carry no marks there, so a function deletes what the tiers no longer want, and the token for prune is its own.",
    "Long tiers are locked no longer than short ones: a lock rule goes by where an object lies, not by what it is.",
    secretNote,
  ];
}

export const secretNote = `A secret is stored in the plan's account, without passing a shell's history: aws secretsmanager create-secret --name NAME --secret-string file://key.json, where the file holds {"accessKeyId": "…", "secretAccessKey": "…"}.`;
