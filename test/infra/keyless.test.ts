import { type Graph, synth } from "@holdfast/localcloud";
import { beforeAll, expect, test } from "vitest";
import { describe as described } from "../../packages/localcloud/src/deploy/describe.ts";
import { planOf, policies } from "../kit/graph.ts";
import { simulate } from "../kit/simulate.ts";

const account = "111122223333";
const pool = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/aws/providers/aws";
const clients = {
  copy: "11111111-1111-1111-1111-111111111111",
  mark: "22222222-2222-2222-2222-222222222222",
  read: "33333333-3333-3333-3333-333333333333",
};
const plan = {
  project: "test",
  region: "eu-central-1",
  offlineKeys: ["age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp"],
  stores: {
    signed: { kind: "gcs", bucket: "acme-copies", location: "europe-west3", federation: { audience: pool } },
    pooled: {
      kind: "gcs",
      bucket: "acme-others",
      location: "europe-west3",
      federation: { audience: pool.replace(/aws$/, "oidc"), provider: "oidc" },
    },
    blobs: {
      kind: "azure",
      account: "acmecopies",
      container: "backups",
      region: "westeurope",
      federation: { tenant: clients.copy, client: clients },
    },
    sea: {
      kind: "s3",
      bucket: "acme-copies",
      endpoint: "https://s3.example",
      region: "x",
      federation: { sts: "https://s3.example", audience: "acme-sea" },
    },
    north: {
      kind: "s3",
      bucket: "acme-copies",
      endpoint: "https://storage.yandexcloud.net",
      federation: { serviceAccount: "aje00000000000000000", audience: "acme-north" },
    },
  },
  sources: {
    shop: {
      kind: "postgres",
      connection: "test/shop",
      schedule: "cron(0 2 * * ? *)",
      copies: ["signed", "pooled", "blobs", "sea", "north"],
    },
  },
  targets: { desk: { kind: "postgres", connection: "test/desk" } },
};
let graph: Graph;
beforeAll(async () => {
  const written = planOf(plan, "");
  const apply = ({ region }: { region: string }) => described({ account, region, partition: "aws" });
  graph = await synth({ stage: "local", plan: written.file, bundles: [], apply }).finally(() => written.remove());
});

const audiences = {
  // The signature of a GetCallerIdentity is what Google's provider for AWS asks, and that needs no right.
  signed: undefined,
  pooled: `https:${pool.replace(/aws$/, "oidc")}`,
  blobs: "api://AzureADTokenExchange",
  sea: "acme-sea",
  north: "acme-north",
} as const;
type Store = keyof typeof audiences;
const stores = Object.keys(audiences) as Store[];
const rolesFor = (store: Store) => [`copy-${store}`, `mark-${store}`, `sample-${store}`];
const ask = (name: string, action: string, resource: string, context = {}) => {
  const policy = policies(graph).get(`test-local-${name}`);
  if (!policy) throw new Error(`no role ${name}`);
  return simulate({ principal: `arn:aws:iam::${account}:role/test-local-${name}`, action, resource, account, context, policy });
};
const token = (name: string, ...audience: string[]) =>
  ask(name, "sts:GetWebIdentityToken", "*", audience.length > 0 ? { "sts:IdentityTokenAudience": audience } : {});

test.each(stores)("each role for %s gets a token for the audience there, and for no other, nor for one more", async (store) => {
  const own = audiences[store];
  for (const role of rolesFor(store)) {
    for (const other of [...Object.values(audiences), "sts.amazonaws.com"]) {
      if (other === undefined) continue;
      expect(await token(role, other), `${role}, ${other}`).toBe(other === own ? "Allowed" : "ImplicitlyDenied");
      if (own !== undefined && other !== own)
        expect(await token(role, own, other), `${role}, ${own} and ${other}`).toBe("ImplicitlyDenied");
    }
    expect(await token(role), `${role}, no audience`).toBe("ImplicitlyDenied");
  }
});

test("who restores gets one for each store that a backup may come from, and for no other", async () => {
  for (const own of Object.values(audiences)) if (own !== undefined) expect(await token("restore-desk", own)).toBe("Allowed");
  expect(await token("restore-desk", "elsewhere")).toBe("ImplicitlyDenied");
  expect(await token("restore-desk", "acme-sea", "elsewhere")).toBe("ImplicitlyDenied");
});

test("nobody else gets any", () => {
  const allowed = [...policies(graph)].filter(([, { Statement }]) =>
    Statement.some(({ Action }) => Action.some((one) => /^sts:|^\*/.test(one))),
  );
  const expected = ["restore-desk", ...stores.filter((store) => audiences[store] !== undefined).flatMap(rolesFor)];
  expect(allowed.map(([name]) => name.replace("test-local-", "")).sort()).toEqual(expected.sort());
});

test("no role for a store reads a secret", async () => {
  for (const role of stores.flatMap(rolesFor)) {
    const { Statement = [] } = policies(graph).get(`test-local-${role}`) ?? {};
    expect(Statement.length, role).toBeGreaterThan(0);
    expect(
      Statement.flatMap(({ Action }) => Action).filter((action) => /^secretsmanager:|^\*/.test(action)),
      role,
    ).toEqual([]);
  }
  const known = { secret: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:test/shop-AbCdEf" };
  expect(await ask("backup-shop", "secretsmanager:GetSecretValue", known.secret)).toBe("Allowed");
});
