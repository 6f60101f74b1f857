import { randomUUID } from "node:crypto";
import { type Limits, type Part, type StoreRanges, type Upload, UploadGone } from "@holdfast/core";
import { PartsMissing } from "../errors.ts";
import { equalPart, wholePart } from "../partsize.ts";
import { pull } from "../pull.ts";
import { type Bucket, type Clock, sha256, stored, sumsOf } from "./bucket.ts";

/** Uploads that were begun and neither committed nor aborted, by token. */
export type Uploads = Map<string, { upload: Upload; parts: Map<number, Uint8Array> }>;

export function memoryRanges(bucket: Bucket, uploads: Uploads, clock: Clock, limits: Limits): StoreRanges {
  const open = ({ key, token }: Upload) => {
    const found = uploads.get(token);
    if (!found)
      throw new UploadGone(`the upload of ${key} was committed or aborted`, "Look whether the object is there; else begin again.");
    return found;
  };
  return {
    limits,
    async begin(key, bytes) {
      const upload = { key, token: randomUUID(), part: equalPart(key, bytes, limits, limits.minPart), bytes };
      uploads.set(upload.token, { upload, parts: new Map() });
      return upload;
    },
    async *parts(upload) {
      for (const [n, bytes] of [...open(upload).parts].sort(([a], [b]) => a - b)) yield partOf(n, bytes);
    },
    async put(upload, n, body, context) {
      open(upload);
      const bytes = await wholePart(upload, n, pull(body, context.signal));
      open(upload).parts.set(n, bytes);
      clock.follow(context);
      return partOf(n, bytes);
    },
    async commit(upload, parts) {
      const etag = sha256(parts.map((part) => part.etag).join());
      if (!uploads.has(upload.token)) {
        const found = bucket.find(upload);
        if (found?.etag === etag) return stored(found);
      }
      const { parts: held } = open(upload);
      const chosen = parts.map(({ n, etag }) => [...held].find(([m, bytes]) => m === n && sha256(bytes) === etag)?.[1] ?? new Uint8Array());
      const bytes = Buffer.concat(chosen);
      if (bytes.length !== upload.bytes) throw new PartsMissing(upload.key, `the parts make ${bytes.length} of ${upload.bytes} bytes`);
      const version = bucket.create(upload.key, bytes, etag);
      uploads.delete(upload.token);
      return stored(version);
    },
    async abort({ token }) {
      uploads.delete(token);
    },
  };
}

const partOf = (n: number, bytes: Uint8Array): Part => ({ n, bytes: bytes.length, etag: sha256(bytes), sums: sumsOf(bytes) });
