import { isDeepStrictEqual } from "node:util";
import type { Finding, Read, ReadFactory } from "@holdfast/core";
import { type Archive, proveArchive } from "./archive.ts";
import { doubts } from "./doubts.ts";
import { SnapshotBroken } from "./errors.ts";
import { type Native, SNAPSHOT } from "./native.ts";
import { type Told, toldOf } from "./told.ts";

/** Reads the stored snapshot to its end, checks all that can be checked without a key, and compares it with what the manifest tells of it. */
export const read: ReadFactory<Native> = (): Read<Native> => ({
  async read({ backup, open }, previous, _context, recent = []) {
    const archive = await proveArchive(open(SNAPSHOT));
    const wrong = differences(archive, backup.native);
    if (wrong.length > 0) throw new SnapshotBroken(`its manifest tells of another one (${wrong.join(", ")})`);
    const few = recent.map(({ native }) => native);
    return [...unknownKey(backup.native), ...(previous ? doubts(backup.native, previous.backup.native, few) : [])];
  },
});

/** Names of what differs. */
function differences(archive: Archive, native: Native): string[] {
  const found = toldOf(archive);
  return (Object.keys(found) as (keyof Told)[]).filter((key) => !isDeepStrictEqual(found[key], native[key]));
}

function unknownKey({ seal }: Native): Finding[] {
  if (seal.type === "shamir" || seal.key !== undefined) return [];
  return [
    {
      name: "seal-key-unread",
      severity: "note",
      message: `which key the ${seal.type} seal uses could not be read from the snapshot`,
      hint: "Look it up in the seal stanza of the nodes' configuration, and keep it with the recovery keys: nothing comes up without it.",
    },
  ];
}
