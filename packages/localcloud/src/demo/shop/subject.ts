import type { Outcome } from "@holdfast/cli/src/restoresteps.ts";
import { counted, grouped } from "@holdfast/cli/src/wording.ts";
import { native } from "@holdfast/sources/postgres/native.ts";
import { DemoFailed } from "../errors.ts";
import { shop } from "../plan.ts";
import type { Comparison, Subject } from "../subject.ts";
import { type Counted, rowsOf, takeCensus } from "./census.ts";
import { differences, shopBlock } from "./compare.ts";
import { dropShop, type Server } from "./shop.ts";

/** Rows of a restore are what was counted before the accident and after it. `from`: the store whose copy was restored; else the primary. */
export type ShopCounts = { database: string; tables: number; rowsExpected: number; rowsFound: number; from?: string };
const { source, target, database } = shop;

/** `before`: what the database held when it was made. */
export const shopSubject = (server: Server, before: readonly Counted[]): Subject => ({
  source,
  kind: "postgres",
  holds(manifest) {
    const rows = native.parse(manifest.native).databases.reduce((all, it) => all + it.rows, 0);
    requireSame("rows in the backup's manifest", rows, before);
    return `${grouped(rows)} rows`;
  },
  async lose() {
    await dropShop(server, database);
    return `DROP DATABASE ${database}; ${grouped(rowsOf(before, "table"))} rows are gone`;
  },
  restores: () => [
    {
      name: source,
      input: { source, target, database },
      compared,
      async compare(outcome) {
        requireSame("rows that the restore expected", outcome.expected, before);
        requireSame("rows that the restore found", outcome.found, before);
        return shopComparison(database, outcome, before, await takeCensus(server, database));
      },
    },
  ],
});
export const compared = "every row equals what was there before, by the demo's own queries";

/** Throws {@link DemoFailed} where the two are not the same. */
export function shopComparison(
  database: string,
  { things }: Pick<Outcome, "things">,
  before: readonly Counted[],
  after: readonly Counted[],
): Comparison {
  const different = differences(before, after);
  if (different.length > 0)
    throw new DemoFailed(`the restored database differs: ${different.join("; ")}`, "The restore's evidence and logs say more.");
  const [expected, found] = [rowsOf(before, "table"), rowsOf(after, "table")];
  return {
    block: shopBlock(`database ${database}`, before, after),
    counts: { database, tables: things, rowsExpected: expected, rowsFound: found },
    what: `database ${database}`,
    found: `${grouped(found)} of ${grouped(expected)} rows in ${counted(things, "table")}`,
  };
}

/** What Holdfast says is held against counts that it has no part in. */
export function requireSame(what: string, said: number, before: readonly Counted[]): void {
  const rows = rowsOf(before, "table");
  if (said !== rows)
    throw new DemoFailed(`${what}: ${grouped(said)}, and the database held ${grouped(rows)}`, "The two must agree to the row.");
}
