/**
 * What S3 would do with lifecycle rules, day by day, in a versioned bucket with Object Lock. Rules come in the shape of the resource
 * `aws:s3/bucketLifecycleConfiguration`. https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html
 */
export type LifecycleRule = {
  id: string;
  status: string;
  filter?: LifecycleFilter | undefined;
  expiration?: { days?: number | undefined; date?: string | undefined; expiredObjectDeleteMarker?: boolean | undefined } | undefined;
  noncurrentVersionExpiration?: { noncurrentDays?: number | undefined; newerNoncurrentVersions?: number | undefined } | undefined;
  transitions?: { days?: number | undefined; date?: string | undefined; storageClass: string }[] | undefined;
  noncurrentVersionTransitions?: unknown;
  abortIncompleteMultipartUpload?: { daysAfterInitiation?: number | undefined } | undefined;
};
type Tag = { key: string; value: string };
type Sizes = { objectSizeGreaterThan?: number | undefined; objectSizeLessThan?: number | undefined };
export type LifecycleFilter = Sizes & {
  prefix?: string | undefined;
  tag?: Tag | undefined;
  and?: (Sizes & { prefix?: string | undefined; tags?: Record<string, string> | undefined }) | undefined;
};
/** One version of one object, a delete marker or an upload that was not finished. */
export type LifecycleObject = {
  key: string;
  createdAt: Date;
  tags?: Record<string, string> | undefined;
  bytes?: number | undefined;
  /** Present where it is not the newest version any more: since when. */
  noncurrentSince?: Date | undefined;
  lockedUntil?: Date | undefined;
  kind?: "version" | "upload" | "marker" | undefined;
  /** For a delete marker: whether older versions lie under it. */
  alone?: boolean | undefined;
  /** GLACIER and the like; it cannot move twice to the same. */
  storageClass?: string | undefined;
};
/** `hide`: a delete marker is put on top, the version becomes noncurrent. `remove`: the version is gone for good. */
export type LifecycleAction<T> = { object: T; rule: string; do: "hide" | "remove" | "abort" | "archive"; to?: string };

const day = 86_400_000;
/** Since September 2024 S3 moves nothing smaller to an archive class unless a rule's filter speaks of sizes. */
const smallestArchived = 131_072;

/** What S3 will have begun by `now`. It counts from creation and rounds up to the next midnight UTC; then it may take its time. */
export function lifecycle<T extends LifecycleObject>(
  rules: readonly LifecycleRule[],
  objects: readonly T[],
  now: Date,
): LifecycleAction<T>[] {
  for (const rule of rules) refuse(rule);
  const enabled = rules.filter((rule) => rule.status === "Enabled");
  return objects.flatMap((object) => {
    const actions = enabled.filter((rule) => matches(rule.filter, object)).flatMap((rule) => actionsOf(rule, object, now));
    // A permanent deletion goes before an expiration, and that before a transition.
    return (["remove", "abort", "hide", "archive"] as const)
      .flatMap((kind) => actions.find((action) => action.do === kind) ?? [])
      .slice(0, 1);
  });
}

function actionsOf<T extends LifecycleObject>(rule: LifecycleRule, object: T, now: Date): LifecycleAction<T>[] {
  const action = (kind: LifecycleAction<T>["do"], to?: string): LifecycleAction<T> => ({
    object,
    rule: rule.id,
    do: kind,
    ...(to ? { to } : {}),
  });
  const due = (from: Date, days: number | undefined) =>
    days !== undefined && now.getTime() >= Math.ceil((from.getTime() + days * day) / day) * day;
  if (object.kind === "upload")
    return due(object.createdAt, rule.abortIncompleteMultipartUpload?.daysAfterInitiation) ? [action("abort")] : [];
  if (object.kind === "marker")
    return rule.expiration?.expiredObjectDeleteMarker === true && object.alone === true ? [action("remove")] : [];
  if (object.noncurrentSince) {
    const locked = object.lockedUntil !== undefined && object.lockedUntil > now;
    return !locked && due(object.noncurrentSince, rule.noncurrentVersionExpiration?.noncurrentDays) ? [action("remove")] : [];
  }
  const moves = (rule.transitions ?? []).filter(
    ({ days, storageClass }) => due(object.createdAt, days) && storageClass !== object.storageClass && largeEnough(rule.filter, object),
  );
  return [
    // A lock protects versions and not keys: a delete marker may cover what is locked.
    ...(due(object.createdAt, rule.expiration?.days) ? [action("hide")] : []),
    ...moves.map(({ storageClass }) => action("archive", storageClass)),
  ];
}

function largeEnough(filter: LifecycleFilter | undefined, object: LifecycleObject): boolean {
  const speaks = [filter, filter?.and].some((of) => of?.objectSizeGreaterThan !== undefined || of?.objectSizeLessThan !== undefined);
  return speaks || (object.bytes ?? Number.POSITIVE_INFINITY) >= smallestArchived;
}

function matches(filter: LifecycleFilter | undefined, object: LifecycleObject): boolean {
  const { prefix = "", tag, and } = filter ?? {};
  const tags = { ...(tag ? { [tag.key]: tag.value } : {}), ...and?.tags };
  const fits = (sizes: Sizes | undefined) =>
    (object.bytes ?? 0) > (sizes?.objectSizeGreaterThan ?? -1) &&
    (object.bytes ?? 0) < (sizes?.objectSizeLessThan ?? Number.POSITIVE_INFINITY);
  return (
    object.key.startsWith(prefix) &&
    object.key.startsWith(and?.prefix ?? "") &&
    Object.entries(tags).every(([key, value]) => object.tags?.[key] === value) &&
    (object.bytes === undefined || (fits(filter) && fits(and)))
  );
}

/** What PutBucketLifecycleConfiguration answers with an error, so that a test does not build on it. */
function refuse(rule: LifecycleRule): void {
  const tagged = rule.filter?.tag !== undefined || Object.keys(rule.filter?.and?.tags ?? {}).length > 0;
  const alone = [
    rule.filter?.prefix,
    rule.filter?.tag,
    rule.filter?.and,
    rule.filter?.objectSizeGreaterThan,
    rule.filter?.objectSizeLessThan,
  ];
  if (alone.filter((each) => each !== undefined).length > 1) throw new Error(`${rule.id}: a filter with several conditions needs "and"`);
  if (tagged && rule.abortIncompleteMultipartUpload) throw new Error(`${rule.id}: uploads have no tags to filter by`);
  if (tagged && rule.expiration?.expiredObjectDeleteMarker) throw new Error(`${rule.id}: delete markers have no tags to filter by`);
  if (rule.expiration?.expiredObjectDeleteMarker && rule.expiration.days !== undefined)
    throw new Error(`${rule.id}: expiredObjectDeleteMarker and days exclude each other`);
  if (rule.expiration?.date ?? rule.transitions?.some(({ date }) => date)) throw new Error(`${rule.id}: dates are not evaluated here`);
  if (rule.noncurrentVersionTransitions ?? rule.noncurrentVersionExpiration?.newerNoncurrentVersions)
    throw new Error(`${rule.id}: noncurrent transitions and counts are not evaluated here`);
  if (rule.status !== "Enabled" && rule.status !== "Disabled") throw new Error(`${rule.id}: status is Enabled or Disabled`);
}
