import type { Source } from "@holdfast/core";
import { type Deployment, logical } from "./deployment.ts";
import { tellFailure } from "./notice.ts";
import { role } from "./role.ts";
import { workflow } from "./workflow.ts";

/** Sources whose plan says where they are restored to on schedule. */
export const drilled = (d: Deployment): (Source & { drill: NonNullable<Source["drill"]> })[] =>
  Object.values(d.plan.sources).flatMap((source) => (source.drill ? [{ ...source, drill: source.drill }] : []));

/** The workflow of restores with undo always, started by a schedule a source, or by hand with `{"source": "shop"}`. What fails of it is told. */
export function drill(d: Deployment, at: { topic: aws.sns.Topic; functions: Record<string, sst.aws.Function> }): void {
  const sources = drilled(d);
  if (sources.length === 0) return;
  const inputs = Object.fromEntries(sources.map(({ name, drill: { schedule: _when, ...input } }) => [name, { source: name, ...input }]));
  const own = new Set(sources.map((source) => source.drill.target));
  const machine = workflow(d, "drill", {
    topic: at.topic,
    functions: Object.fromEntries(Object.entries(at.functions).filter(([target]) => own.has(target))),
    drill: true,
    input: `{% $merge([$lookup(${JSON.stringify(inputs)}, $string($states.input.source)), $states.input]) %}`,
    unknownTarget: `the plan drills no such source. Write for example {"source": "${sources[0]?.name}"}. Sources with a drill: ${sources.map(({ name }) => name).join(", ")}.`,
  });
  const starter = role(d, "drill-starter", "scheduler.amazonaws.com", [
    { sid: "StartDrill", actions: ["states:StartExecution"], resources: [machine.arn] },
  ]);
  for (const { name, drill } of sources)
    new aws.scheduler.Schedule(logical("drill", name, "schedule"), {
      name: d.name("drill", name),
      scheduleExpression: drill.schedule,
      scheduleExpressionTimezone: "UTC",
      flexibleTimeWindow: { mode: "OFF" },
      target: { arn: machine.arn, roleArn: starter.arn, input: JSON.stringify({ source: name }) },
    });
  tellFailure(d, "drill", machine.arn, at.topic, {
    what: "a drill",
    so: "nothing new proves that its source can be restored",
    next: "`holdfast drill` tries again",
  });
}
