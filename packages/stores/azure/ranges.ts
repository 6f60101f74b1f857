import { ObjectExists, type Part, type Stored, type StoreRanges, type Upload, UploadGone } from "@holdfast/core";
import { PartsMissing } from "../errors.ts";
import { wholePart } from "../partsize.ts";
import { pull } from "../pull.ts";
import { blockId, newToken } from "./blockid.ts";
import { blockSize } from "./blocksize.ts";
import { putBlock, putMarker, type Uploaded, uploaded } from "./blocks.ts";
import type { Azure } from "./call.ts";
import { putBlockList } from "./commit.ts";
import { crc64, joinCrc64 } from "./crc64.ts";
import { headWithMore, madeBy } from "./head.ts";

/** A list of 50,000 blocks is 7 MB, so not every put looks whether its upload is still there: a block that comes too late does no harm. */
const putsPerLook = 32;

/** Azure knows blocks and no uploads: that one was begun or aborted is said by a block of its own, see {@link marker}. */
export function azureRanges(azure: Azure): StoreRanges {
  const puts = new Map<string, number>();
  return {
    limits: azure.limits,
    async begin(key, bytes) {
      const part = blockSize(key, bytes, azure);
      const token = newToken();
      await putMarker(azure, key, token, "begun");
      return { key, token, part, bytes };
    },
    async *parts(upload) {
      yield* partsOf(upload, await requireOpen(azure, upload));
    },
    async put(upload, n, body, context) {
      const bytes = await wholePart(upload, n, pull(body, context.signal));
      const before = puts.get(upload.token) ?? 0;
      if (before % putsPerLook === 0) await requireOpen(azure, upload);
      puts.set(upload.token, before + 1);
      return putBlock(azure, upload.key, upload.token, n, bytes, context.signal);
    },
    async commit(upload, parts) {
      puts.delete(upload.token);
      return commit(
        azure,
        upload,
        parts.toSorted((a, b) => a.n - b.n),
      );
    },
    async abort(upload) {
      puts.delete(upload.token);
      if ((await uploaded(azure, upload.key, upload.token)).open) await putMarker(azure, upload.key, upload.token, "aborted");
    },
  };
}

async function requireOpen(azure: Azure, upload: Upload): Promise<Uploaded> {
  const found = await uploaded(azure, upload.key, upload.token);
  if (!found.open) throw gone(upload);
  return found;
}
const gone = ({ key }: Upload) =>
  new UploadGone(`the upload of ${key} was committed or aborted`, "Look whether the object is there; else begin again.");

/** One for each part that is there, by number. Of a part that was sent twice with other bytes, one: the sum of the whole finds it out. */
function partsOf({ bytes, token }: Upload, { blocks }: Uploaded): Part[] {
  if (bytes === 0) return [emptyPart(token)];
  const byNumber = new Map(blocks.map(({ n, bytes, id, crc }) => [n, { n, bytes, etag: id, sums: { crc64nvme: crc } }]));
  return [...byNumber.values()].sort((a, b) => a.n - b.n);
}
function emptyPart(token: string): Part {
  const crc = crc64(new Uint8Array());
  return { n: 1, bytes: 0, etag: blockId({ token, n: 1, bytes: 0, crc }), sums: { crc64nvme: crc } };
}

/** A commit by the same caller may have been made before and its answer lost; then what stands there is ours. */
async function commit(azure: Azure, upload: Upload, parts: readonly Part[]): Promise<Stored> {
  const held = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  if (held !== upload.bytes) throw new PartsMissing(upload.key, `the parts make ${held} of ${upload.bytes} bytes`);
  const { open, blocks } = await uploaded(azure, upload.key, upload.token);
  if (!open) return await committed(azure, upload, parts);
  const ids = new Set(blocks.map(({ id }) => id));
  if (parts.some(({ bytes, etag }) => bytes > 0 && !ids.has(etag)))
    throw new PartsMissing(upload.key, "the store holds other parts than these");
  return putBlockList(azure, upload, parts, { repeated: true });
}

async function committed(azure: Azure, upload: Upload, parts: readonly Part[]): Promise<Stored> {
  const found = await headWithMore(azure, { key: upload.key });
  if (!found) throw gone(upload);
  const crc = joinCrc64(parts.map(({ bytes, sums }) => ({ crc: sums.crc64nvme ?? "0", bytes })));
  const ours = madeBy({ token: upload.token, bytes: upload.bytes, crc }, found);
  if (!ours) throw new ObjectExists(upload.key);
  return ours;
}
