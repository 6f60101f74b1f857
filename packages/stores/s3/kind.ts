import { ofUse, type StoreKind, tokenFor } from "@holdfast/core";
import { allowedFor } from "./actions.ts";
import { config, hasMarks, type S3Config } from "./config.ts";
import { actorsOf } from "./keyless.ts";
import { placeOf } from "./place.ts";
import { setup } from "./setup.ts";

export type { S3Config } from "./config.ts";

/** S3, and whatever speaks its protocol. */
export const s3: StoreKind<S3Config> = {
  name: "s3",
  config,
  expires: hasMarks,
  // Not from the environment: AWS's own keys there would be signed into requests to a stranger.
  login: { form: '{"accessKeyId": "…", "secretAccessKey": "…"}' },
  identities({ credentials, federation }) {
    if (federation) return actorsOf(federation);
    return credentials === undefined ? undefined : { at: "credentials", of: credentials };
  },
  place: placeOf,
  setup,
  needs: (rights, store, use) => ({
    secrets: store.credentials === undefined ? [] : [ofUse(store.credentials, use)],
    allow: store.federation ? [tokenFor([store.federation.audience])] : store.endpoint === undefined ? allowedFor(rights, store) : [],
  }),
};
