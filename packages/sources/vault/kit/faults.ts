import { gzipSync } from "node:zlib";
import { aSnapshot, fileMember, type Member, type Shape, tarOf } from "./snapshot.ts";
import { END, records, stored, tarHeader } from "./snapshottar.ts";

/** `error`: the name of what a proof throws; `says`: a part of its message. */
export type Fault = { error: string; says: string; make(shape?: Shape): Buffer };

const members =
  (change: (all: Member[]) => Member[]) =>
  (shape: Shape = {}) =>
    aSnapshot({ ...shape, members: change });
const without = (name: string) => members((all) => all.filter((it) => it.name !== name));
const instead = (name: string, change: (member: Member) => Member) =>
  members((all) => all.map((it) => (it.name === name ? change(it) : it)));
const core =
  (lost: string) =>
  (shape: Shape = {}) =>
    aSnapshot({ ...shape, core: (items) => items.filter(({ key }) => key !== lost) });
const opening = { seal: { type: "awskms", shares: 5, threshold: 3, key: "arn:aws:kms:eu-central-1:1:key/1" } };
const broken = (says: string, make: Fault["make"]): Fault => ({ error: "SnapshotBroken", says, make });

const textOf = (member: Member) => Buffer.concat([...member.body()]).toString("latin1");
/** Another text, made when the members before it were written. */
const rewritten = (change: (text: string) => string, longer = 0) =>
  instead("SHA256SUMS", (it) => ({ ...it, size: it.size + longer, body: () => [Buffer.from(change(textOf(it)), "latin1")] }));

/** A server that breaks off in the middle of a member's content, at its end, or so many bytes after that. */
function cutAt(name: string, where: "in" | number): Fault["make"] {
  return (shape) => {
    const whole = Buffer.concat([...tarOf(shape ?? {})]);
    let at = 0;
    for (;;) {
      const size = Number.parseInt(whole.toString("latin1", at + 124, at + 135), 8);
      const here = whole.toString("latin1", at, whole.indexOf(0, at)) === name;
      if (here) return withoutEnd([whole.subarray(0, at + 512 + (where === "in" ? Math.ceil(size / 2) : size + where))]);
      at += 512 + Math.ceil(size / 512) * 512;
    }
  };
}
/** What a server has sent when it breaks off: a gzip without its last block and trailer. */
const withoutEnd = (plain: Buffer[]) => Buffer.concat([...stored(plain)].slice(0, -1));
const flipped = (bytes: Buffer, at: number) =>
  Buffer.concat([bytes.subarray(0, at), Buffer.from([(bytes[at] ?? 0) ^ 1]), bytes.subarray(at + 1)]);
const followed =
  (by: Buffer): Fault["make"] =>
  (shape) =>
    Buffer.concat([aSnapshot(shape), by]);

/** Everything that may be wrong with a snapshot, by name; F5 to F12 of what servers and stores were seen to do, and what nobody was seen to do yet. */
export const faults = {
  "nothing at all": { error: "SnapshotEmpty", says: "is empty", make: () => Buffer.alloc(0) },
  // Measured with OpenBao 2.7.2 and a transit seal whose server was stopped: HTTP 200, Content-Length 10, and these bytes.
  "what OpenBao sends when its seal is out of reach": {
    error: "SnapshotCut",
    says: "after 10 bytes, in meta.json",
    make: () => Buffer.from("1f8b08000000000000ff", "hex"),
  },
  "a page of a proxy": broken("not compressed with gzip", () => Buffer.from("<html>502 Bad Gateway</html>")),
  "a gzip with a file name": broken("flags that no server sets", (shape) => {
    const bytes = aSnapshot(shape);
    bytes[3] = 8;
    return Buffer.concat([bytes.subarray(0, 10), Buffer.from("vault.tar\0"), bytes.subarray(10)]);
  }),
  "cut in state.bin": { error: "SnapshotCut", says: "in state.bin", make: cutAt("state.bin", "in") },
  "cut after state.bin": { error: "SnapshotCut", says: "in SHA256SUMS", make: cutAt("state.bin", 0) },
  "cut after SHA256SUMS": { error: "SnapshotUnsealed", says: "missing", make: cutAt("SHA256SUMS", 0) },
  "cut after SHA256SUMS and its padding": { error: "SnapshotUnsealed", says: "missing", make: cutAt("SHA256SUMS", 512 - 152) },
  "cut in the header of the sealed sums": {
    error: "SnapshotCut",
    says: "in SHA256SUMS.sealed",
    make: cutAt("SHA256SUMS", 512 - 152 + 100),
  },
  "cut in the sealed sums": { error: "SnapshotCut", says: "in SHA256SUMS.sealed", make: cutAt("SHA256SUMS.sealed", "in") },
  "cut before its end blocks": { error: "SnapshotCut", says: "in its end", make: cutAt("SHA256SUMS.sealed", 0) },
  "cut in its gzip trailer": { error: "SnapshotCut", says: "its gzip trailer", make: (shape) => aSnapshot(shape).subarray(0, -3) },
  "a bit flipped in state.bin": broken("state.bin", (shape) => flipped(aSnapshot(shape), 10 + 5 + 3 * 512 + 900)),
  "a bit flipped in the checksum of gzip": broken("checksum that gzip wrote", (shape) =>
    flipped(aSnapshot(shape), aSnapshot(shape).length - 8),
  ),
  "a bit flipped in the length of gzip": broken("length differs", (shape) => flipped(aSnapshot(shape), aSnapshot(shape).length - 1)),
  "damaged compression": broken("compression is damaged", (shape) => {
    const bytes = aSnapshot({ ...shape, level: 9 });
    return bytes.fill(0xff, 10, 20);
  }),
  "a wrong sum of state.bin": broken(
    "state.bin differs from its SHA-256",
    rewritten((text) => text.replace(/[0-9a-f](?= {2}state)/, (digit) => (digit === "0" ? "1" : "0"))),
  ),
  "a wrong sum of meta.json": broken(
    "meta.json differs from its SHA-256",
    rewritten((text) => text.replace(/[0-9a-f](?= {2}meta)/, (digit) => (digit === "0" ? "1" : "0"))),
  ),
  "sums that leave state.bin out": broken(
    "does not list state.bin",
    instead("SHA256SUMS", (it) => ({ ...it, size: 76, body: () => [Buffer.from(textOf(it).slice(0, 76))] })),
  ),
  "sums that list more": broken(
    "lists more than",
    rewritten((text) => `${text}${"0".repeat(64)}  evil\n`, 71),
  ),
  "sums that list one twice": broken(
    "a line that is none",
    rewritten((text) => `${text}${text.slice(0, 76)}`, 76),
  ),
  "sums that are none": broken(
    "a line that is none",
    rewritten((text) => text.replace("  meta", " *meta")),
  ),
  "sums cut in a line": broken(
    "does not end with a line",
    rewritten((text) => text.slice(0, -1), -1),
  ),
  "no meta.json": broken("in the place of meta.json", without("meta.json")),
  "no state.bin": broken("in the place of state.bin", without("state.bin")),
  "no SHA256SUMS": broken("in the place of SHA256SUMS", without("SHA256SUMS")),
  "no sealed sums": { error: "SnapshotUnsealed", says: "missing", make: without("SHA256SUMS.sealed") },
  "nothing after state.bin": broken(
    "SHA256SUMS is missing",
    members((all) => all.slice(0, 2)),
  ),
  "no member at all": broken(
    "meta.json is missing",
    members(() => []),
  ),
  "empty sealed sums": {
    error: "SnapshotUnsealed",
    says: "empty",
    make: instead("SHA256SUMS.sealed", (it) => fileMember(it.name, Buffer.alloc(0))),
  },
  "a fifth member": broken(
    "more than its four files",
    members((all) => [...all, fileMember("evil", Buffer.from("x"))]),
  ),
  "another member between": broken(
    "in the place of state.bin",
    members(([meta, ...rest]) => [...(meta ? [meta] : []), fileMember("evil", Buffer.from("x")), ...rest]),
  ),
  "members in another order": broken(
    "in the place of SHA256SUMS",
    members((all) => [...all.slice(0, 2), ...all.slice(2).reverse()]),
  ),
  "garbage after the end": broken("follows the end of its compression", followed(Buffer.from("garbage"))),
  "zero bytes after the end": broken("follows the end of its compression", followed(Buffer.alloc(1))),
  "a second gzip after the end": broken("follows the end of its compression", followed(gzipSync(""))),
  "another size in meta.json": broken("meta.json says", (shape) =>
    aSnapshot({ ...shape, meta: (it) => ({ ...it, Size: Number(it.Size) + 1 }) }),
  ),
  "a meta.json without servers": broken("meta.json does not describe it", (shape) =>
    aSnapshot({ ...shape, meta: () => ({ Index: 1, Term: 1, Size: 1 }) }),
  ),
  "a tar with one end block": {
    error: "SnapshotCut",
    says: "in its end",
    make: (shape) => aSnapshot({ ...shape, end: END.subarray(512) }),
  },
  "a tar with three end blocks": broken("follows the end of its tar", (shape) => aSnapshot({ ...shape, end: Buffer.alloc(1536) })),
  "a member behind the first end block": broken("follows the first end block", (shape) =>
    aSnapshot({ ...shape, end: Buffer.concat([END.subarray(512), tarHeader("evil", 0), END]) }),
  ),
  "a link in the tar": broken(
    "no plain file",
    instead("state.bin", (it) => ({ ...it, header: tarHeader(it.name, it.size, "pax", "2") })),
  ),
  "a record that renames a member": broken(
    "changes more than a size",
    instead("state.bin", (it) => ({ ...it, header: Buffer.concat([records(it.name, "path=evil"), tarHeader(it.name, it.size)]) })),
  ),
  "no keyring": { error: "SnapshotHollow", says: "core/keyring", make: core("core/keyring") },
  "no seal's configuration": { error: "SnapshotHollow", says: "core/seal-config", make: core("core/seal-config") },
  "no recovery configuration": {
    error: "SnapshotHollow",
    says: "core/recovery-config",
    make: (shape) => core("core/recovery-config")({ ...shape, ...opening }),
  },
  "a seal's configuration that is none": broken("does not tell how to unseal", (shape) =>
    aSnapshot({ ...shape, core: (items) => items.map((it) => (it.key === "core/seal-config" ? { ...it, value: Buffer.from("{}") } : it)) }),
  ),
  "a state.bin that ends within an entry": broken("ends within an entry", (shape) =>
    aSnapshot({
      ...shape,
      meta: (it) => ({ ...it, Size: Number(it.Size) - 1 }),
      members: (all) => all.map((it) => (it.name === "state.bin" ? shortened(it) : it)),
    }),
  ),
  "an entry twice": broken("has core/keyring twice", (shape) =>
    aSnapshot({ ...shape, items: [{ key: "core/keyring", value: Buffer.from("x") }] }),
  ),
  "a claim of terabytes": {
    error: "SnapshotBomb",
    says: "claims",
    make: (shape) =>
      aSnapshot({
        ...shape,
        meta: (it) => ({ ...it, Size: 2 ** 43 }),
        members: (all) => all.map((it) => (it.name === "state.bin" ? { ...it, header: tarHeader(it.name, 2 ** 43) } : it)),
      }),
  },
  "a meta.json of megabytes": {
    error: "SnapshotBomb",
    says: "meta.json claims",
    make: (shape) => aSnapshot({ ...shape, meta: (it) => ({ ...it, ID: "x".repeat(2 ** 20) }) }),
  },
  "records of megabytes": {
    error: "SnapshotBomb",
    says: "records of its tar claim",
    make: instead("state.bin", (it) => ({ ...it, header: tarHeader("PaxHeaders.0/state.bin", 2 ** 20, "pax", "x") })),
  },
  "a bomb": { error: "SnapshotBomb", says: "unpack to", make: aBomb },
} satisfies Record<string, Fault>;
export type FaultName = keyof typeof faults;

const shortened = (member: Member): Member => ({
  ...member,
  size: member.size - 1,
  body: () => [Buffer.concat([...member.body()]).subarray(0, -1)],
});

/** More zeros in one value than may come out of so little. */
function aBomb(shape: Shape = {}): Buffer {
  return aSnapshot({ ...shape, level: 1, items: [{ key: "logical/zeros", value: Buffer.alloc(65 * 2 ** 20) }] });
}
