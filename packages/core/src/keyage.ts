import type { Lists, Plan } from "./plan.ts";
import type { Context } from "./ports/context.ts";
import type { SecretWritten } from "./ports/source.ts";
import { useRights, usesOf } from "./ports/storekind.ts";

/** A store that is opened by keys which somebody has to replace, and the age in days from which the plan wants them replaced. */
export type StandingKeys = { store: string; secrets: readonly string[]; days: number };
export type KeyAges = { ages: { store: string; seconds: number }[]; failed: { store: string; error: unknown }[] };

/** Those of the plan's stores; one that believes the role that runs has none. */
export function standingKeys({ stores }: Pick<Plan, "stores">, lists: Pick<Lists, "stores">): StandingKeys[] {
  return Object.values(stores).flatMap((store) => {
    const { name, config, keyDays } = store;
    const kind = lists.stores[store.kind]?.kind;
    const secrets = [...new Set(usesOf(store).flatMap((use) => kind?.needs(useRights[use], config, use).secrets ?? []))].sort();
    return secrets.length === 0 ? [] : [{ store: name, secrets, days: keyDays }];
  });
}

/** How old the oldest key of each store is. One that nobody can look at has no age, and does not hide the others. */
export async function keyAges(stores: readonly StandingKeys[], written: SecretWritten, context: Context): Promise<KeyAges> {
  const found: KeyAges = { ages: [], failed: [] };
  for (const { store, secrets } of stores)
    try {
      context.signal.throwIfAborted();
      const dates = await Promise.all(secrets.map((secret) => written(secret)));
      const oldest = Math.min(...dates.map((date) => date.getTime()));
      found.ages.push({ store, seconds: Math.max(0, context.now().getTime() - oldest) / 1000 });
    } catch (error) {
      found.failed.push({ store, error });
    }
  return found;
}
