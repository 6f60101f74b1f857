import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { BackupId } from "@holdfast/core";
import type { Restored } from "../restored.ts";
import type { Folder } from "../folder.ts";
import { type Elsewhere, elsewhere, shop } from "../plan.ts";
import { type Counted, takeCensus } from "../shop/census.ts";
import type { ShopServer } from "../shop/open.ts";
import type { Server } from "../shop/shop.ts";
import { compared, requireSame, shopComparison } from "../shop/subject.ts";
import type { Steps } from "../steps.ts";
import type { Comparison } from "../subject.ts";
import { orAborted } from "../wait.ts";
import type { Copies } from "./open.ts";
import { restoreWithoutAws } from "./withoutaws.ts";

/** The copy that is brought back. */
export const last = { store: "azure", database: "shop_of_the_copy" } as const satisfies { store: Elsewhere; database: string };
type On = { server: Server & Pick<ShopServer, "secrets">; before: { shop: readonly Counted[] } };
type With = { folder: Folder; steps: Steps; signal: AbortSignal; stopping: (() => Promise<unknown>)[] };

/** The worst day: the account is gone. Restores the shop from a copy, into its server, and compares every row. Throws `DemoFailed`. */
export async function restoreLast(
  { slot }: Pick<BackupId, "slot">,
  on: On,
  { folder, steps: all, signal, stopping }: With,
): Promise<{ restored: Restored; comparison: Comparison }> {
  const steps = all.of(`${shop.source}@${last.store}`);
  const restored = await steps.run(
    "restore without AWS",
    async (say) => {
      const restoring = restoreWithoutAws({ slot, ...last, ...brought(folder) }, { folder, say, signal });
      stopping.push(() => restoring.catch(() => {}));
      return await orAborted(restoring, signal);
    },
    () =>
      `restored from the copy in ${last.store}, by the offline key, with AWS switched off: by a process of its own, without credentials of AWS, to which no address of AWS answers`,
  );
  const comparison = await steps.run(
    "comparing",
    () => orAborted(compareLast(restored, on), signal),
    () => compared,
  );
  return { restored, comparison };
}

/** What somebody has in a safe: logins of the copy and of the target. */
export function writeLogins({ server, copies }: Pick<On, "server"> & { copies: Pick<Copies, "secrets"> }, folder: Folder): void {
  writeFileSync(folder.copyLogin, JSON.stringify(copies.secrets[elsewhere[last.store].secrets.read]), { mode: 0o600 });
  writeFileSync(folder.shopLogin, JSON.stringify(server.secrets[shop.secrets.restore]), { mode: 0o600 });
}

function brought(folder: Folder) {
  return {
    source: shop.source,
    target: shop.target,
    login: folder.copyLogin,
    secrets: { [shop.secrets.restore]: folder.shopLogin },
    keys: readdirSync(folder.keys).map((file) => path.join(folder.keys, file)),
  };
}

async function compareLast({ outcome }: Restored, { server, before }: On): Promise<Comparison> {
  requireSame("rows that the restore from the copy found", outcome.found, before.shop);
  const comparison = shopComparison(last.database, outcome, before.shop, await takeCensus(server, last.database));
  const title = `database ${last.database}, from the copy in ${last.store}`;
  return {
    ...comparison,
    block: { ...comparison.block, title },
    counts: { ...comparison.counts, from: last.store },
    what: title,
  };
}
