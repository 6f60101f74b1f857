import type { Mailbox } from "../mailbox.ts";
import type { Steps } from "../steps.ts";
import { orAborted, waitFor } from "../wait.ts";
import { seal, type Vaults } from "./open.ts";

export type Operator = (execution: string, steps: Steps) => Promise<void>;

/** SNS delivers within a second. */
const patience = 30;

/** A person who holds the original's unseal keys: reads the notice that the workflow sends, and does at the new Vault what it says. */
export const operator =
  ({ original, fresh }: Vaults, mailbox: Mailbox, signal: AbortSignal): Operator =>
  async (execution, steps) => {
    const notice = await waitFor("the notice that asks to unseal", patience, signal, () => mailbox.find(execution));
    steps.detail(undefined, `the operator is told: "${notice.subject}"`);
    steps.detail(undefined, `  ${notice.message}`);
    const from = steps.elapsed();
    await orAborted(fresh.unseal(original.keys), signal);
    steps.detail(
      steps.elapsed() - from,
      `the demo plays the operator: types ${seal.threshold} of the ${seal.shares} original keys at ${fresh.url}; Holdfast sees none of them`,
    );
  };
