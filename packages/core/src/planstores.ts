import type { Kinds, PlannedStore, Source } from "./plan.ts";
import { type StoreKind, usesOf } from "./ports/storekind.ts";

/** What is wrong with how a store of the plan lets go of what is copied there: by marks and its own rules, or by a function that deletes. */
export function releaseProblems(store: PlannedStore, kind: StoreKind, sources: readonly Source[], kinds: Kinds): string[] {
  const at = `stores.${store.name}`;
  const marks = kind.expires(store.config);
  const copied = sources.filter(({ copies }) => copies.includes(store.name)).map(({ name }) => name);
  if (!store.prune)
    return copied.length === 0 || marks
      ? misnamed(store, kind)
      : [
          `${at}: it carries no marks by which its lifecycle rules could delete, so copies of ${copied.join(", ")} would stay for ever; take it out of copies, name a store that has tags, or write prune: true, and a function with an identity of its own deletes there what the tiers no longer want`,
        ];
  if (marks) return [`${at}.prune: its own lifecycle rules delete what is marked there, and nobody else may; take prune out`];
  return [...misnamed(store, kind), ...clashing(store, sources, kinds)];
}

/** An identity for a use that the store does not have, and so none for one that it has. */
function misnamed({ name, prune, config }: PlannedStore, kind: StoreKind): string[] {
  const { at, of } = kind.identities?.(config) ?? {};
  const uses = usesOf({ prune });
  if (typeof of !== "object" || uses.every((use) => use in of)) return [];
  const because = prune ? "prune: true, so that nothing is marked there" : "no prune: true, so that nothing is pruned there";
  return [`stores.${name}.${at}: the store has ${because}; name one for each of ${uses.join(", ")}`];
}

/** Sources whose backups stand at their own service have a function of that name too. */
const clashing = ({ name }: PlannedStore, sources: readonly Source[], kinds: Kinds): string[] =>
  sources
    .filter((source) => source.name === name && kinds[source.kind]?.kind.keeps?.(source.config) !== undefined)
    .map(() => `stores.${name}: the source ${name} is pruned too, and both functions would be called prune-${name}; give one another name`);
