import { type StoreUse, useRights } from "@holdfast/core";
import { allowedFor } from "../actions.ts";

/** An identity of SeaweedFS for one use of a bucket. */
type Identity = { name: string; policies: { own: { Version: "2012-10-17"; Statement: Record<string, unknown>[] } } };

/** It may do what AWS would let it. SeaweedFS asks for the right on an object where AWS asks for that on a version of it, but for reading. */
export function identityFor(use: StoreUse, bucket: string): Identity {
  const allowed = allowedFor(useRights[use], { bucket, versions: true, locks: false, endpoint: undefined });
  const plain = (action: string) => action.replace("ObjectVersion", "Object");
  const Statement = allowed.map(({ actions, resources }) => ({
    Effect: "Allow",
    Action: [...new Set(actions.flatMap((action) => [action, plain(action)]))],
    Resource: resources,
  }));
  return { name: use, policies: { own: { Version: "2012-10-17", Statement } } };
}
