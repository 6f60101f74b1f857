import { Declined, UsageWrong } from "./errors.ts";
import type { World } from "./world.ts";

/** Asks before something begins. Throws {@link Declined}; {@link UsageWrong} where there is nobody to ask. */
export async function confirm(question: string, yes: boolean | undefined, world: Pick<World, "ask" | "signal">): Promise<void> {
  if (yes) return;
  if (!world.ask) throw new UsageWrong("there is nobody at a terminal to ask", "Say --yes to go on without a question.");
  const answer = await world.ask(`${question} [y/N] `, world.signal);
  if (!/^y(es)?$/i.test(answer.trim())) throw new Declined();
}

/**
 * Asks before something is done at what people protect: nobody else approves here, so its name is typed after what will happen was shown. A
 * `--yes` does only where there is nobody to type. Throws {@link Declined}, {@link UsageWrong}.
 */
export async function confirmGuarded(name: string, yes: boolean | undefined, world: Pick<World, "ask" | "signal">): Promise<void> {
  if (!world.ask) {
    if (yes) return;
    throw new UsageWrong(
      `${name} is protected, and there is nobody at a terminal to ask`,
      "Read above what would be done. Then say --yes.",
    );
  }
  const answer = await world.ask(`${name} is protected. Type its name to go on: `, world.signal);
  if (answer.trim() !== name) throw new Declined();
}
