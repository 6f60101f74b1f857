/** What the status says of every backup of a database at RDS, good as it may be. */
export function cautionsOf({ dump }: { dump: unknown }): string[] {
  const weakness = "snapshots have no lock and cannot leave AWS: whoever may delete snapshots in this account can delete these";
  return dump === false
    ? [`${weakness}, and the plan says dump: false, so nothing of it is outside`]
    : [`${weakness}; the source of the same name with -dump is locked, and can be copied elsewhere`];
}
