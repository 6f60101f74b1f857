import { type StoreUse, useRights } from "@holdfast/core";
import { allowedFor } from "../actions.ts";

/** An identity of SeaweedFS for one use of a bucket. */
type Identity = { name: string; policies: { own: { Version: "2012-10-17"; Statement: Record<string, unknown>[] } } };

/** It may do what the setup of a store that is not AWS says. */
export function identityFor(use: StoreUse, bucket: string): Identity {
  const allowed = allowedFor(useRights[use], { bucket, versions: true, locks: false, endpoint: "elsewhere" });
  const Statement = allowed.map(({ actions, resources }) => ({ Effect: "Allow", Action: actions, Resource: resources }));
  return { name: use, policies: { own: { Version: "2012-10-17", Statement } } };
}
