import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { type OpenStore, ofUse, type Secrets, SecretUnusable } from "@holdfast/core";
import { z } from "zod";
import { jsonOf } from "../json.ts";
import { mostTries } from "../retry.ts";
import type { S3Config } from "./config.ts";
import { federatedKeys } from "./federated.ts";
import { patience } from "./patience.ts";
import { s3Store } from "./s3.ts";
import { asked, renewRefused } from "./temporary.ts";

const accessKey = z.object({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().min(1).optional(),
});

/** Milliseconds. A connection that moves no byte for so long is dead; a reader that pauses for longer goes on over a new one. */
const silence = 60_000;
const connecting = 10_000;

/** Opens the store that the plan describes. Throws {@link SecretUnusable}. */
export const open: OpenStore<S3Config> = async (config, { secrets, region, identity, use, now }) => {
  const elsewhere = config.endpoint !== undefined;
  const keys = config.federation && federatedKeys(config.federation, use, identity, now);
  const own = config.credentials === undefined ? undefined : await credentialsFrom(ofUse(config.credentials, use), secrets);
  const credentials = keys ? asked(keys) : own;
  const client = new S3Client({
    ...clientDefaults,
    region: config.region ?? region,
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint, forcePathStyle: true }),
    ...(credentials ? { credentials } : {}),
  });
  if (keys) renewRefused(client, keys);
  const { bucket, checksum, versions, limits, locks = !elsewhere, archive = !elsewhere } = config;
  const tighter = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  return s3Store(client, { bucket, checksum, versions, locks, archive, limits: tighter });
};

/**
 * Checksums are asked for call by call: the SDK's own choice adds trailers that stores other than AWS refuse
 * (https://github.com/aws/aws-sdk-js-v3/issues/6810). A bucket that moved is an error of the plan, so redirects are not followed.
 */
export const clientDefaults = {
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
  followRegionRedirects: false,
  maxAttempts: mostTries,
  retryStrategy: patience(),
  requestHandler: { connectionTimeout: connecting, socketTimeout: silence },
} satisfies S3ClientConfig;

type AccessKey = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
async function credentialsFrom(name: string, secrets: Secrets): Promise<AccessKey> {
  const parsed = accessKey.safeParse(jsonOf(await secrets(name)));
  if (parsed.success) {
    const { sessionToken, ...pair } = parsed.data;
    return sessionToken === undefined ? pair : { ...pair, sessionToken };
  }
  const paths = parsed.error.issues.map(({ path }) => path.join(".") || "the whole").join(", ");
  throw new SecretUnusable(
    `the secret ${name} is not an access key: ${paths}`,
    'It must be JSON: {"accessKeyId": "…", "secretAccessKey": "…"}.',
  );
}
