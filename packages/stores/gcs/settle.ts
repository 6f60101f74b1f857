import { ObjectExists, OutcomeUnknown, type Stored } from "@holdfast/core";
import type { Answer, Gcs } from "./call.ts";
import { jsonOf } from "../json.ts";
import { causeOf, notUnderstood, translate } from "./errors.ts";
import { look } from "./list.ts";
import { type Resource, resource, stored } from "./resource.ts";

/** What was to be made, and whether an object is just that: by its bytes' digest or by its upload's name. */
export type Sent = { key: string; bytes: number; isOurs(found: Resource): boolean };

/** The object that a good answer describes. */
export function made({ bucket }: Gcs, key: string, answer: Answer): Stored {
  const parsed = resource.safeParse(jsonOf(answer.text));
  if (!parsed.success) throw notUnderstood({ permission: "storage.objects.create", bucket, key }, { cause: parsed.error });
  return stored(parsed.data);
}

/**
 * For a write that was refused or whose answer is lost. The answer is the last word where every try was answered; else a try may have made
 * the object, also one that the last answer says is in the way, and the listing settles it.
 *
 * Returns what stands there when it is ours. Throws {@link ObjectExists}, {@link OutcomeUnknown}, or what the refusal says.
 */
export async function settle(gcs: Gcs, sent: Sent, answer: Answer, permission: string, signal?: AbortSignal): Promise<Stored> {
  signal?.throwIfAborted();
  const cause = { cause: causeOf(answer) };
  const taken = answer.status === 412;
  if (!answer.lost) throw taken ? new ObjectExists(sent.key, cause) : translate(answer, { permission, bucket: gcs.bucket, key: sent.key });

  const found = await look(gcs, sent.key, undefined, signal).catch((error) => {
    signal?.throwIfAborted();
    throw unknown(sent, error);
  });
  if (found && sent.isOurs(found)) return stored(found);
  if (found) throw new ObjectExists(sent.key, cause);
  throw unknown(sent, cause.cause);
}

export const unknown = ({ key, bytes }: Sent, cause: unknown): OutcomeUnknown =>
  new OutcomeUnknown(
    `${key}: the store did not say whether it holds the ${bytes} bytes`,
    "Try again: if it does, the next try finds them.",
    { cause },
  );
