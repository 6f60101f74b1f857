import { DescribeAccountAttributesCommand } from "@aws-sdk/client-rds";
import { type Finding, isIn } from "@holdfast/core";
import { type Api, HIDDEN } from "./api.ts";
import type { Database, Snapshots } from "./family.ts";
import { isTakeable } from "./status.ts";

type At = { api: Api; snapshots: Snapshots<unknown>; source: { id: string; key?: string | undefined }; now: Date };

/**
 * What would make a snapshot fail, come late or be of less use. Notes only: a snapshot that was begun is finished whatever has become of its
 * database since, and what really cannot be begun is thrown by name when it is tried.
 */
export async function preflight(at: At): Promise<Finding[]> {
  const database = await at.snapshots.database(at.api, at.source.id);
  if (!database) return [missing(at)];
  return [
    ...stateOf(at, database),
    ...upkeepOf(at, database),
    ...backupsOf(database),
    ...copiesOf(at, database),
    ...(await roomOf(at)),
    ...(await keysOf(at, database)),
  ];
}

const note = (name: string, message: string, hint: string): Finding => ({ name, severity: "note", message, hint });

const missing = ({ snapshots, source }: At): Finding =>
  note(
    `${snapshots.noun}-missing`,
    `there is no ${snapshots.noun} ${source.id}`,
    "It was deleted or renamed. Correct the plan, or take the source out of it; the backups that stand stay.",
  );

function stateOf({ snapshots }: At, { id, status }: Database<unknown>): Finding[] {
  if (isTakeable(status)) return [];
  const message = `the ${snapshots.noun} ${id} is ${status}, and only what is available can be snapshotted`;
  return [
    note(
      "database-not-available",
      message,
      hints[status] ?? "A backup waits for it some minutes, then copies its newest automated snapshot.",
    ),
  ];
}

const hints: Readonly<Record<string, string>> = {
  stopped: "Start it, or leave it: its newest automated snapshot is copied instead.",
  "storage-full": "Give it more storage: it takes no writes and makes no automated backups until then.",
  "incompatible-parameters": "Correct its parameter group, and reboot it.",
  "incompatible-network": "Its subnets have no free addresses, or a subnet or security group is gone.",
  "inaccessible-encryption-credentials": "Its key was disabled for too long: only a restore of a backup under another key helps.",
  "inaccessible-encryption-credentials-recoverable": "Enable its KMS key and start it, within seven days.",
};

/** RDS begins upkeep at any moment of the window, and what it does then restarts instances. */
function upkeepOf({ now }: At, { id, maintenance }: Database<unknown>): Finding[] {
  if (maintenance === undefined || !isIn(maintenance, now)) return [];
  const message = `now is the maintenance window of ${id} (${maintenance} UTC)`;
  return [
    note("in-maintenance-window", message, "Schedule its backups at another time, or move the window: upkeep delays or fails snapshots."),
  ];
}

/** Where there are no automated backups, nothing stands in for a snapshot that cannot be taken. */
function backupsOf({ id, retention }: Database<unknown>): Finding[] {
  if (retention > 0) return [];
  return [
    note(
      "no-point-in-time",
      `automated backups of ${id} are switched off, so it can be restored to its snapshots and to no time between them`,
      "Set a backup retention period of 1 to 35 days; on RDS that restarts the instance.",
    ),
  ];
}

function copiesOf({ snapshots: { noun } }: At, { id, uncopyable }: Database<unknown>): Finding[] {
  if (!uncopyable) return [];
  const message = `${uncopyable}: no automated one stands in where the ${noun} ${id} cannot be snapshotted, and none goes to another key, region or account`;
  return [note("not-copyable", message, "Its dump is what can leave the region. Keep its schedule off its maintenance window.")];
}

/** Where people get to hear of it before it is too late. */
const NEARLY_FULL = 0.8;

async function roomOf({ api, snapshots: { quota } }: At): Promise<Finding[]> {
  const command = new DescribeAccountAttributesCommand({});
  const { AccountQuotas = [] } = await api.rds("describing the account's quotas", (client, options) => client.send(command, options));
  const { Used: used = 0, Max: max = 0 } = AccountQuotas.find(({ AccountQuotaName }) => AccountQuotaName === quota) ?? {};
  if (max === 0 || used < max * NEARLY_FULL) return [];
  return [
    note(
      used < max ? "snapshot-quota-nearly-full" : "snapshot-quota-full",
      `${used} of ${max} manual snapshots of this account and region are used`,
      "Keep fewer in the plan, delete those that nobody needs, or have the quota raised (L-272F1212 instances, L-9B510759 clusters).",
    ),
  ];
}

async function keysOf({ api, snapshots, source }: At, { id, encrypted, key, uncopyable }: Database<unknown>): Promise<Finding[]> {
  const own = key === undefined ? undefined : await api.key(key);
  const managed = encrypted && (own?.managed ?? false);
  const wanted = source.key === undefined ? undefined : await api.key(source.key);
  return [
    ...(encrypted && key !== undefined ? unusable("database-key-unusable", `the key of ${id}`, own ?? { arn: key, state: HIDDEN }) : []),
    ...(source.key === undefined ? [] : unusable("plan-key-unusable", "the plan's key", wanted ?? { arn: source.key, state: HIDDEN })),
    ...stranger(id, { own: key, managed, planned: source.key }),
    ...weakness(snapshots, source, { id, encrypted, uncopyable, managed }),
  ];
}

function unusable(name: string, what: string, { arn, state }: { arn: string; state: string }): Finding[] {
  if (state === "Enabled") return [];
  const hint =
    "Nothing under it can be snapshotted, copied or restored. Enable it, cancel its deletion, or let its policy allow this account.";
  return [note(name, `${what} ${arn} is ${state}`, hint)];
}

/** Rights on a key come from the plan, so a copy of what is under another one would be refused when it is needed. */
function stranger(
  id: string,
  { own, managed, planned }: { own: string | undefined; managed: boolean; planned: string | undefined },
): Finding[] {
  if (own === undefined || managed || own === planned) return [];
  const hint = `Give the source key: "${own}", so that its role may copy them.`;
  return [note("key-not-in-plan", `${id} is under a key of its own, so automated snapshots of it could not be copied`, hint)];
}

type Encryption = Pick<Database<unknown>, "id" | "encrypted" | "uncopyable"> & { managed: boolean };
function weakness(
  { encryptable, noun }: Snapshots<unknown>,
  { key }: At["source"],
  { id, encrypted, uncopyable, managed }: Encryption,
): Finding[] {
  if (encrypted && !managed) return [];
  const how = encrypted ? "encrypted under AWS's own key aws/rds" : "not encrypted";
  if (key !== undefined && !uncopyable && (encrypted || encryptable)) return [];
  const hint =
    key === undefined
      ? "Its snapshots are so too and cannot be given to another account safely. Name a key of your own as key in the plan: each is then copied under it."
      : `Copies of its snapshots cannot be encrypted anew. Restore it once with a key, and back up the new ${noun}.`;
  return [note(encrypted ? "default-key" : "unencrypted", `the ${noun} ${id} is ${how}`, hint)];
}
