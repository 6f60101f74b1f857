import type { TrustedKeys } from "@holdfast/core";
import type { Credentials } from "@holdfast/localcloud";

/** Where backups go: a folder, or a bucket of the S3-compatible store. */
export type Place = { folder: string } | { endpoint: string; region: string; bucket: string; credentials: Credentials };

type Login = { host: string; port: number; username: string; password: string };
/** What is backed up. */
export type Source =
  | { kind: "postgres"; database: string; login: Login }
  | { kind: "vault"; nodes: string[]; login: { role_id: string; secret_id: string } };

/** What one child process does, once. It gets it on its standard input, because it holds passwords. */
export type Job = {
  verb: "backup" | "unseal" | "verify";
  place: Place;
  source: Source;
  /** ISO 8601. */
  slot: string;
  keys: { identity: string; recipient: string };
  trusted: TrustedKeys;
  /** The folder that holds the layers. */
  layers: string;
  scratch: string;
};

/** What it says at its end. */
export type Report = {
  /** Of the verb alone, without the start of the process. */
  seconds: number;
  /** Seconds of CPU of this process in that time, all threads. */
  cpu: number;
  /** And of the programs that it started. */
  childrenCpu: number;
  /** Of plaintext, and of ciphertext, all artifacts together. */
  plainBytes: number;
  storedBytes: number;
  /** The most memory that the process ever had, bytes of RSS. */
  peak: number;
  trusted: TrustedKeys;
};
