import { HoldfastError } from "@holdfast/core";
import { z } from "zod";
import { ask, bucketUrl, type Gcs } from "./call.ts";
import { jsonOf } from "../json.ts";
import { notUnderstood, translate } from "./errors.ts";

/** Whoever writes could also delete or overwrite. */
export class RightsTooWide extends HoldfastError {
  override readonly name = "RightsTooWide";
  override readonly fault = "input";
}

const deleting = "storage.objects.delete";
const answered = z.object({ permissions: z.array(z.string()).default([]) });

/**
 * Google takes no precondition on uploads in parts (400 NotImplemented: https://docs.cloud.google.com/storage/docs/request-preconditions).
 * What keeps them from overwriting is that this needs {@link deleting}: so whoever has it is refused before anything is sent. Asking needs no
 * permission. Throws {@link RightsTooWide}.
 */
export async function refuseOverwriters(gcs: Gcs): Promise<void> {
  const about = { permission: "storage.buckets.testIamPermissions", bucket: gcs.bucket, key: "" };
  const answer = await ask(gcs, { method: "GET", url: bucketUrl(gcs, "iam/testPermissions", { permissions: deleting }) });
  if (answer.status !== 200) throw translate(answer, about);
  const parsed = answered.safeParse(jsonOf(answer.text));
  if (!parsed.success) throw notUnderstood(about, { cause: parsed.error });
  if (parsed.data.permissions.includes(deleting))
    throw new RightsTooWide(
      `the identity that uploads to ${gcs.bucket} may also delete there, and so overwrite`,
      `Give it roles/storage.objectCreator and a role with storage.objects.list, and nothing with ${deleting}.`,
    );
}
