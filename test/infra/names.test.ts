import { synth } from "@holdfast/localcloud";
import { expect, onTestFinished, test } from "vitest";
import { ofType, planOf } from "../kit/graph.ts";

const longest = "a-source-of-24-charactera";
const [one, other] = [`${longest.slice(0, 23)}1`, `${longest.slice(0, 23)}2`];
const memo = { kind: "memo", secret: "x", schedule: "rate(1 day)", drill: { target: one } };

test("names of the longest project, stage, sources and targets fit AWS, and stay apart", async () => {
  const plan = planOf(
    {
      project: "project-of-16-ch",
      region: "eu-central-1",
      offlineKeys: ["age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp"],
      sources: { [one]: memo, [other]: memo },
      targets: { [one]: { kind: "memo", folder: "/nowhere" }, [other]: { kind: "memo", folder: "/nowhere" } },
    },
    'export { kinds, stores } from "../../../test/plan.ts";',
  );
  onTestFinished(plan.remove);
  const graph = await synth({ stage: "stage-of-1", plan: plan.file, account: "111122223333", bundles: [] });
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, and likewise of functions, rules and schedules
  for (const type of [
    "aws:iam/role:Role",
    "aws:lambda/function:Function",
    "aws:cloudwatch/eventRule:EventRule",
    "aws:scheduler/schedule:Schedule",
  ]) {
    const names = ofType(graph, type).map(({ inputs }) => String(inputs.name));
    expect(names.filter((name) => name.length > 64)).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  }
  const functions = ofType(graph, "aws:lambda/function:Function").map(({ inputs }) => inputs.name);
  for (const verb of ["backup", "restore"]) expect(functions).toContain(`project-of-16-ch-stage-of-1-${verb}-${one}`);
});
