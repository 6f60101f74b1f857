import type { Context, Restore, Surroundings } from "@holdfast/core";
import { advance } from "./advance.ts";
import { openApi } from "./api.ts";
import { finish, type Pace, undo } from "./ending.ts";
import type { Snapshots } from "./family.ts";
import type { LoggingIn, Tokened } from "./login.ts";
import { planRestore } from "./planrestore.ts";
import { prove } from "./prove.ts";
import type { Written } from "./recorded.ts";
import type { Restores } from "./restores.ts";
import { type Facts, survey } from "./survey.ts";

type Common = LoggingIn & { names: string; hours: number; engineVersion?: string | undefined };

/**
 * Restores a snapshot, or a moment of the database's own log, under a new identifier. What it made is found by the execution's tag; nothing else is
 * ever changed or deleted.
 */
export function restoring<Settings extends Tokened, Target extends Common, Native extends Written<Settings>>(
  parts: { snapshots: Snapshots<Settings>; restores: Restores<Settings, Target>; pace: Pace },
  target: Target,
  surroundings: Surroundings,
): Restore<Native, Facts> {
  const open = openApi(surroundings);
  const at = (context: Context) => ({ ...parts, target, surroundings, context, api: open(context) });
  return {
    survey: (backup, want, context) => survey(at(context), backup, want),
    plan: (backup, want, facts) => planRestore({ restores: parts.restores, backup, want, facts, target }),
    advance: (plan, { backup: { native, source } }, _want, made, execution, context) =>
      advance({ ...at(context), native, source, plan, made, execution }),
    prove: (opened, want, made, context) => prove(at(context), opened, want, made),
    finish: (made, execution, context) => finish(at(context), made, execution),
    undo: (execution, context) => undo(at(context), execution),
  };
}
