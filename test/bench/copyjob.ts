import type { FanOut, PartRange, Relayed, TrustedKeys } from "@holdfast/core";
import type { Place } from "./job.ts";

/** A bucket of an S3-compatible store. */
export type Bucket = Extract<Place, { bucket: string }>;

/** What one process of a copy does, once. It gets it on its standard input, because it holds credentials. */
export type CopyJob = { from: Bucket; to: Bucket } & (
  | { verb: "copy"; source: string; slot: string; trusted: TrustedKeys }
  /** One worker of a fan-out, one range after the other. `pace`: MiB a second at most, as a function's network would hold it; undefined: none. */
  | { verb: "relay"; fanOut: FanOut; ranges: PartRange[]; pace?: number | undefined }
);

/** What it says at its end. `seconds`: of the verb alone. `cpu`: seconds of this process in that time. `peak`: bytes of RSS. */
export type CopyReport = { seconds: number; cpu: number; peak: number; proof: string; relayed: Relayed[] };
