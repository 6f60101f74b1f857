import { randomBytes } from "node:crypto";
import { ObjectExists, type Part, type Stored, type StoreRanges, StoreUnavailable, type Upload, UploadGone } from "@holdfast/core";
import { PartsMissing } from "../errors.ts";
import { equalPart, wholePart } from "../partsize.ts";
import { pull } from "../pull.ts";
import type { Answer, Gcs } from "./call.ts";
import { causeOf, said, translate } from "./errors.ts";
import { look } from "./list.ts";
import { type Resource, stored } from "./resource.ts";
import { refuseOverwriters } from "./rights.ts";
import { unknown } from "./settle.ts";
import { abort, complete, initiate, listParts, nameKey, openOf, sendPart, tokenOf } from "./upload.ts";

/** Each put() holds its part in memory, because its digest goes ahead of the bytes. */
export function gcsRanges(gcs: Gcs): StoreRanges {
  let narrow: Promise<void> | undefined;
  const checked = (): Promise<void> => {
    narrow ??= refuseOverwriters(gcs).catch((error) => {
      narrow = undefined;
      throw error;
    });
    return narrow;
  };
  return {
    limits: gcs.limits,
    async begin(key, bytes) {
      const part = equalPart(key, bytes, gcs.limits, gcs.part);
      await checked();
      const name = randomBytes(16).toString("hex");
      return { key, token: tokenOf({ name, id: await initiate(gcs, key, name) }), part, bytes };
    },
    parts: (upload) => listParts(gcs, upload),
    async put(upload, n, body, context) {
      const bytes = await wholePart(upload, n, pull(body, context.signal));
      return sendPart(gcs, upload, n, bytes, context.signal);
    },
    async commit(upload, parts) {
      const held = parts.reduce((sum, part) => sum + part.bytes, 0);
      if (held !== upload.bytes) throw new PartsMissing(upload.key, `the parts make ${held} of ${upload.bytes} bytes`);
      await checked();
      return commit(
        gcs,
        upload,
        parts.toSorted((a, b) => a.n - b.n),
      );
    },
    abort: (upload) => abort(gcs, upload),
  };
}

/** Looks before and after: before, since nobody is told that a key is taken; after, since only the object itself says whose it is. */
async function commit(gcs: Gcs, upload: Upload, parts: readonly Part[]): Promise<Stored> {
  const before = await look(gcs, upload.key);
  if (before) return ours(upload, before);
  const answer = await complete(gcs, upload, parts);
  const { code } = said(answer);
  if (notWhatItHolds.has(code)) throw new PartsMissing(upload.key, "the store holds other parts than these", { cause: causeOf(answer) });
  const after = await lookAgain(gcs, upload, answer);
  if (after) return ours(upload, after);
  throw notThere(gcs, upload, answer);
}
const notWhatItHolds = new Set(["InvalidPart", "InvalidPartOrder", "EntityTooSmall"]);

function ours({ key, ...upload }: Upload, found: Resource): Stored {
  if (found.metadata[nameKey] === openOf({ key, ...upload }).name && Number(found.size) === upload.bytes) return stored(found);
  throw new ObjectExists(key);
}

const sentOf = ({ key, bytes }: Upload) => ({ key, bytes, isOurs: () => false });

async function lookAgain(gcs: Gcs, upload: Upload, answer: Answer): Promise<Resource | undefined> {
  try {
    return await look(gcs, upload.key);
  } catch (error) {
    throw answer.status === 200 || answer.lost ? unknown(sentOf(upload), error) : error;
  }
}

function notThere(gcs: Gcs, upload: Upload, answer: Answer): Error {
  const refused = translate(answer, { permission: "storage.objects.create", bucket: gcs.bucket, key: upload.key });
  if (refused instanceof UploadGone) return refused;
  if (answer.status === 200)
    return new StoreUnavailable(
      `${upload.key} was made and is not there`,
      "Look whether a lifecycle rule or a person removes objects at once.",
    );
  return answer.lost ? unknown(sentOf(upload), refused.cause) : refused;
}
