import { DescribeRuleCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { z } from "zod";
import { type Applier, applier, text } from "./applier.ts";

const rule = applier({
  type: "aws:cloudwatch/eventRule:EventRule",
  inputs: z.strictObject({
    name: z.string().optional(),
    description: z.string().optional(),
    eventPattern: z.string().optional(),
    scheduleExpression: z.string().optional(),
    state: z.enum(["ENABLED", "DISABLED"]).optional(),
  }),
  ignores: { tags: "nothing reads a rule's tags" },
  async make({ inputs, described, site }) {
    const { RuleArn } = await site.clients.events.send(
      new PutRuleCommand({
        Name: described.id,
        Description: inputs.description,
        EventPattern: inputs.eventPattern && text(inputs.eventPattern),
        ScheduleExpression: inputs.scheduleExpression,
        State: inputs.state,
      }),
    );
    return { arn: RuleArn ?? null };
  },
  async exists({ described, site }) {
    const found = await site.clients.events.send(new DescribeRuleCommand({ Name: described.id })).catch(() => undefined);
    return found !== undefined;
  },
});

const target = applier({
  type: "aws:cloudwatch/eventTarget:EventTarget",
  inputs: z.strictObject({
    rule: z.string(),
    arn: z.string(),
    targetId: z.string().optional(),
    roleArn: z.string().optional(),
    input: z.string().optional(),
    inputPath: z.string().optional(),
    inputTransformer: z.strictObject({ inputPaths: z.record(z.string(), z.string()).optional(), inputTemplate: z.string() }).optional(),
    retryPolicy: z
      .strictObject({ maximumRetryAttempts: z.number().optional(), maximumEventAgeInSeconds: z.number().optional() })
      .optional(),
    deadLetterConfig: z.strictObject({ arn: z.string() }).optional(),
  }),
  differs: ["`retryPolicy` and `deadLetterConfig` are stored; what a target refuses is logged and gone."],
  async make({ inputs, described, site }) {
    const { inputTransformer: transformer, retryPolicy: retry, deadLetterConfig: dead } = inputs;
    const { FailedEntries = [] } = await site.clients.events.send(
      new PutTargetsCommand({
        Rule: inputs.rule,
        Targets: [
          {
            Id: inputs.targetId ?? described.id,
            Arn: inputs.arn,
            RoleArn: inputs.roleArn,
            Input: inputs.input,
            InputPath: inputs.inputPath,
            InputTransformer: transformer && { InputPathsMap: transformer.inputPaths, InputTemplate: transformer.inputTemplate },
            RetryPolicy: retry && {
              MaximumRetryAttempts: retry.maximumRetryAttempts,
              MaximumEventAgeInSeconds: retry.maximumEventAgeInSeconds,
            },
            DeadLetterConfig: dead && { Arn: dead.arn },
          },
        ],
      }),
    );
    const [failed] = FailedEntries;
    if (failed) throw new Error(`${failed.ErrorCode}: ${failed.ErrorMessage}`);
    return undefined;
  },
});

export const events: Applier[] = [rule, target];
