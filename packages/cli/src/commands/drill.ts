import { randomBytes } from "node:crypto";
import { Command } from "commander";
import { type Common, type ExitCode, type Finish, type Ports, placed, portsOf } from "../command.ts";
import { UsageWrong } from "../errors.ts";
import { followed, tellEnd } from "../followed.ts";
import { sourceOf } from "../plan.ts";
import type { World } from "../world.ts";

export type DrillOptions = { source: string; at?: string; json?: boolean };

export const drillCommand = (world: World, finish: Finish): Command =>
  placed(
    new Command("drill")
      .summary("prove that a backup can be restored, and leave nothing behind")
      .description(
        "Starts the drill that the plan has for a source, as its schedule does, and follows it: a restore that is compared, recorded as evidence and removed again.",
      )
      .argument("<source>", "whose backup")
      .option("--at <when>", "latest (verified), a slot, or a time: the newest verified one until then", "latest"),
  )
    .addHelpText("after", "\nExit code: 0 restored and equal, 1 anything else.\n\nExample:\n  holdfast drill shop --stage prod\n")
    .action(async (source: string, options: Common & DrillOptions) =>
      finish(await drill({ ...options, source }, await portsOf(options, world))),
    );

export async function drill({ source: name, at = "latest", json }: DrillOptions, ports: Ports): Promise<ExitCode> {
  const { place, out, world } = ports;
  const planned = sourceOf(place.plan, name).drill;
  if (!planned)
    throw new UsageWrong(
      `the plan has no drill for ${name}`,
      `Give it one: drill: { target: "…" }, a target of the same kind that is not protected.${drilledOf(place)}`,
    );
  out.note(`  drill    ${name} at ${at}, to ${planned.target}; what it makes there is removed again`);
  const machine = place.name("drill");
  const arn = `arn:aws:states:${place.plan.region}:${await place.cloud.account()}:stateMachine:${machine}`;
  const execution = await place.cloud.machines.start(arn, `${name}-${randomBytes(6).toString("hex")}`, { source: name, at }, world.signal);
  tellEnd("drilled", await followed(execution, { machine, what: "drill" }, ports), { json }, ports);
  return 0;
}

function drilledOf({ plan }: Ports["place"]): string {
  const names = Object.values(plan.sources).flatMap(({ name, drill }) => (drill ? [name] : []));
  return names.length > 0 ? ` Sources that have one: ${names.join(", ")}.` : "";
}
