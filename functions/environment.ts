import { tmpdir } from "node:os";
import { z } from "zod";

/** Everything a function takes from its environment: addresses and public keys, never a secret. Read once, at start. */
const schema = z.object({
  AWS_REGION: z.string(),
  HOLDFAST_PROJECT: z.string(),
  HOLDFAST_BUCKET: z.string(),
  HOLDFAST_LAYERS: z.string().default("/opt"),
  HOLDFAST_ENVELOPE_KEY: z.string().default(""),
  HOLDFAST_SIGNING_KEY: z.string().default(""),
  HOLDFAST_SIGNING_PEM: z.string().default(""),
  HOLDFAST_MANIFEST_PEM: z.string().default(""),
  HOLDFAST_KEYS: z.string().default("[]"),
  /** The function's own. */
  HOLDFAST_QUEUE: z.string().default(""),
  HOLDFAST_QUEUES: z.string().default("{}"),
  /** The state machine that shares large copies out. */
  HOLDFAST_MACHINE: z.string().default(""),
  HOLDFAST_NETWORK: z.string().default(""),
  TMPDIR: z.string().default(tmpdir()),
});
export const environment = schema.parse(process.env);
