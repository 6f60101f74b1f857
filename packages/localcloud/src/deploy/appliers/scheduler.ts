import { CreateScheduleCommand, CreateScheduleGroupCommand } from "@aws-sdk/client-scheduler";
import { z } from "zod";
import { type Applier, applier } from "./applier.ts";

const schedule = applier({
  type: "aws:scheduler/schedule:Schedule",
  inputs: z.strictObject({
    name: z.string().optional(),
    groupName: z.string().optional(),
    description: z.string().optional(),
    scheduleExpression: z.string(),
    scheduleExpressionTimezone: z.literal("UTC").optional(),
    state: z.enum(["ENABLED", "DISABLED"]).optional(),
    flexibleTimeWindow: z.strictObject({ mode: z.literal("OFF") }),
    target: z.strictObject({
      arn: z.string(),
      roleArn: z.string(),
      input: z.string().optional(),
      retryPolicy: z
        .strictObject({ maximumRetryAttempts: z.number().optional(), maximumEventAgeInSeconds: z.number().optional() })
        .optional(),
      deadLetterConfig: z.strictObject({ arn: z.string() }).optional(),
    }),
  }),
  differs: [
    "`target.retryPolicy` and `target.deadLetterConfig` are stored; what a target refuses is logged and gone. A function's own retries hold.",
  ],
  async make({ inputs, described, site }) {
    const { target } = inputs;
    const { ScheduleArn } = await site.clients.scheduler.send(
      new CreateScheduleCommand({
        Name: described.id,
        GroupName: inputs.groupName,
        Description: inputs.description,
        ScheduleExpression: inputs.scheduleExpression,
        ScheduleExpressionTimezone: inputs.scheduleExpressionTimezone,
        State: inputs.state,
        FlexibleTimeWindow: { Mode: inputs.flexibleTimeWindow.mode },
        Target: {
          Arn: target.arn,
          RoleArn: target.roleArn,
          Input: target.input,
          RetryPolicy: target.retryPolicy && {
            MaximumRetryAttempts: target.retryPolicy.maximumRetryAttempts,
            MaximumEventAgeInSeconds: target.retryPolicy.maximumEventAgeInSeconds,
          },
          DeadLetterConfig: target.deadLetterConfig && { Arn: target.deadLetterConfig.arn },
        },
      }),
    );
    return { arn: ScheduleArn ?? null };
  },
});

const group = applier({
  type: "aws:scheduler/scheduleGroup:ScheduleGroup",
  inputs: z.strictObject({ name: z.string().optional() }),
  ignores: { tags: "nothing reads a group's tags" },
  async make({ described, site }) {
    const { ScheduleGroupArn } = await site.clients.scheduler.send(new CreateScheduleGroupCommand({ Name: described.id }));
    return { arn: ScheduleGroupArn ?? null };
  },
});

export const scheduler: Applier[] = [schedule, group];
