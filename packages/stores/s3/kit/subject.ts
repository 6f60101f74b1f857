import { randomUUID } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import type { Subject } from "../../contract/contract.ts";
import { clientDefaults } from "../open.ts";
import { type S3Options, s3Store } from "../s3.ts";

/** The smallest parts that S3 takes. */
export const realParts = { part: 5_242_880 };
/** Parts that the local AWS takes all the same, so that bodies of many parts are sent quickly. Odd, so that no chunk ends with one. */
export const smallParts = { part: 300_007, limits: { minPart: 1 } };

export function clientFor(config: S3ClientConfig): S3Client {
  return new S3Client({ ...clientDefaults, forcePathStyle: true, ...config });
}

type Request = { method: string; query: Record<string, string>; body: Uint8Array };
type Sending = { request: Request };
const isCommit = ({ method, query }: Request) =>
  (method === "PUT" && !("partNumber" in query)) || (method === "POST" && "uploadId" in query);
const reset = () => Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });

/** Does `work` while the client's requests pass through `meddle`, after they were signed. */
async function meddling<T>(
  client: S3Client,
  meddle: (request: Request, send: () => Promise<unknown>) => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  const meddler = (next: (args: Sending) => Promise<unknown>) => (args: Sending) => meddle(args.request, () => next(args));
  client.middlewareStack.addRelativeTo(meddler as never, {
    relation: "after",
    toMiddleware: "httpSigningMiddleware",
    name: "meddling",
    override: true,
  });
  try {
    return await work();
  } finally {
    client.middlewareStack.remove("meddling");
  }
}

/** Whole writes and commits take effect, and the first `times` of their answers never arrive. */
export function loseAnswers<T>(client: S3Client, times: number, work: () => Promise<T>): Promise<T> {
  let left = times;
  const meddle = async (request: Request, send: () => Promise<unknown>) => {
    const lost = isCommit(request) && left-- > 0;
    const answer = await send();
    if (lost) throw reset();
    return answer;
  };
  return meddling(client, meddle, work);
}

/** Whole writes and commits never arrive. */
export function loseRequests<T>(client: S3Client, work: () => Promise<T>): Promise<T> {
  return meddling(client, (request, send) => (isCommit(request) ? Promise.reject(reset()) : send()), work);
}

/** One bit of every body changes on the way. */
export function tamper<T>(client: S3Client, work: () => Promise<T>): Promise<T> {
  const meddle = (request: Request, send: () => Promise<unknown>) => {
    if (request.method === "PUT" && request.body.length > 0) {
      request.body = new Uint8Array(request.body);
      request.body[0] = (request.body[0] ?? 0) ^ 1;
    }
    return send();
  };
  return meddling(client, meddle, work);
}

/** A bucket of its own, with versions and locks or without both. */
export async function freshBucket(client: S3Client, versions = true): Promise<string> {
  const bucket = `contract-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket, ...(versions ? { ObjectLockEnabledForBucket: true } : {}) }));
  return bucket;
}

type SubjectOptions = Omit<S3Options, "bucket"> & { part: number };

/** A store on a bucket of its own. What its ports cannot do is done by the same client. */
export async function s3Subject(client: S3Client, options: SubjectOptions): Promise<Subject> {
  return subjectOn(client, await freshBucket(client, options.versions), options);
}

export function subjectOn(client: S3Client, bucket: string, options: SubjectOptions): Subject {
  return {
    store: s3Store(client, { bucket, ...options }),
    part: options.part,
    page: options.page ?? 1_000,
    uploads: async (prefix) => {
      const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }));
      return Uploads?.length ?? 0;
    },
    overwrite: (key, bytes) => client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes })),
    remove: (key) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })),
    createArchived: async (key, bytes) => {
      const put = new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, StorageClass: "GLACIER" });
      return { key, version: (await client.send(put)).VersionId ?? "null" };
    },
  };
}
