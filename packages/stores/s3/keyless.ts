import { ofUse, type PerUse, perUseOrPruned, type SetupOf, type StoreUse } from "@holdfast/core";
import { z } from "zod";
import { isLoopback, placeOf, type Where } from "./place.ts";

/** What a JWT is for; whoever checks it compares it letter by letter. */
const audience = z.string().min(1).max(1_000);
const address = z
  .url({ protocol: /^https?$/, abort: true })
  .refine((url) => /^https:/i.test(url) || isLoopback(url), "an address other than this machine needs https: a token goes there");

/** A store with an STS of its own: MinIO and AIStor, Ceph, SeaweedFS, versitygw. `role`: as it names it, where it has roles (MinIO may go by the token alone). */
const bySts = z.strictObject({ sts: address, audience, role: perUseOrPruned(z.string().min(1).max(2_048)).optional() });
/** Yandex Cloud, whose federation lends the rights of a service account. */
const byYandex = z.strictObject({
  serviceAccount: perUseOrPruned(z.string().regex(/^[a-z0-9]{20}$/, "the id of a service account: 20 letters and digits")),
  audience,
});

/**
 * Without any standing key: the store takes a JWT of AWS that says which role runs, and gives temporary keys for it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound.html
 */
export const federation = z.union([bySts, byYandex]);
export type Federation = z.infer<typeof federation>;

/** Who acts in the store, for each use or for all, and the field that names them. Undefined where only the token says it. */
export function actorsOf(given: Federation): { at: string; of: PerUse } | undefined {
  if (!("sts" in given)) return { at: "federation.serviceAccount", of: given.serviceAccount };
  return given.role === undefined ? undefined : { at: "federation.role", of: given.role };
}

type Keyed = Where & { federation?: Federation | undefined; credentials?: unknown };
export const federationProblems: readonly (readonly [(said: Keyed) => boolean, string])[] = [
  [({ federation, credentials }) => federation !== undefined && credentials !== undefined, "name either federation or credentials"],
  [
    ({ federation, endpoint }) => federation !== undefined && endpoint === undefined,
    "federation is for stores that are not AWS: there the role that runs is allowed by its own policy and the bucket's",
  ],
  [
    ({ federation, endpoint, region }) =>
      federation !== undefined && "serviceAccount" in federation && placeOf({ endpoint, region }, "").region !== "ru-central1",
    "serviceAccount is for https://storage.yandexcloud.net; name sts and audience for others",
  ],
];

/** Tells sessions of one use from those of another in the store's own log. */
export const sessionOf = (use: StoreUse): string => `holdfast-${use}`;

/** Whom the store has to trust, in its own way, which no command of the S3 protocol says. */
export function trustOf(given: Federation, { account, roles }: SetupOf, uses: readonly StoreUse[]): string[] {
  const actors = actorsOf(given)?.of;
  return [
    `No key is needed. Let the store trust tokens of the issuer that "aws iam get-outbound-web-identity-federation-info" shows, for the audience ${given.audience}; "aws iam enable-outbound-web-identity-federation" makes AWS give them out, once for the account.`,
    ...uses.map((use) => {
      const subjects = roles[use].map((role) => `arn:aws:iam::${account}:role/${role}`).join(", ");
      return `Of those, ${actors === undefined ? "what may" : `${ofUse(actors, use)} is for those that`} ${use}: their subject is ${subjects}.`;
    }),
  ];
}
