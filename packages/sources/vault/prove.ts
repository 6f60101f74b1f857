import { type Context, type Finding, HoldfastError, type Opened, type Proven, type Surroundings, slotTime } from "@holdfast/core";
import { z } from "zod";
import { entriesOf } from "./archive.ts";
import type { Client } from "./client.ts";
import { type Compared, compareEntries } from "./compareentries.ts";
import type { Target } from "./config.ts";
import { MarkerMissing, TargetChanged, TargetProofBroken } from "./errors.ts";
import { clusterIdOf, findActive } from "./leader.ts";
import type { Entry } from "./listing.ts";
import { login } from "./login.ts";
import { readMarker } from "./marker.ts";
import { type Native, SNAPSHOT, sealKeyOf } from "./native.ts";
import { keysOf, SHAMIR, toolOf } from "./planrestore.ts";
import { SNAPSHOT_PATH } from "./preflight.ts";

export type Proving = { client: Client; target: Target; surroundings: Pick<Surroundings, "secrets" | "identity">; context: Context };

/**
 * Compares the restored cluster with the backup, as a login sees it that lives in the backup: the marker, and every entry of secrets engines and auth
 * methods, by a new snapshot. Only what was seen there is told of the backup. Throws whatever kept it from looking, fault "input" or "world": a login that
 * was changed since, a policy too narrow, a target that is gone or that somebody else replaced ({@link TargetChanged}); and what the backup's bytes throw.
 */
export async function prove(at: Proving, opened: Opened<Native>): Promise<Proven> {
  const { compared, findings } = await lookInside(at, opened);
  return proven(compared, [...findings, ...differences(compared, opened.backup.native), ...notes(compared, at, opened)]);
}

const proven = ({ expected, found, mounts }: Compared, findings: Finding[]): Proven => ({
  unit: "entries",
  thing: "mount",
  things: mounts,
  expected,
  found,
  findings,
});

async function lookInside(
  { client, target, surroundings }: Proving,
  opened: Opened<Native>,
): Promise<{ compared: Compared; findings: Finding[] }> {
  const { node, health } = await findActive(client);
  const { native } = opened.backup;
  const is = clusterIdOf(node, health);
  if (is !== native.clusterId) throw new TargetChanged(node, `it is the cluster ${is} and not ${native.clusterId}, which was restored`);
  const session = await login(client, node, target.reader, surroundings);
  try {
    const findings = await lookAtMarker(client, node, session.token, native);
    const tokens = await mountsOfTokens(client, node, session.token);
    const snapshot = await client.download(node, SNAPSHOT_PATH, session.token);
    const compared = await compareEntries(entriesOf(opened.open(SNAPSHOT)), ofTarget(entriesOf(snapshot.bytes), node), tokens);
    return { compared, findings };
  } finally {
    await session.end();
  }
}

/** A fault of the snapshot that was taken now is none of the backup's. */
async function* ofTarget(entries: AsyncGenerator<Entry[], undefined>, node: string): AsyncGenerator<Entry[], undefined> {
  try {
    yield* entries;
  } catch (error) {
    throw error instanceof HoldfastError && error.fault === "backup" ? new TargetProofBroken(node, error) : error;
  }
  return undefined;
}

const ownMounts = z.looseObject({
  data: z.looseObject({ secret: z.record(z.string(), z.looseObject({ type: z.string(), uuid: z.string().optional() })) }),
});

/** Uuids of the mounts whose entries go with their token, as far as everybody may see them. Without them, more entries have to be there. */
async function mountsOfTokens(client: Client, node: string, token: string): Promise<string[]> {
  const { json } = await client.ask(node, "GET", "sys/internal/ui/mounts", { token });
  const told = ownMounts.safeParse(json);
  const mounts = told.success ? Object.values(told.data.data.secret) : [];
  return mounts.flatMap(({ type, uuid }) => (type === "cubbyhole" && uuid ? [uuid] : []));
}

async function lookAtMarker(client: Client, node: string, token: string, { marker }: Native): Promise<Finding[]> {
  if (!marker) return [];
  const { path, sha256 } = marker;
  try {
    if ((await readMarker(client, node, token, path)) === sha256) return [];
  } catch (error) {
    if (!(error instanceof MarkerMissing)) throw error;
    return [refusal("marker-missing", `nothing stands at ${path}, where the backup read something`, SINCE)];
  }
  return [refusal("marker-differs", `what stands at ${path} is not what the backup read there`, SINCE)];
}
const SINCE = "Somebody wrote there since, or it is not this backup.";

function differences({ expected, found, expired }: Compared, { entries }: Native): Finding[] {
  const lost = expected - found;
  const counted = expected + expired;
  return [
    ...(lost > 0
      ? [
          refusal(
            "entries-missing",
            `${lost} of ${expected} entries are not there`,
            "Look for who deleted them since it was unsealed, or restore again and look at the node's log.",
          ),
        ]
      : []),
    ...(counted === entries.data
      ? []
      : [
          refusal(
            "entries-miscounted",
            `the backup holds ${counted} entries and its manifest tells of ${entries.data}`,
            "Use another backup, and look for what damaged this one.",
          ),
        ]),
  ];
}

const refusal = (name: string, message: string, hint: string): Finding => ({ name, severity: "refuse", message, hint });
const note = (name: string, message: string, hint: string): Finding => ({ name, severity: "note", message, hint });

function notes(compared: Compared, { target, context }: Proving, { backup }: Opened<Native>): Finding[] {
  const { changed, expired } = compared;
  return [
    ...(changed > 0
      ? [note("entries-written", `${changed} entries were written again since it came up`, "Servers do that: leases, rotations, upgrades.")]
      : []),
    ...(expired > 0
      ? [
          note(
            "entries-expired",
            `${expired} entries that were to expire are gone`,
            "They were secret ids, wrapped answers and the like, older than their time.",
          ),
        ]
      : []),
    // Nobody uses what a drill made.
    ...(target.drill ? [] : afterwards(backup.native, backup.slot, target, context.now())),
  ];
}

function afterwards(native: Native, slot: string, { reader }: Target, now: Date): Finding[] {
  const { product, seal } = native;
  const opens = seal.type === SHAMIR ? "" : `, which ${sealKeyOf(native)} opens`;
  return [
    note(
      "went-back",
      `everything there is again as it was ${ageOf(slot, now)} ago`,
      "Tokens and secret ids that were issued since are gone, and those that were revoked since are valid again: revoke them again.",
    ),
    note(
      "leases-expire",
      "leases that ended since are being revoked at the databases and clouds that they belong to",
      "Look at what the original has handed out under the same names, before you let both run.",
    ),
    note(
      "keys-of-the-original",
      `it has the keys of the original cluster now${opens}: ${keysOf(native)}`,
      `The keys and the root token that the target had before are worthless. \`${toolOf(product)} operator generate-root\` makes a new one.`,
    ),
    ...(reader.method === "approle"
      ? [
          note(
            "reader-is-old",
            "the reader's secret id is as old as the backup",
            `Make a new one, write it into ${reader.secret}, and destroy the old one.`,
          ),
        ]
      : []),
  ];
}

const MINUTE = 60_000;
function ageOf(slot: string, now: Date): string {
  const minutes = Math.max(0, Math.round((now.getTime() - (slotTime(slot) ?? now).getTime()) / MINUTE));
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1440)} days`;
}
