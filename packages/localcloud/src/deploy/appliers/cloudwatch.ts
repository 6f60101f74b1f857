import { CreateLogGroupCommand, PutRetentionPolicyCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeAlarmsCommand, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { z } from "zod";
import { type Applier, applier } from "./applier.ts";

const logGroup = applier({
  type: "aws:cloudwatch/logGroup:LogGroup",
  inputs: z.strictObject({ name: z.string().optional(), retentionInDays: z.number().optional() }),
  ignores: { tags: "nothing reads a log group's tags" },
  differs: ["Nothing expires; the retention is stored."],
  async make({ inputs, described, site }) {
    await site.clients.logs.send(new CreateLogGroupCommand({ logGroupName: described.id }));
    if (inputs.retentionInDays)
      await site.clients.logs.send(new PutRetentionPolicyCommand({ logGroupName: described.id, retentionInDays: inputs.retentionInDays }));
    return undefined;
  },
});

const alarm = applier({
  type: "aws:cloudwatch/metricAlarm:MetricAlarm",
  inputs: z.strictObject({
    name: z.string().optional(),
    alarmDescription: z.string().optional(),
    namespace: z.string(),
    metricName: z.string(),
    dimensions: z.record(z.string(), z.string()).optional(),
    statistic: z.enum(["SampleCount", "Average", "Sum", "Minimum", "Maximum"]),
    period: z.number(),
    evaluationPeriods: z.number(),
    datapointsToAlarm: z.number().optional(),
    threshold: z.number(),
    comparisonOperator: z.enum([
      "GreaterThanThreshold",
      "GreaterThanOrEqualToThreshold",
      "LessThanThreshold",
      "LessThanOrEqualToThreshold",
    ]),
    treatMissingData: z.enum(["breaching", "notBreaching", "ignore", "missing"]).optional(),
    actionsEnabled: z.boolean().optional(),
    alarmActions: z.array(z.string()).optional(),
    okActions: z.array(z.string()).optional(),
    insufficientDataActions: z.array(z.string()).optional(),
    unit: z.literal("Seconds").optional(),
  }),
  ignores: { tags: "nothing reads an alarm's tags" },
  async make({ inputs, described, site }) {
    await site.clients.cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName: described.id,
        AlarmDescription: inputs.alarmDescription,
        Namespace: inputs.namespace,
        MetricName: inputs.metricName,
        Dimensions: Object.entries(inputs.dimensions ?? {}).map(([Name, Value]) => ({ Name, Value })),
        Statistic: inputs.statistic,
        Period: inputs.period,
        EvaluationPeriods: inputs.evaluationPeriods,
        DatapointsToAlarm: inputs.datapointsToAlarm,
        Threshold: inputs.threshold,
        ComparisonOperator: inputs.comparisonOperator,
        TreatMissingData: inputs.treatMissingData,
        ActionsEnabled: inputs.actionsEnabled,
        AlarmActions: inputs.alarmActions,
        OKActions: inputs.okActions,
        InsufficientDataActions: inputs.insufficientDataActions,
        Unit: inputs.unit,
      }),
    );
    return undefined;
  },
  async exists({ described, site }) {
    const { MetricAlarms = [] } = await site.clients.cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [described.id] }));
    return MetricAlarms.length > 0;
  },
});

export const cloudwatch: Applier[] = [logGroup, alarm];
