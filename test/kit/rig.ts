import {
  type BackupInput,
  type BackupOutcome,
  type BackupPorts,
  backup,
  type Context,
  catalogue,
  type Entry,
  manifestKey,
  slotId,
  type VerifyOutcome,
  type VerifyPorts,
  verify,
} from "@holdfast/core";
import { type MemoryOptions, type MemoryStore, memoryStore } from "@holdfast/stores/memory/memory.ts";
import { type TestContext, testContext } from "./context.ts";
import { plainSeal, plainUnseal } from "./plainseal.ts";
import { type Rows, type RowsRead, type RowsSource, rows, rowsRead, rowsSource } from "./rows.ts";
import { type Signer, signer } from "./signer.ts";

/** One source called shop, a store in memory, and the verbs of core around them, with clock and keys of their own. */
export type Rig = {
  store: MemoryStore;
  context: TestContext;
  source: RowsSource;
  reader: RowsRead;
  manifestSigner: Signer;
  proofSigner: Signer;
  backup(input?: Partial<BackupInput>, ports?: Partial<BackupPorts<Rows>>, context?: Context): Promise<BackupOutcome>;
  verify(slot?: string, ports?: Partial<VerifyPorts<Rows>>, context?: Context): Promise<VerifyOutcome>;
  /** Backs up and verifies on each of the next days, one slot a day. */
  days(count: number): Promise<void>;
  entries(): Promise<Entry[]>;
  keys(prefix?: string): Promise<string[]>;
};

export const firstSlot = "20261121T020000Z";
let attempts = 0;

export function rig(source: RowsSource = rowsSource(), reader: RowsRead = rowsRead(), options: MemoryOptions = {}): Rig {
  const context = testContext();
  const store = memoryStore({ now: context.now, ...options });
  const [manifests, proofs] = [signer(), signer()];
  const made: Rig = {
    store,
    context,
    source,
    reader,
    manifestSigner: manifests,
    proofSigner: proofs,
    backup: (input, ports, as = context) =>
      backup(
        { source: "shop", at: context.now(), attempt: `attempt${String(attempts++).padStart(8, "0")}`, trigger: "schedule", ...input },
        { kind: rows, capture: source, seal: plainSeal, sign: manifests, list: store.list, create: store.create, ...ports },
        as,
      ),
    verify: async (slot = slotId(context.now()), ports = {}, as = context) => {
      const version = (await store.read.head({ key: manifestKey({ source: "shop", slot }) }))?.version;
      return await verify(
        { source: "shop", slot, version },
        {
          store: store.read,
          list: store.list,
          create: store.create,
          unseal: plainUnseal,
          trusted: { ...manifests.trusted },
          kind: rows,
          read: reader,
          sign: proofs,
          fits: 1_000_000,
          ...ports,
        },
        as,
      );
    },
    async days(count) {
      for (let i = 0; i < count; i++) {
        await made.backup();
        await made.verify();
        context.pass(86_400_000);
      }
    },
    entries: () => catalogue(store.list, "shop"),
    async keys(prefix = "") {
      const found: string[] = [];
      for await (const { key } of store.list.list(prefix)) found.push(key);
      return found;
    },
  };
  return made;
}
