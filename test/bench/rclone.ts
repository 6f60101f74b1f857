import type { Bucket } from "./copyjob.ts";
import { bare } from "./run.ts";
import { type Timed, timed } from "./stock.ts";

/** What it is asked, apart from what to copy: `--checksum` decides by sums instead of times; all else stays as it is by default. */
export const flags = ["--checksum"];

/** Copies one object as somebody types it. Several streams at once from 256 MiB on, each part sent with its MD5, sizes (and sums, where both have one) compared in the end. */
export function rcloneCopy(program: string, key: string, from: Bucket, to: Bucket, home: string): Promise<Timed> {
  const env = { ...bare(home), RCLONE_CONFIG: "/dev/null", RCLONE: program, ...remote("FROM", from), ...remote("TO", to) };
  return timed(`"$RCLONE" copyto ${flags.join(" ")} 'from:${from.bucket}/${key}' 'to:${to.bucket}/${key}'`, env, home);
}

const remote = (name: string, { endpoint, region, credentials }: Bucket): Record<string, string> =>
  Object.fromEntries(
    Object.entries({
      TYPE: "s3",
      PROVIDER: "SeaweedFS",
      ENDPOINT: endpoint,
      REGION: region,
      ACCESS_KEY_ID: credentials.accessKeyId,
      SECRET_ACCESS_KEY: credentials.secretAccessKey,
    }).map(([option, value]) => [`RCLONE_CONFIG_${name}_${option}`, value]),
  );
