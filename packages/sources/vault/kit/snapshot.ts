import { createHash, type Hash } from "node:crypto";
import { Readable } from "node:stream";
import { createGzip, gzipSync } from "node:zlib";
import type { Bytes } from "@holdfast/core";
import { coreItems, type Item, type KitSeal, noise, secretItems } from "./snapshotentries.ts";
import { stateOf, stateSize } from "./snapshotstate.ts";
import { END, padding, stored, tarHeader } from "./snapshottar.ts";

/** What a made snapshot looks like; all of it has a default. The same shape gives the same bytes. */
export type Shape = {
  index?: number;
  term?: number;
  servers?: readonly { id: string; address: string }[];
  seal?: KitSeal;
  /** Secrets of one mount, and the bytes of each one's value. */
  secrets?: number;
  valueBytes?: number;
  /** Further entries; where they belong is found for them. */
  items?: readonly Item[];
  /** Another one, other values. */
  seed?: string;
  /** Of gzip. 0 is what OpenBao writes. */
  level?: number;
  /** Makes a fault: another list of entries under `core/`, of members, another meta.json. */
  core?: (items: Item[]) => Item[];
  members?: (members: Member[]) => Member[];
  meta?: (meta: Record<string, unknown>) => unknown;
  /** Instead of the two zero blocks. */
  end?: Buffer;
};
/** `body` is asked for when the members before it were written. */
export type Member = { name: string; size: number; body(): Iterable<Buffer>; header?: Buffer };

/** A snapshot in memory. */
export function aSnapshot(shape: Shape = {}): Buffer {
  const level = shape.level ?? 0;
  return level === 0 ? Buffer.concat([...stored(tarOf(shape))]) : gzipSync(Buffer.concat([...tarOf(shape)]), { level });
}

/** A snapshot of any size, made while it is read. */
export async function* snapshotStream(shape: Shape = {}): Bytes {
  if ((shape.level ?? 0) === 0) yield* stored(tarOf(shape));
  else yield* Readable.from(tarOf(shape)).pipe(createGzip({ level: shape.level ?? 1 }));
}

/** The tar inside. */
export function* tarOf(shape: Shape): Generator<Buffer> {
  const members = membersOf(shape);
  for (const { name, size, body, header } of shape.members?.(members) ?? members) {
    yield header ?? tarHeader(name, size);
    yield* body();
    yield padding(size);
  }
  yield shape.end ?? END;
}

export function fileMember(name: string, bytes: Buffer): Member {
  return { name, size: bytes.length, body: () => [bytes] };
}

function membersOf(shape: Shape): Member[] {
  const size = stateSize(itemsOf(shape));
  const meta = fileMember("meta.json", Buffer.from(JSON.stringify(metaOf(shape, size))));
  const state: { sum?: Hash } = {};
  const sums = () => {
    const of = createHash("sha256");
    for (const part of meta.body()) of.update(part);
    return Buffer.from(`${of.digest("hex")}  meta.json\n${state.sum?.copy().digest("hex") ?? ""}  state.bin\n`);
  };
  return [
    meta,
    { name: "state.bin", size, body: () => hashed(stateOf(itemsOf(shape)), state) },
    { name: "SHA256SUMS", size: 2 * (64 + 2 + 9 + 1), body: () => [sums()] },
    fileMember("SHA256SUMS.sealed", noise(`${shape.seed} sealed`, 185)),
  ];
}

function metaOf({ index = 100, term = 3, servers = [{ id: "a", address: "127.0.0.1:8201" }], meta }: Shape, size: number): unknown {
  const Servers = servers.map(({ id, address }) => ({ Suffrage: 0, ID: id, Address: address }));
  const usual = { Version: 1, ID: "bolt-snapshot", Index: index, Term: term, Peers: null };
  const whole = { ...usual, Configuration: { Servers }, ConfigurationIndex: 1, Size: size };
  return meta?.(whole) ?? whole;
}

function* itemsOf(shape: Shape): Generator<Item> {
  const { seal = { type: "shamir", shares: 3, threshold: 2 }, secrets = 5, valueBytes = 67, seed = "seed", items = [] } = shape;
  const core = coreItems(seal, seed);
  const others = [...(shape.core?.(core) ?? core), ...items].sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const item of secretItems(secrets, valueBytes, seed)) {
    while (others[0] && others[0].key < item.key) yield* others.splice(0, 1);
    yield item;
  }
  yield* others;
}

function* hashed(parts: Iterable<Buffer>, into: { sum?: Hash }): Generator<Buffer> {
  into.sum = createHash("sha256");
  for (const part of parts) {
    into.sum.update(part);
    yield part;
  }
}
