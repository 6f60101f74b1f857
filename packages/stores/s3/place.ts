import type { Place } from "@holdfast/core";

/** As the plan says it. */
export type Where = { endpoint?: string | undefined; region?: string | undefined };
const loopback = new Set(["127.0.0.1", "localhost", "[::1]"]);
export const isLoopback = (url: string): boolean => loopback.has(URL.parse(url)?.hostname ?? "");

/**
 * Whose endpoints say where their buckets are.
 * - AWS: https://docs.aws.amazon.com/general/latest/gr/s3.html
 * - Scaleway: https://www.scaleway.com/en/docs/object-storage/api-cli/using-api-call-list
 * - Cloudflare: https://developers.cloudflare.com/r2/reference/data-location/, which has a jurisdiction in it or promises nothing
 * - Yandex: https://yandex.cloud/en/docs/storage/concepts/bucket, one for Russia and one for Kazakhstan
 */
const known: readonly [RegExp, Place["cloud"], (match: RegExpExecArray) => string | undefined][] = [
  [/(?:^|\.)s3(?:-fips)?(?:\.dualstack)?\.([a-z0-9-]+)\.amazonaws\.com$/, "aws", ([, region]) => region],
  [/(?:^|\.)s3\.([a-z]{2}-[a-z]{3})\.scw\.cloud$/, "scaleway", ([, region]) => region],
  [/^[0-9a-z]+(?:\.([a-z]+))?\.r2\.cloudflarestorage\.com$/, "cloudflare", ([, jurisdiction]) => jurisdiction],
  [/(?:^|\.)(?:storage|s3)\.yandexcloud\.(net|kz)$/, "yandex", ([, end]) => (end === "kz" ? "kz1" : "ru-central1")],
];

/** What the endpoint says, whatever the plan calls the region; elsewhere what the plan says. In AWS a bucket is where the plan is, or is not found. */
export function placeOf({ endpoint, region }: Where, home: string): Place {
  if (endpoint === undefined) return { cloud: "aws", region: region ?? (home || undefined), field: "region" };
  if (isLoopback(endpoint)) return { cloud: "local", region: undefined, field: "endpoint" };
  const host = URL.parse(endpoint)?.hostname ?? "";
  for (const [pattern, cloud, regionIn] of known) {
    const match = pattern.exec(host);
    if (match) return { cloud, region: regionIn(match), field: "endpoint" };
  }
  return { cloud: "other", region, field: "region" };
}
