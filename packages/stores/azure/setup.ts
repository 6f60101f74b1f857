import {
  InputInvalid,
  type Lifecycle,
  lifecycleOf,
  type MarkedUse,
  markedUses,
  ofUse,
  type Setup,
  type SetupOf,
  type SetupStep,
  useRights,
} from "@holdfast/core";
import { azureActions, lockAction } from "./actions.ts";
import { type AzureConfig, audience } from "./config.ts";
import { azureLifecycle } from "./lifecycle.ts";

const file = "lifecycle.json";
const kept = (name: string) => `\${${name}}`;
const step = (why: string, ...command: string[]): SetupStep => ({ why, command });
const tsv = (query: string) => ["--query", query, "--output", "tsv"];

/** Account, container, immutability, roles and who has them, by az. Throws {@link InputInvalid} where the plan does not say the region. */
export function setup(store: AzureConfig, of: SetupOf): Setup {
  const lifecycle = lifecycleOf(of.keeps);
  return {
    files: [{ name: file, text: `${JSON.stringify(azureLifecycle(lifecycle, store), undefined, 2)}\n` }],
    steps: [
      { ...step("The subscription that az is set to", "az", "account", "show", ...tsv("id")), keep: "SUBSCRIPTION" },
      ...placeSteps(store, of, lifecycle),
      ...(store.federation
        ? [...markedUses.map((use) => roleStep(store, use)), issuerStep, ...identitySteps(store, store.federation, of)]
        : []),
      step(
        "Deletes what carries a release mark and is that old. It replaces the account's whole policy",
        ...["az", "storage", "account", "management-policy", "create", ...inAccount(store, of), "--policy", `@${file}`],
      ),
      ...(store.versions ? lockSteps(store, of, lifecycle) : []),
    ],
    notes: notesOf(store, lifecycle),
  };
}

/** The resource group has the name of the plan and its stage. */
const inGroup = ({ project }: SetupOf) => ["--resource-group", project];
const inAccount = ({ account }: AzureConfig, of: SetupOf) => ["--account-name", account, ...inGroup(of)];

/** Regions that are copied to no other: https://learn.microsoft.com/azure/reliability/regions-list */
const unpaired = new Set(["austriaeast", "belgiumcentral", "italynorth", "polandcentral", "spaincentral"]);

function placeSteps(store: AzureConfig, of: SetupOf, { noncurrentDays }: Lifecycle): SetupStep[] {
  const { account, container, archive, federation, versions } = store;
  const region = store.region?.replaceAll(" ", "").toLowerCase();
  if (region === undefined)
    throw new InputInvalid(
      `the plan does not say where the storage account ${account} is to be`,
      'Write it at the store, in Azure\'s words: region: "westeurope".',
    );
  const sku = archive ? (unpaired.has(region) ? "Standard_LRS" : "Standard_GRS") : "Standard_ZRS";
  const named = ["--name", account, ...inGroup(of)];
  const contained = ["--storage-account", account, ...inGroup(of), "--name", container];
  return [
    step("All of it in one place", "az", "group", "create", "--name", of.project, "--location", region),
    {
      why: "An account of its own, closed to the public",
      command: [
        ...["az", "storage", "account", "create", ...named, "--location", region, "--sku", sku, "--kind", "StorageV2"],
        ...[
          "--min-tls-version",
          "TLS1_2",
          "--allow-blob-public-access",
          "false",
          "--allow-shared-key-access",
          federation ? "false" : "true",
        ],
      ],
      unless: ["az", "storage", "account", "show", ...named, ...tsv("name")],
    },
    step(
      `${versions ? "What is written over stays as an earlier version, and what" : "What"} rules delete can be brought back for ${noncurrentDays} days`,
      ...[
        "az",
        "storage",
        "account",
        "blob-service-properties",
        "update",
        ...inAccount(store, of),
        "--enable-versioning",
        String(versions),
      ],
      ...["--enable-delete-retention", "true", "--delete-retention-days", String(noncurrentDays)],
    ),
    {
      why: `The container${versions ? ", whose versions can be locked, which has to be said when it is made" : ""}`,
      command: ["az", "storage", "container-rm", "create", ...contained, ...(versions ? ["--enable-vlw", "true"] : [])],
      unless: ["az", "storage", "container-rm", "show", ...contained, ...tsv("name")],
    },
  ];
}

const roleName = (use: MarkedUse) => `Holdfast ${use}`;
/** Data actions of a role; see {@link onlyLists} for what marks may not do with theirs. */
export const dataActions = ({ locks }: Pick<AzureConfig, "locks">, use: MarkedUse): string[] =>
  [...new Set([...useRights[use].flatMap((right) => azureActions[right]), ...(use === "mark" && locks ? [lockAction] : [])])].sort();

function roleStep(store: AzureConfig, use: MarkedUse): SetupStep {
  const definition = {
    Name: roleName(use),
    Description: told[use],
    AssignableScopes: [`/subscriptions/${kept("SUBSCRIPTION")}`],
    Actions: [],
    DataActions: dataActions(store, use),
  };
  return {
    why: `The role for ${use}: ${told[use]}`,
    command: ["az", "role", "definition", "create", "--role-definition", JSON.stringify(definition)],
    unless: ["az", "role", "definition", "list", "--custom-role-only", "true", "--name", roleName(use), ...tsv("[].id")],
  };
}
const told: Readonly<Record<MarkedUse, string>> = {
  copy: "makes blobs and looks at them",
  mark: "lists blobs and writes their tags",
  read: "lists and reads blobs",
};

const issuerStep: SetupStep = {
  why: "Who signs tokens for the AWS account, once `aws iam enable-outbound-web-identity-federation` was called there",
  command: ["aws", "iam", "get-outbound-web-identity-federation-info", ...["--query", "IssuerIdentifier", "--output", "text"]],
  keep: "ISSUER",
};

/**
 * Listing and reading are one action to Azure, and a condition tells them apart. It is met by listing; anything else would have to be in a container
 * of a name that none can have. https://learn.microsoft.com/azure/storage/blobs/storage-auth-abac-attributes
 */
const onlyLists =
  "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'} AND NOT SubOperationMatches{'Blob.List'})) OR (@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'NOBODY READS'))";

type Federation = NonNullable<AzureConfig["federation"]>;
function identitySteps(store: AzureConfig, { client }: Federation, of: SetupOf): SetupStep[] {
  const identityOf = (use: MarkedUse) => (typeof client === "string" ? "holdfast" : `holdfast-${use}`);
  const variable = (use: MarkedUse) => `PRINCIPAL_${identityOf(use).toUpperCase().replaceAll("-", "_")}`;
  const first = markedUses.filter((use, i) => markedUses.findIndex((other) => identityOf(other) === identityOf(use)) === i);
  const scope = `/subscriptions/${kept("SUBSCRIPTION")}/resourceGroups/${of.project}/providers/Microsoft.Storage/storageAccounts/${store.account}/blobServices/default/containers/${store.container}`;
  const region = store.region?.replaceAll(" ", "").toLowerCase() ?? "";
  return [
    ...first.map((use) => ({
      ...step(
        "An identity without a secret",
        "az",
        "identity",
        "create",
        ...inGroup(of),
        "--name",
        identityOf(use),
        "--location",
        region,
        ...tsv("principalId"),
      ),
      keep: variable(use),
    })),
    ...markedUses.flatMap((use) =>
      of.roles[use].map((role) =>
        step(
          `Trusts the AWS role ${role}, and no other`,
          ...["az", "identity", "federated-credential", "create", ...inGroup(of), "--identity-name", identityOf(use), "--name", role],
          ...["--issuer", kept("ISSUER"), "--subject", `arn:aws:iam::${of.account}:role/${role}`, "--audiences", audience],
        ),
      ),
    ),
    ...markedUses.map((use) =>
      step(
        `${use[0]?.toUpperCase()}${use.slice(1)}, in this container alone`,
        ...["az", "role", "assignment", "create", "--role", roleName(use), "--assignee-object-id", kept(variable(use))],
        ...["--assignee-principal-type", "ServicePrincipal", "--scope", scope],
        ...(use === "mark" ? ["--condition", onlyLists, "--condition-version", "2.0"] : []),
      ),
    ),
    ...first.map((use) =>
      step(
        `Must be the plan's federation.client${typeof client === "string" ? "" : `.${use}`}, ${ofUse(client, use)}`,
        ...["az", "identity", "show", ...inGroup(of), "--name", identityOf(use), ...tsv("clientId")],
      ),
    ),
  ];
}

function lockSteps(store: AzureConfig, of: SetupOf, { lockDays }: Lifecycle): SetupStep[] {
  const policy = (verb: string, ...rest: string[]) => [
    ...["az", "storage", "container", "immutability-policy", verb, ...inAccount(store, of), "--container-name", store.container, ...rest],
  ];
  const locked = policy("show", ...tsv("[state][?@=='Locked']"));
  return [
    { why: `How long each version is locked: ${lockDays} days`, command: policy("create", "--period", String(lockDays)), unless: locked },
    { why: "The policy as it stands", command: policy("show", ...tsv("etag")), keep: "ETAG" },
    {
      why: `From now on nobody, the account's owner included, deletes or changes a version within ${lockDays} days`,
      command: policy("lock", "--if-match", kept("ETAG")),
      unless: locked,
      lasting: true,
    },
  ];
}

function notesOf({ federation, credentials, versions, archive, locks }: AzureConfig, { lockDays }: Lifecycle): string[] {
  return [
    ...(federation
      ? [
          "The AWS command line needs a profile of the plan's account, az one of the subscription.",
          "The ids of the identities are known only once they are made: write zeros at first (00000000-0000-0000-0000-000000000000), then what the steps print.",
          "A new identity, role or credential takes up to ten minutes to count; a step that does not find one yet can be run again.",
          "The role for copy could read: Azure tells the properties of a blob, by which a copy is proven, to nobody else. What it could read is sealed for keys that it has not.",
          ...(typeof federation.client === "string"
            ? ["One identity for all three can do what all three can: give each its own with client: { copy, mark, read }."]
            : []),
        ]
      : []),
    ...(credentials
      ? [
          'Make a signature for each use with `az storage container generate-sas`: rlcw for copy, lt for mark, rl for read; store each as {"sas": "…"} in its secret. An account key can do everything.',
        ]
      : []),
    ...(versions
      ? [`Earlier versions end ${lockDays} days after they were made; Azure counts no day from when they were written over.`]
      : ["Without versions nothing is locked there: who holds the account can delete."]),
    ...(locks
      ? [
          "The role for mark may lengthen locks, which to Azure is the right to lift legal holds too. Without locks: true it need not have it.",
        ]
      : []),
    ...(archive ? [] : ["The account is zone-redundant, which has no archive tier."]),
    "A role definition that stands is left as it is: `az role definition update` changes one.",
  ];
}
