import { readFileSync } from "node:fs";
import { slotId } from "@holdfast/core";
import type { Graph } from "@holdfast/localcloud";
import { beforeAll, expect, test } from "vitest";
import { rdsUses, serviceUses, tracedUses, type Use } from "../kit/actions.ts";
import { cloud } from "../kit/cloud.ts";
import { policies } from "../kit/graph.ts";
import { type Policy, type PolicyStatement, simulate } from "../kit/simulate.ts";
import { archive } from "../kit/tamper.ts";

const c = cloud();
const graph: Graph = JSON.parse(readFileSync(c.local.graph, "utf8"));

const losses = (source: string) => `arn:aws:s3:::${c.local.bucket}/evidence/lost/${source}/x`;

const ofOthers = (verb: string, stores: string[], actions: string[]): Use[] =>
  stores.flatMap((store) => actions.map((action) => ({ role: `test-local-${verb}-${store}`, action })));

/** What is shown where a whole cloud cannot: with the file that would fail without it. */
const elsewhere: Use[] = [
  ...["backup-box", "backup-letter", "backup-note", "backup-orders-dump", "backup-shop", "backup-tick", "backup-vault"].map((name) => ({
    role: `test-local-${name}`,
    action: "s3:AbortMultipartUpload",
  })), // packages/stores/s3/s3.services.test.ts
  { role: "test-local-backup-orders", action: "rds:DeleteDBClusterSnapshot" }, // packages/sources/aurora/clusters.services.test.ts
  { role: "test-local-backup-till", action: "s3:PutObject", resource: losses("till") }, // test/e2e/rds.test.ts, of orders
  { role: "test-local-watch", action: "sqs:SendMessage" }, // test/e2e/watch.test.ts
  { role: "test-local-watch", action: "lambda:InvokeFunction" },
  ...ofOthers("copy", ["sea", "google"], ["states:StartExecution", "states:DescribeExecution"]), // test/e2e/copies.test.ts, to azure
  ...ofOthers("copy", ["azure", "google"], ["sqs:ChangeMessageVisibility"]), // test/e2e/copies.test.ts, to sea
  ...ofOthers("sample", ["azure"], ["s3:PutObject", "kms:Sign"]), // test/e2e/copies.test.ts, of sea
  ...ofOthers("sample", ["sea", "azure"], ["sqs:SendMessage"]), // test/e2e/copies.test.ts, of google
  { role: "test-local-restore-safe", action: "secretsmanager:GetSecretValue" }, // test/e2e/copies.test.ts, of desk, from azure
];
let uses: Use[];
const ours = new Set(policies(graph).keys());
const asked = (): Use[] => [...tracedUses(c.local.trace), ...rdsUses(c.local.databases.rds)].filter(({ role }) => ours.has(role));

/** Drives each function through all that its role is for, so that its trace shows what it asks; vault.test.ts and rds.test.ts, which come before, drive theirs. */
beforeAll(async () => {
  const days = ["2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z", "2026-06-03T00:00:00Z"];
  await driven("note", days[0] ?? "", { target: "desk" });
  await driven("note", days[1] ?? "", { target: "safe" });
  await driven("shop", days[2] ?? "", { target: "staging", database: "roles_check" });
  await driven("tick", days[0] ?? "", { target: "desk" });
  for (const name of ["retain", "watch"]) expect(await c.invoke(name, { scheduled: "now" })).not.toHaveProperty("error");
  uses = [...asked(), ...serviceUses(graph), ...elsewhere];
});

async function driven(source: string, day: string, to: { target: string; database?: string }): Promise<void> {
  const at = slotId(new Date(day));
  await c.backup(source, new Date(day));
  await c.verdict(source, at);
  await archive(c, source, at);
  const execution = await c.start({ source, at, ...to });
  if (to.target === "safe") await c.approve(execution);
  const ended = await c.ended(execution);
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
}

/** A key answers only to whom its own policy lets in, too: ours leaves it to IAM. */
const keyPolicy = {
  Version: "2012-10-17",
  Statement: [
    { Sid: "LetIamDecide", Effect: "Allow", Principal: { AWS: `arn:aws:iam::${c.local.account}:root` }, Action: "kms:*", Resource: "*" },
  ],
};

/** A request as it was seen, or, where a trace holds no resource, one that the statement is about. */
const requestOf = (use: Use, statement: PolicyStatement) => ({
  resource:
    use.resource ??
    (statement.Resource[0] ?? "")
      .replaceAll("??????", "abcdef")
      .replace(/(:log-group:[^*]*):\*$/, "$1:log-stream:x")
      .replaceAll(/(?<=.)\*/g, "x"),
  context: Object.fromEntries(
    Object.entries(statement.Condition ?? {}).flatMap(([operator, tests]) =>
      Object.entries(tests)
        // What must be missing is not there.
        .filter(([, value]) => operator !== "Null" || value !== "true")
        .map(([key, value]) => [key, String(Array.isArray(value) ? value[0] : value).replaceAll("*", "x")]),
    ),
  ),
});

const without = (policy: Policy, sid: string, action: string): Policy => ({
  ...policy,
  Statement: policy.Statement.map((s) => (s.Sid === sid ? { ...s, Action: s.Action.filter((a) => a !== action) } : s)).filter(
    (s) => s.Action.length > 0,
  ),
});

const statements = [...policies(graph)].flatMap(([role, policy]) =>
  policy.Statement.flatMap((statement) => statement.Action.map((action) => ({ role, sid: statement.Sid, action, statement, policy }))),
);

test.each(statements)(
  "$role needs $action of $sid, and taking it away breaks what it was seen to do",
  async ({ role, action, statement, policy, sid }) => {
    const seen = uses.filter((use) => use.role === role && use.action === action);
    expect(seen.length, `${role} was never seen to use ${action}: take it out of infra/`).toBeGreaterThan(0);
    const principal = `arn:aws:iam::${c.local.account}:role/${role}`;
    const answers = await Promise.all(
      seen.map(async (use) => {
        const ask = {
          principal,
          action,
          account: c.local.account,
          ...requestOf(use, statement),
          ...(action.startsWith("kms:") ? { resourcePolicy: keyPolicy } : {}),
        };
        return [await simulate({ ...ask, policy }), await simulate({ ...ask, policy: without(policy, sid, action) })];
      }),
    );
    expect(
      answers.some(([whole, less]) => whole === "Allowed" && less === "ImplicitlyDenied"),
      JSON.stringify(answers.slice(0, 3)),
    ).toBe(true);
  },
);

test("functions were seen to ask for nothing that their role does not hold", () => {
  const held = new Set(statements.map(({ role, action }) => `${role} ${action}`));
  const refused = asked().filter(({ role, action }) => !held.has(`${role} ${action}`));
  expect([...new Set(refused.map(({ role, action }) => `${role} ${action}`))]).toEqual([]);
});
