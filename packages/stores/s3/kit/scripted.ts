import { Readable } from "node:stream";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { clientDefaults } from "../open.ts";

/** A request as it would go over the wire, signed. */
export type Asked = {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: Uint8Array | undefined;
  /** `GET`, `PUT ?partNumber=2`, `POST ?uploads`: what tells S3's calls apart. */
  call: string;
};
export type Reply = { status?: number; headers?: Record<string, string>; body?: string | Readable };
export type Scripted = { client: S3Client; asked: Asked[] };

const secrets = { accessKeyId: "AKIDSCRIPTED", secretAccessKey: "verysecretkey", sessionToken: "verysecrettoken" };

/** An S3 client whose requests are answered by a function instead of a network. `tries`: how often the SDK sends one request at most. */
export function scripted(
  reply: (request: Asked) => Reply | Promise<Reply>,
  tries = 1,
  retryStrategy: S3ClientConfig["retryStrategy"] = { mode: "test", ...impatient(tries) },
  credentials: S3ClientConfig["credentials"] = secrets,
): Scripted {
  const asked: Asked[] = [];
  const handle = async (request: Omit<Asked, "call">) => {
    const told = { ...request, call: nameOf(request) };
    asked.push(told);
    const { status = 200, headers = {}, body = "" } = await reply(told);
    const stream = typeof body === "string" ? Readable.from(body === "" ? [] : [Buffer.from(body)]) : body;
    return { response: { statusCode: status, headers: { "x-amz-request-id": "1", ...headers }, body: stream } };
  };
  const client = new S3Client({
    ...clientDefaults,
    region: "eu-central-1",
    credentials,
    maxAttempts: tries,
    retryStrategy,
    requestHandler: { handle } as never,
  });
  return { client, asked };
}

/** The SDK's retries without its pauses. */
function impatient(tries: number) {
  const token = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 0 });
  return {
    acquireInitialRetryToken: async () => token(0),
    refreshRetryTokenForRetry: async (last: { getRetryCount(): number }, error: { errorType: string }) => {
      if (error.errorType === "CLIENT_ERROR" || last.getRetryCount() + 1 >= tries) throw new Error("no more tries");
      return token(last.getRetryCount() + 1);
    },
    recordSuccess: () => {},
  };
}

function nameOf({ method, query }: Omit<Asked, "call">): string {
  const telling = Object.entries(query).filter(([key]) =>
    ["partNumber", "uploads", "uploadId", "versions", "tagging", "retention", "restore"].includes(key),
  );
  const shown = telling.flatMap(([key, value]) =>
    key === "uploadId" && query.partNumber ? [] : [key === "partNumber" ? `${key}=${value}` : key],
  );
  return [method, ...shown].join(" ");
}

export const errorBody = (code: string, more = ""): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code} it is</Message>${more}</Error>`;
export const beginBody = "<InitiateMultipartUploadResult><UploadId>U1</UploadId></InitiateMultipartUploadResult>";
export const completeBody = '<CompleteMultipartUploadResult><ETag>"e-2"</ETag></CompleteMultipartUploadResult>';
export const versionsBody = (versions: { key: string; bytes: number; etag: string; latest?: boolean }[], more = ""): string =>
  `<ListVersionsResult>${versions
    .map(
      ({ key, bytes, etag, latest = true }, i) =>
        `<Version><Key>${key}</Key><VersionId>v${i}</VersionId><IsLatest>${latest}</IsLatest><Size>${bytes}</Size><ETag>"${etag}"</ETag><LastModified>2026-11-21T00:00:00.000Z</LastModified></Version>`,
    )
    .join("")}${more || "<IsTruncated>false</IsTruncated>"}</ListVersionsResult>`;
