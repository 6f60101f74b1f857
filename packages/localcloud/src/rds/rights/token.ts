/** A token that takes a password's place: `host:port/?Action=connect&DBUser=…&X-Amz-…`, a presigned URL without its scheme. */
export type Token = { host: string; path: string; user: string; accessKeyId: string; region: string };

const LASTS_MS = 15 * 60_000;

/** What a token claims; undefined when it is none, or over. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html */
export function parseToken(text: string, now: Date): Token | undefined {
  const url = URL.parse(`https://${text}`);
  const query = url?.searchParams;
  const [accessKeyId, , region, service] = query?.get("X-Amz-Credential")?.split("/") ?? [];
  const signed = dateOf(query?.get("X-Amz-Date") ?? "");
  const fits = url && query?.get("Action") === "connect" && service === "rds-db" && accessKeyId && region;
  if (!fits || !signed || now.getTime() > signed.getTime() + LASTS_MS) return undefined;
  return { host: url.host, path: text.slice(text.indexOf("/")), user: query.get("DBUser") ?? "", accessKeyId, region };
}

/** `20261121T131500Z` */
function dateOf(text: string): Date | undefined {
  const [, year, month, day, hour, minute, second] = text.match(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/) ?? [];
  return year ? new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) : undefined;
}
