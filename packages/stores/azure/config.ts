import { perUse } from "@holdfast/core";
import { z } from "zod";

const loopback = new Set(["127.0.0.1", "localhost", "[::1]"]);
export const isLoopback = (url: string): boolean => loopback.has(URL.parse(url)?.hostname ?? "");
/** Tokens, keys and signatures are good for more than one container, so they go to Azure, in each of its clouds, or stay on this machine. */
const azures = ["core.windows.net", "storage.azure.net", "core.usgovcloudapi.net", "core.chinacloudapi.cn"];
const entras = ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"];
const address = (whose: string, hosts: readonly string[]) =>
  z.url({ protocol: /^https?$/, abort: true }).refine((url) => {
    const { protocol, hostname = "" } = URL.parse(url) ?? {};
    return loopback.has(hostname) || (protocol === "https:" && hosts.some((host) => hostname === host || hostname.endsWith(`.${host}`)));
  }, `an address is https and ${whose}, or on this machine`);
/** Entra names tenants and applications by GUIDs; a tenant may also be one of its domains. */
const guid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "a GUID, as Entra shows it");

export const config = z
  .strictObject({
    account: z.string().regex(/^[a-z0-9]{3,24}$/, "a storage account's name: 3 to 24 lower-case letters and digits"),
    container: z
      .string()
      .regex(/^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/, "a container's name: 3 to 63 lower-case letters, digits and single hyphens"),
    /** The blob service, where it is not `https://{account}.blob.core.windows.net`: another cloud of Azure's, a private address. */
    endpoint: address("of Azure Storage", azures).optional(),
    /** Where the account is, in Azure's words: `westeurope`. Says whether the plan's residency is kept. */
    region: z.string().min(1).optional(),
    /**
     * Without any standing secret: an app registration or managed identity whose federated credential trusts the role that runs, by a
     * token of AWS. https://learn.microsoft.com/entra/workload-id/workload-identity-federation
     */
    federation: z
      .strictObject({
        tenant: z.union([guid, z.hostname()]),
        /** One for each use, or one that may do everything. */
        client: perUse(guid),
        /** Where tokens are exchanged, in another cloud of Azure's. */
        authority: address("of Entra", entras).default("https://login.microsoftonline.com"),
      })
      .optional(),
    /** The name of a secret that holds `{"accountKey": "…"}` or `{"sas": "…"}`, one for each use or one for all. */
    credentials: perUse(z.string().min(1)).optional(),
    /** Sent with every block and checked by the service. `md5` is for Azurite, which knows no CRC64. */
    checksum: z.enum(["crc64nvme", "md5"]).default("crc64nvme"),
    /** False for accounts without blob versioning: an object's version is then its ETag. */
    versions: z.boolean().default(true),
    /** Whether the container has support for version-level immutability, which has to be switched on when it is made. */
    locks: z.boolean().default(false),
    /** Whether the account has the archive tier. Zone-redundant ones have not. */
    archive: z.boolean().default(true),
    limits: z
      .strictObject({ maxParts: z.int().positive(), maxPart: z.int().positive(), maxObject: z.int().positive() })
      .partial()
      .default({}),
  })
  .refine(
    ({ federation, credentials }) => (federation === undefined) !== (credentials === undefined),
    "name either federation, which needs no standing secret, or credentials",
  )
  .refine(({ versions, locks }) => versions || !locks, "locks hold versions: they need blob versioning");
export type AzureConfig = z.infer<typeof config>;

/** What Entra asks of a token from elsewhere. */
export const audience = "api://AzureADTokenExchange";
