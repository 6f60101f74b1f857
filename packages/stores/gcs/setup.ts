import {
  InputInvalid,
  type Lifecycle,
  lifecycleOf,
  type MarkedUse,
  markedUses,
  type Setup,
  type SetupOf,
  type SetupStep,
} from "@holdfast/core";
import type { GcsConfig } from "./config.ts";
import { gcsLifecycle } from "./lifecycle.ts";
import { permissionsOf } from "./permissions.ts";

const file = "lifecycle.json";
const project = `\${PROJECT}`;
const issuer = `\${ISSUER}`;
const step = (why: string, ...command: string[]): SetupStep => ({ why, command });

/** Bucket, retention, three roles and who has them, by gcloud. Throws {@link InputInvalid} where the plan does not say the location. */
export function setup(store: GcsConfig, of: SetupOf): Setup {
  const lifecycle = lifecycleOf(of.keeps);
  const { federation } = store;
  return {
    files: [{ name: file, text: `${JSON.stringify(gcsLifecycle(lifecycle), undefined, 2)}\n` }],
    steps: [
      ...bucketSteps(store, lifecycle),
      ...markedUses.flatMap(roleSteps),
      ...(federation?.serviceAccount || store.credentials ? accountSteps(store) : []),
      ...(federation ? federationSteps(federation, of) : []),
      ...bindingSteps(store, of),
      lockStep(store, lifecycle),
    ],
    notes: notesOf(store, lifecycle),
  };
}

function bucketSteps({ bucket, location, locks = true, federation }: GcsConfig, { lockDays, noncurrentDays }: Lifecycle): SetupStep[] {
  if (location === undefined)
    throw new InputInvalid(
      `the plan does not say where the bucket ${bucket} is to be`,
      'Write it at the store, in Google\'s words: location: "europe-west3". Left out, Google takes the United States.',
    );
  const number = federation && poolOf(federation.audience).number;
  const asked = number ? ["projects", "describe", number, "--format", "value(projectId)"] : ["config", "get-value", "project"];
  const kept = ["--soft-delete-duration", `${noncurrentDays}d`];
  return [
    {
      ...step(number ? "The project that the plan's provider is in" : "The project that gcloud is set to", "gcloud", ...asked),
      keep: "PROJECT",
    },
    {
      why: `The bucket. Nothing is deleted or written over within ${lockDays} days; what is deleted then can be brought back for ${noncurrentDays}`,
      command: [
        ...["gcloud", "storage", "buckets", "create", `gs://${bucket}`, "--project", project, "--location", location],
        ...["--uniform-bucket-level-access", "--public-access-prevention", "--retention-period", `${lockDays}d`, ...kept],
        ...(locks ? ["--enable-per-object-retention"] : []),
      ],
      unless: ["gcloud", "storage", "buckets", "describe", `gs://${bucket}`, "--format", "value(name)"],
    },
    step(
      "Deletes what carries an expiry date that is past, and nothing else",
      ...["gcloud", "storage", "buckets", "update", `gs://${bucket}`, "--lifecycle-file", file, ...kept],
    ),
  ];
}

const roleName = (use: MarkedUse) => `holdfast${use[0]?.toUpperCase()}${use.slice(1)}`;
function roleSteps(use: MarkedUse): SetupStep[] {
  const at = [roleName(use), "--project", project];
  const permissions = ["--permissions", permissionsOf[use].join(",")];
  return [
    {
      why: `The role for ${use}: ${told[use]}`,
      command: ["gcloud", "iam", "roles", "create", ...at, ...permissions, "--title", `Holdfast ${use}`, "--stage", "GA"],
      unless: ["gcloud", "iam", "roles", "describe", ...at, "--format", "value(name)"],
    },
    step("The same, where an older one stood", "gcloud", "iam", "roles", "update", ...at, ...permissions, "--quiet"),
  ];
}
const told: Readonly<Record<MarkedUse, string>> = {
  copy: "it makes objects, sees what stands by listing, and reads no byte",
  mark: "it changes metadata and lengthens locks, and reads no byte",
  read: "it reads, and changes nothing",
};

/** Each of the plan's accounts once, by its name before the @. With keys the accounts are ours to name. */
function accountSteps({ federation, credentials }: GcsConfig): SetupStep[] {
  const emails = federation
    ? [...new Set(markedUses.map((use) => accountOf(federation.serviceAccount, use)))]
    : [...new Set(markedUses.map((use) => keyed(credentials, use)))];
  return emails.map((email) => ({
    why: "A service account of its own",
    command: ["gcloud", "iam", "service-accounts", "create", email.split("@")[0] ?? "", "--project", project],
    unless: ["gcloud", "iam", "service-accounts", "describe", email, "--project", project, "--format", "value(email)"],
  }));
}
type Given = string | Record<MarkedUse, string> | undefined;
const accountOf = (given: Given, use: MarkedUse): string => (typeof given === "object" ? given[use] : (given ?? ""));
const keyed = (credentials: Given, use: MarkedUse): string =>
  `${typeof credentials === "object" ? `holdfast-${use}` : "holdfast-copies"}@${project}.iam.gserviceaccount.com`;

/** `//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/name` */
function poolOf(audience: string): { number: string; pool: string; provider: string; principals: string } {
  const [, number = "", pool = "", provider = ""] =
    /projects\/(\d+)\/.*\/workloadIdentityPools\/([^/]+)\/providers\/([^/]+)$/.exec(audience) ?? [];
  const principals = `principalSet://iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/${pool}/attribute.aws_role`;
  return { number, pool, provider, principals };
}

type Federation = NonNullable<GcsConfig["federation"]>;
/** How a role is called where the provider sees it: by its ARN in a JWT, by its name where AWS itself is asked. */
const roleIn =
  ({ provider }: Federation, account: string) =>
  (role: string) =>
    provider === "oidc" ? `arn:aws:iam::${account}:role/${role}` : role;

function federationSteps(federation: Federation, { account, project: deployment }: SetupOf): SetupStep[] {
  const { pool, provider } = poolOf(federation.audience);
  const at = ["--project", project, "--location", "global"];
  const oidc = federation.provider === "oidc";
  const attributes = [
    ...(oidc ? ["--issuer-uri", issuer] : ["--account-id", account]),
    ...["--attribute-mapping", oidc ? mappings.oidc : mappings.aws],
    ...["--attribute-condition", `attribute.aws_role.startsWith('${roleIn(federation, account)(`${deployment}-`)}')`],
  ];
  const providers = ["gcloud", "iam", "workload-identity-pools", "providers"];
  const name = [provider, ...at, "--workload-identity-pool", pool];
  const kind = oidc ? "oidc" : "aws";
  return [
    ...(oidc ? [issuerStep] : []),
    {
      why: "Where identities of other clouds are known",
      command: ["gcloud", "iam", "workload-identity-pools", "create", pool, ...at],
      unless: ["gcloud", "iam", "workload-identity-pools", "describe", pool, ...at, "--format", "value(name)"],
    },
    {
      why: `Knows the roles of ${deployment} in AWS, and no other; what each may do is said below`,
      command: [...providers, `create-${kind}`, ...name, ...attributes],
      unless: [...providers, "describe", ...name, "--format", "value(name)"],
    },
    step(
      "The same, where another one stood: give each deployment a provider of its own",
      ...providers,
      `update-${kind}`,
      ...name,
      ...attributes,
    ),
  ];
}
const issuerStep: SetupStep = {
  why: "Who signs tokens for the AWS account, once `aws iam enable-outbound-web-identity-federation` was called there",
  command: ["aws", "iam", "get-outbound-web-identity-federation-info", "--query", "IssuerIdentifier", "--output", "text"],
  keep: "ISSUER",
};
/** A subject has 127 bytes at most, which a role's ARN and a function's session fit. */
const mappings = {
  oidc: "google.subject=assertion.sub,attribute.aws_role=assertion.sub",
  aws: "google.subject=assertion.arn.extract('assumed-role/{role_and_session}'),attribute.aws_role=assertion.arn.extract('assumed-role/{role}/')",
};

function bindingSteps({ bucket, federation, credentials }: GcsConfig, { account, roles }: SetupOf): SetupStep[] {
  const onBucket = (use: MarkedUse, member: string): SetupStep =>
    step(
      `${use[0]?.toUpperCase()}${use.slice(1)}, in this bucket alone`,
      ...["gcloud", "storage", "buckets", "add-iam-policy-binding", `gs://${bucket}`],
      ...["--role", `projects/${project}/roles/${roleName(use)}`, "--member", member],
    );
  if (!federation) return credentials ? markedUses.map((use) => onBucket(use, `serviceAccount:${keyed(credentials, use)}`)) : [];
  const { principals } = poolOf(federation.audience);
  return markedUses.flatMap((use) => {
    const members = roles[use].map((role) => `${principals}/${roleIn(federation, account)(role)}`);
    if (!federation.serviceAccount) return members.map((member) => onBucket(use, member));
    const email = accountOf(federation.serviceAccount, use);
    const acting = ["gcloud", "iam", "service-accounts", "add-iam-policy-binding", email, "--project", project];
    return [
      onBucket(use, `serviceAccount:${email}`),
      ...members.map((member) => step("May act as it", ...acting, "--role", "roles/iam.workloadIdentityUser", "--member", member)),
    ];
  });
}

const lockStep = ({ bucket }: GcsConfig, { lockDays }: Lifecycle): SetupStep => ({
  why: `From now on nobody, the project's owner included, deletes an object within ${lockDays} days`,
  command: ["gcloud", "storage", "buckets", "update", `gs://${bucket}`, "--lock-retention-period", "--quiet"],
  unless: [
    "gcloud",
    "storage",
    "buckets",
    "list",
    `gs://${bucket}`,
    "--filter",
    "retention_policy.isLocked=true",
    "--format",
    "value(name)",
  ],
  lasting: true,
});

function notesOf({ federation, credentials, locks }: GcsConfig, { lockDays, archived, releases, archiveAfterDays }: Lifecycle): string[] {
  const cheaper = archived.length > 0 && releases.every((days) => days <= archiveAfterDays || days - archiveAfterDays >= 90);
  const shared = typeof credentials === "string" || typeof federation?.serviceAccount === "string";
  return [
    ...(federation?.provider === "oidc"
      ? ["The AWS command line needs a profile of the plan's account, gcloud one of the project's."]
      : []),
    "Give nobody who copies storage.objects.delete: Google has no precondition for uploads in parts, so lacking it is what makes them create-only. An identity that has it is refused.",
    `The bucket's retention is set when it is made, ${lockDays} days; a locked one can be lengthened, by --retention-period, and never shortened.`,
    "A bucket with a retention policy takes no Object Versioning: what is deleted after its days is soft-deleted, and can be brought back for two weeks.",
    ...(locks === false ? ["Without per-object retention long tiers are locked for the bucket's days alone."] : []),
    ...(cheaper
      ? []
      : [
          "Long tiers stay in the standard class: rules cannot see a tier, and something else would not stay long enough to pay for a cheaper one.",
        ]),
    ...(shared ? ["One service account for all three can do what all three can: give each its own."] : []),
    ...(credentials
      ? [
          "Make each account's key with `gcloud iam service-accounts keys create key.json --iam-account EMAIL`, store it with `aws secretsmanager create-secret --name NAME --secret-string file://key.json`, and remove the file.",
        ]
      : []),
  ];
}
