import { Declined, UsageWrong } from "./errors.ts";
import type { World } from "./world.ts";

/** Asks before something begins. Throws {@link Declined}; {@link UsageWrong} where there is nobody to ask. */
export async function confirm(question: string, yes: boolean | undefined, world: Pick<World, "ask" | "signal">): Promise<void> {
  if (yes) return;
  if (!world.ask) throw new UsageWrong("there is nobody at a terminal to ask", "Say --yes to go on without a question.");
  const answer = await world.ask(`${question} [y/N] `, world.signal);
  if (!/^y(es)?$/i.test(answer.trim())) throw new Declined();
}
