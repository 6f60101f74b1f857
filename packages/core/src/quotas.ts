import { quotaRoom } from "./margins.ts";
import type { Lists, Source } from "./plan.ts";
import type { Quota } from "./ports/kind.ts";

type Taken = { source: string; places: number };

/**
 * What a plan's sources take of an account's quotas at most, added up: where it is too much, snapshots would fail one day, and not the day that the
 * plan was changed. What others take of them stands nowhere here; a preflight sees it. `raised`: those that the plan says AWS raised.
 */
export function overQuota(sources: readonly Source[], raised: Readonly<Record<string, number>>, { kinds }: Lists): string[] {
  const known: Record<string, Quota> = Object.assign({}, ...Object.values(kinds).map(({ kind }) => kind.quotas ?? {}));
  const unknown = Object.keys(raised).filter((name) => !Object.hasOwn(known, name));
  const taken = takenBy(sources, kinds);
  return [
    ...unknown.map((name) => `quotas.${name}: is none of ${Object.keys(known).sort().join(", ") || "any kind's"}`),
    ...Object.entries(known).flatMap(([name, quota]) => tooMuch(name, quota, raised[name] ?? quota.usual, taken.get(name) ?? [])),
  ];
}

function takenBy(sources: readonly Source[], kinds: Lists["kinds"]): Map<string, Taken[]> {
  const taken = new Map<string, Taken[]>();
  for (const { name: source, kind, config } of sources) {
    const occupied = config === undefined ? undefined : kinds[kind]?.kind.occupies?.(config);
    for (const [quota, places] of Object.entries(occupied ?? {})) taken.set(quota, [...(taken.get(quota) ?? []), { source, places }]);
  }
  return taken;
}

function tooMuch(name: string, { code }: Quota, has: number, taken: readonly Taken[]): string[] {
  const sum = taken.reduce((total, { places }) => total + places, 0);
  if (sum <= has * quotaRoom) return [];
  const largestFirst = taken.toSorted((a, b) => b.places - a.places).map(({ source, places }) => `${source} ${places}`);
  return [
    `quotas.${name}: the plan takes up to ${sum} of ${has} places (${largestFirst.join(", ")}), over ${quotaRoom * 100} %: ` +
      `keep fewer, or have AWS raise the quota ${code} and say so as quotas: { ${name}: ${Math.ceil(sum / quotaRoom)} }`,
  ];
}
