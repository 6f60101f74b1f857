import { CreateStateMachineCommand, DescribeStateMachineCommand } from "@aws-sdk/client-sfn";
import { z } from "zod";
import { checkDefinition } from "../definition.ts";
import { type Applier, applier } from "./applier.ts";

const machine = applier({
  type: "aws:sfn/stateMachine:StateMachine",
  inputs: z.strictObject({
    name: z.string().optional(),
    type: z.enum(["STANDARD", "EXPRESS"]).optional(),
    roleArn: z.string(),
    definition: z.string(),
  }),
  ignores: {
    loggingConfiguration: "the local Step Functions writes no log of executions; their history can be read",
    tracingConfiguration: "nothing collects X-Ray traces",
    tags: "nothing reads a state machine's tags",
  },
  async make({ inputs, described, site }) {
    const name = String(described.outputs.name);
    checkDefinition(name, inputs.definition);
    const { stateMachineArn } = await site.clients.sfn.send(
      new CreateStateMachineCommand({ name, type: inputs.type, roleArn: inputs.roleArn, definition: inputs.definition }),
    );
    return { id: stateMachineArn ?? null, arn: stateMachineArn ?? null };
  },
  async exists({ described, site }) {
    const found = await site.clients.sfn.send(new DescribeStateMachineCommand({ stateMachineArn: described.id })).catch(() => undefined);
    return found !== undefined;
  },
});

export const states: Applier[] = [machine];
