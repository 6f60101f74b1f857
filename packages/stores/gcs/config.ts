import { perUse } from "@holdfast/core";
import { z } from "zod";

const loopback = new Set(["127.0.0.1", "localhost", "[::1]"]);
export const isLoopback = (url: string): boolean => loopback.has(URL.parse(url)?.hostname ?? "");
/** Tokens are good for everything that their identity may do, so they go to Google or stay on this machine. */
const isGoogle = (url: string): boolean => /^https:/i.test(url) && /(^|\.)googleapis\.com$/.test(URL.parse(url)?.hostname ?? "");

export const config = z
  .strictObject({
    /** https://docs.cloud.google.com/storage/docs/buckets#naming */
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/, "a bucket's name: 3 to 63 lower-case letters, digits, and - _ . inside"),
    /** Where Google keeps the bucket, in Google's words (`europe-west3`, `eu`). */
    location: z.string().min(1).optional(),
    /** Undefined: https://storage.googleapis.com. A regional or private endpoint of Google, or a server on this machine. */
    endpoint: z
      .url({ protocol: /^https?$/, abort: true })
      .refine((url) => isGoogle(url) || isLoopback(url), "an endpoint is https and of googleapis.com, or on this machine")
      .optional(),
    /** Keyless: the role that runs is known to a provider of a workload identity pool. */
    federation: z
      .strictObject({
        /** The provider's full resource name. */
        audience: z
          .string()
          .regex(
            /^\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[^/]+\/providers\/[^/]+$/,
            "a provider's full name: //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
          ),
        /**
         * What the provider is. `aws`: it asks AWS itself who the role is. `oidc`: it trusts the account's own issuer of JWTs
         * (`aws iam enable-outbound-web-identity-federation`), which Azure needs too.
         */
        provider: z.enum(["aws", "oidc"]).default("aws"),
        /** To act as, one for each use or one for all. Undefined: the pool's own principals have the rights, which tells roles apart without more accounts. */
        serviceAccount: perUse(z.email()).optional(),
      })
      .optional(),
    /** The name of a secret that holds a service account's key as Google's JSON file, one for each use or one for all; for those who cannot federate. */
    credentials: perUse(z.string().min(1)).optional(),
    /** Whether objects can be locked one by one (per-object retention). Undefined: Google's own endpoint can. */
    locks: z.boolean().optional(),
    /** Where they are to be tighter than Google's. */
    limits: z
      .strictObject({ maxParts: z.int().positive(), maxPart: z.int().positive(), maxObject: z.int().positive() })
      .partial()
      .default({}),
  })
  .refine(({ federation, credentials }) => !(federation && credentials), "federation or credentials, not both")
  .refine(
    ({ endpoint = "", federation, credentials }) => federation !== undefined || credentials !== undefined || isLoopback(endpoint),
    "say who asks: federation, or the name of a secret in credentials; only a server on this machine is asked by nobody",
  );
export type GcsConfig = z.infer<typeof config>;
