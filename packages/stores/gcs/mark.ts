import { LockShortened, ObjectMissing, type Ref, type StoreMark, StoreUnavailable } from "@holdfast/core";
import { ask, type Gcs, objectUrl } from "./call.ts";
import { translate } from "./errors.ts";
import { changeFor } from "./expiry.ts";
import { look } from "./list.ts";
import { lockedUntil, markOf, type Resource } from "./resource.ts";

/** The mark is metadata, for those who read it, and Custom-Time, for lifecycle rules: `daysSinceCustomTime: 0` deletes. */
export function gcsMark(gcs: Gcs, locks: boolean): StoreMark {
  const mark: StoreMark = {
    marked: async (at) => markOf(await found(gcs, at)),
    mark: (at, wanted) => change(gcs, at, "storage.objects.update", (object) => changeFor(object, wanted)),
  };
  const lockUntil = (at: Ref, until: Date) => change(gcs, at, "storage.objects.setRetention", (object) => lockFor(object, until));
  return locks ? { ...mark, lockUntil } : mark;
}

async function found(gcs: Gcs, { key, version }: Ref): Promise<Resource> {
  const object = await look(gcs, key, version);
  if (!object) throw new ObjectMissing(key);
  return object;
}

/** Others may mark the same object meanwhile; each time this one reads again what they left. */
const races = 5;

async function change(gcs: Gcs, at: Ref, permission: string, changeFor: (object: Resource) => object | undefined): Promise<void> {
  for (let tries = 1; ; tries++) {
    const object = await found(gcs, at);
    const wanted = changeFor(object);
    if (wanted === undefined) return;
    const answer = await ask(gcs, {
      method: "PATCH",
      url: objectUrl(gcs, at.key, { generation: at.version, ifMetagenerationMatch: object.metageneration, fields: "metageneration" }),
      headers: { "content-type": "application/json; charset=UTF-8" },
      body: JSON.stringify(wanted),
    });
    if (answer.status === 200) return;
    if (answer.status !== 412) throw translate(answer, { permission, bucket: gcs.bucket, key: at.key });
    if (tries === races)
      throw new StoreUnavailable(`${at.key} changes faster than it can be marked`, "Look who else changes its metadata, then try again.");
  }
}

/** Compared before it is set; Google would refuse it too. */
function lockFor(object: Resource, until: Date): { retention: { mode: "Locked"; retainUntilTime: string } } | undefined {
  const present = lockedUntil(object);
  if (present && present > until)
    throw new LockShortened(`${object.name} is locked until ${present.toISOString()}`, "A lock can only be lengthened.");
  const own = object.retention;
  if (own?.mode === "Locked" && new Date(own.retainUntilTime).getTime() === until.getTime()) return undefined;
  return { retention: { mode: "Locked", retainUntilTime: until.toISOString() } };
}
