import type { Outcome } from "@holdfast/cli/src/restoresteps.ts";
import { counted, grouped } from "@holdfast/cli/src/wording.ts";
import { native } from "@holdfast/sources/vault/native.ts";
import { MARKER, takeVaultCensus, type VaultCensus } from "../../services/index.ts";
import { DemoFailed } from "../errors.ts";
import { vault } from "../plan.ts";
import type { Comparison, Subject } from "../subject.ts";
import { differences, vaultBlock } from "./compare.ts";
import type { Vaults } from "./open.ts";
import type { Operator } from "./operator.ts";

/** Entries are what the restore compared, secrets what was written before the accident and what an application reads after it. */
export type VaultCounts = {
  mounts: number;
  entriesExpected: number;
  entriesFound: number;
  secretsExpected: number;
  secretsFound: number;
};
const { source, target } = vault;

/** `written`: the secrets that it held when it was made. */
export const vaultSubject = (vaults: Vaults, written: VaultCensus, operator: Operator): Subject => ({
  source,
  kind: "vault",
  holds(manifest) {
    const { entries } = native.parse(manifest.native);
    requireAll("entries in the backup's manifest", entries.data, written);
    return `${grouped(entries.data)} entries`;
  },
  async lose() {
    await vaults.original.stop();
    return `its process is killed and its disk is gone, with ${grouped(written.size)} secrets`;
  },
  restores: () => [
    {
      name: source,
      input: { source, target, force: true },
      attend: operator,
      compared: "every secret equals what was written before, by an application's login",
      async compare(outcome) {
        requireAll("entries that the restore found", outcome.found, written);
        const after = new Map(await takeVaultCensus(vaults.fresh, vaults.application));
        // What Holdfast reads at each backup is beside the secrets.
        after.delete(MARKER.replace("secret/data/", ""));
        return vaultComparison(outcome, written, after, vaults.fresh.url);
      },
    },
  ],
});

type Proved = Pick<Outcome, "things" | "expected" | "found">;

/** Throws {@link DemoFailed} where the two are not the same. */
export function vaultComparison(proved: Proved, before: VaultCensus, after: VaultCensus, url: string): Comparison {
  const { things, expected, found } = proved;
  const different = differences(before, after);
  if (different.length > 0)
    throw new DemoFailed(
      `of the restored secrets ${different.length} differ: ${different.slice(0, 3).join("; ")}${different.length > 3 ? "; …" : ""}`,
      "The restore's evidence and logs say more.",
    );
  return {
    block: vaultBlock("Vault", before, after),
    counts: { mounts: things, entriesExpected: expected, entriesFound: found, secretsExpected: before.size, secretsFound: after.size },
    what: `Vault at ${new URL(url).host}`,
    found: `${grouped(after.size)} of ${grouped(before.size)} secrets; ${grouped(found)} of ${grouped(expected)} entries in ${counted(things, "mount")}`,
  };
}

/** A secret has at least one entry. */
function requireAll(what: string, said: number, written: VaultCensus): void {
  if (said < written.size)
    throw new DemoFailed(`${what}: ${grouped(said)}, and ${grouped(written.size)} secrets were written`, "Some are missing.");
}
