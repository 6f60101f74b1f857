import { z } from "zod";

const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** The one artifact: the raft snapshot as the server sent it, gzip around tar, so it is not compressed again. */
export const SNAPSHOT = "vault.snap";

/** What a manifest tells of a vault backup in the clear: no address, and of all paths the plan's marker alone, which is to be no secret. */
export const native = z.strictObject({
  format: z.literal("holdfast-vault/1"),
  /** HashiCorp's answers to sys/health have a field `enterprise` (since 1.15), OpenBao's have not. */
  product: z.enum(["vault", "openbao"]),
  /** Of the node that sent it, `2.7.2` or `1.21.2+ent`. */
  version: z.string().max(64),
  clusterId: z.string().min(1).max(64),
  raft: z.strictObject({
    /** Grows with every write; of two backups of one cluster the later one has the higher. */
    index: count,
    term: count,
    /** One a member of the cluster: first 16 hexadecimal digits of the SHA-256 of `{node id} {cluster address}`. Tells a cluster from its restored twin. */
    servers: z.array(z.string().regex(/^[0-9a-f]{16}$/)).max(64),
  }),
  /** From core/seal-config inside the snapshot: what a restored cluster will ask for. */
  seal: z.strictObject({
    /** shamir, static, awskms, gcpckms, azurekeyvault, transit, pkcs11 … */
    type: z.string().max(64),
    /** Of the unseal keys, or of the recovery keys where the seal opens by itself. */
    shares: count,
    threshold: count,
    /** The id that the seal's wrapper wrote: a KMS key's ARN or alias, a static key's id. Undefined for shamir, or where it could not be read. */
    key: z.string().max(2048).optional(),
  }),
  archive: z.strictObject({ stateBytes: count, meta: sha256, state: sha256 }),
  /** Entries of state.bin: all, and those of secrets engines and auth methods (`logical/`, `auth/`, also below namespaces). */
  entries: z.strictObject({ all: count, data: count }),
  /** SHA-256 of what stood at the plan's marker, as canonical JSON. */
  marker: z.strictObject({ path: z.string().max(512), sha256 }).optional(),
});
export type Native = z.infer<typeof native>;

/** The key that opens a cluster of an auto-unseal seal. */
export const sealKeyOf = ({ seal }: Pick<Native, "seal">) => `the ${seal.type} seal's key${seal.key === undefined ? "" : ` ${seal.key}`}`;
