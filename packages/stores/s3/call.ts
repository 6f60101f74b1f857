import type { S3Client } from "@aws-sdk/client-s3";
import type { Limits } from "@holdfast/core";
import { translate } from "./errors.ts";

export type Checksum = "crc32" | "crc64nvme" | "none";
/** What every port of one S3 store works with. */
export type S3 = {
  client: S3Client;
  bucket: string;
  checksum: Checksum;
  versions: boolean;
  limits: Limits;
  /** Preferred part size, bytes. */
  part: number;
  /** Bytes that create() may hold in parts. */
  memory: number;
  /** Keys that a listing asks for at once. */
  page: number;
};
export type SendOptions = { abortSignal?: AbortSignal };

/** Makes one call and translates its failure. When `signal` fired, its reason is thrown instead. */
export async function call<T>(
  s3: S3,
  action: string,
  key: string,
  signal: AbortSignal | undefined,
  send: (options: SendOptions) => Promise<T>,
): Promise<T> {
  try {
    return await send(signal ? { abortSignal: signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw translate(error, { action, bucket: s3.bucket, key });
  }
}

/** Names one version in a request: by its id, or by its ETag where the store has no versions. */
export function pinned(s3: S3, at: { key: string; version?: string }): { VersionId?: string; IfMatch?: string } {
  if (at.version === undefined) return {};
  return s3.versions ? { VersionId: at.version } : { IfMatch: at.version };
}

/** Lets answers be asked for the store's own date with {@link saidAt}: writes do not tell it in any other way. */
export function rememberDates(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers?: Record<string, string> };
      if (result.output) Object.assign(result.output.$metadata, { date: headers?.date });
      return result;
    },
    { step: "deserialize", priority: "high", name: "rememberDates", override: true },
  );
}

/** When the store answered, to the second. */
export const saidAt = ({ $metadata }: { $metadata: object }): Date => new Date(("date" in $metadata && String($metadata.date)) || 0);
