import {
  artifactKey,
  type CopyPorts,
  type Destination,
  loadManifest,
  type Part,
  type Store,
  type Stored,
  type Sum,
  digestsOf,
  digesting,
  signedCrcs,
} from "@holdfast/core";
import { type MemoryOptions, type MemoryStore, memoryStore } from "@holdfast/stores/memory/memory.ts";
import { asCopier } from "./copyrole.ts";
import { firstSlot, type Rig, rig } from "./rig.ts";
import { rowsRead, rowsSource } from "./rows.ts";

export const shop = { source: "shop", slot: firstSlot };
/** As small as rows are, so that an artifact has many chunks and parts. */
const chunk = 50;
const minPart = 100;

export type CopyRig = Rig & {
  /** The other store, and the same behind what it tells of its objects. */
  far: MemoryStore;
  ports(over?: { from?: Store; to?: Store; fits?: number }): CopyPorts;
  artifacts(): Promise<string[]>;
  farKeys(): Promise<string[]>;
};

/** A source with a verified backup of two artifacts, one of some 2,000 bytes, its signing keys, and a second store beside. */
export async function copyRig(tells: Tells = google, options: MemoryOptions = {}, rows = 200): Promise<CopyRig> {
  const source = rowsSource({ rows: Array.from({ length: rows }, (_, i) => `row ${String(i).padStart(5, "0")}`) });
  const of = rig(source, rowsRead(), { chunk });
  await of.backup();
  await of.verify();
  await putKeys(of);
  const far = memoryStore({
    now: of.context.now,
    chunk,
    ...options,
    limits: { minPart, sum: tells.parts[0] ?? "crc32", ...options.limits },
  });
  const told = telling(far, tells);
  return {
    ...of,
    far,
    ports: ({ from = of.store, to = told, fits = 100_000 } = {}) => ({
      from: asCopier(from, shop.source),
      to: { ...to, name: "far", fits },
      kind: { verified: ["readable"] },
      sign: of.proofSigner,
      trusted: { ...of.manifestSigner.trusted, ...of.proofSigner.trusted },
    }),
    async artifacts() {
      const ports = { store: of.store.read, list: of.store.list, trusted: of.manifestSigner.trusted };
      const { manifest } = await loadManifest(shop, ports, of.context.signal);
      return manifest.artifacts.map(({ name, compressed }) => artifactKey(manifest, name, compressed));
    },
    async farKeys() {
      return (await Array.fromAsync(far.list.list(""))).map(({ key }) => key);
    },
  };
}

async function putKeys(of: Rig): Promise<void> {
  for (const { keyId, pem } of [of.manifestSigner, of.proofSigner]) of.store.inside.overwrite(`keys/${keyId}.pem`, Buffer.from(pem));
}

/**
 * Which digests a store tells of an object and of a part that it takes. `listed`: what its listing of parts says, instead of those: that it checked
 * them, or nothing.
 */
export type Tells = { whole: readonly Sum[]; parts: readonly Sum[]; listed?: "checked" | "nothing" };
export const google: Tells = { whole: ["crc32c"], parts: ["crc32c"], listed: "checked" };
export const amazon: Tells = { whole: ["crc64nvme"], parts: ["crc64nvme"] };
/** What S3-compatible stores are asked for unless the plan says otherwise: nothing that a manifest holds. */
export const compatible: Tells = { whole: ["crc32"], parts: ["crc32"] };
/** Blocks are checked, and nothing is kept. */
export const partsOnly: Tells = { whole: [], parts: ["crc64nvme"] };
export const silent: Tells = { whole: [], parts: [] };

/** The same store, telling other digests than it does by itself. They are of the bytes that it holds. */
export function telling(store: MemoryStore, { whole, parts, listed }: Tells): Store {
  const only = (sums: readonly Sum[], all: Partial<Record<Sum, string>>) =>
    Object.fromEntries(sums.flatMap((sum) => (all[sum] === undefined ? [] : [[sum, all[sum]]])));
  const told = (found: Stored): Stored => {
    const bytes = store.inside.versions(found.key).find(({ version }) => version === found.version)?.bytes ?? new Uint8Array();
    return { ...found, sums: only(whole, digestsOf(bytes).sums) };
  };
  const { read, list, create, ranges, mark, thaw } = store;
  const kept = new Map<string, Part["sums"]>();
  return {
    list,
    mark,
    thaw,
    read: {
      head: async (at) => {
        const found = await read.head(at);
        return found && told(found);
      },
      read: (at, range, signal) => read.read(at, range, signal),
    },
    create: { create: async (...call) => told(await create.create(...call)) },
    ranges: {
      limits: ranges.limits,
      begin: (...call) => ranges.begin(...call),
      async *parts(upload) {
        for await (const part of ranges.parts(upload)) {
          const sums = kept.get(`${upload.token} ${part.etag}`) ?? {};
          yield { ...part, ...(listed ? { sums: {} } : { sums }), ...(listed === "checked" ? { checked: true } : {}) };
        }
      },
      async put(upload, n, body, context) {
        const digests = digesting(["sha256", "md5", "crc32", ...signedCrcs]);
        const part = await ranges.put(upload, n, digests.through(body), context);
        const sums = only(parts, digests.end().sums);
        kept.set(`${upload.token} ${part.etag}`, sums);
        return { ...part, sums };
      },
      commit: async (...call) => told(await ranges.commit(...call)),
      abort: (upload) => ranges.abort(upload),
    },
  };
}

/** Why the second store is no whole copy of the first, if it is none. */
export function unlike(of: Pick<CopyRig, "store" | "far">): string[] {
  const wrong: string[] = [];
  for (const { key, bytes } of of.store.inside.versions()) {
    if (key.startsWith("evidence/copied/")) continue;
    const there = of.far.inside.versions(key);
    if (there.length !== 1) wrong.push(`${key} has ${there.length} versions there`);
    else if (Buffer.compare(there[0]?.bytes ?? new Uint8Array(), bytes) !== 0) wrong.push(`${key} differs there`);
  }
  return wrong;
}

export type { Destination };
