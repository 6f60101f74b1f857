import type { EncryptionContext } from "@holdfast/aws";
import type { Identity, Secrets, Sign } from "@holdfast/core";

/** What the commands ask of AWS besides the stores. Errors are those of `errors.ts`; nothing of the SDK gets through. */
export type Cloud = {
  account(): Promise<string>;
  /** The ARN of whoever runs the command. */
  who(): Promise<string>;
  functions: Functions;
  machines: Machines;
  logs: Logs;
  keys: Keys;
  secrets: Secrets;
  /** Who the person or runner is, for stores without a standing key. */
  identity: Identity;
};

export interface Functions {
  /** Runs it and waits for its answer, as long as a Lambda can live. Never starts it twice. Throws {@link NotDeployed}, {@link AwsDenied}. */
  invoke(name: string, payload: unknown, signal: AbortSignal): Promise<Answer>;
}
export type Answer = { ok: true; result: unknown } | { ok: false; error: string; message: string };

export interface Logs {
  /** Lines of a function's log since then, oldest first. Empty where there is no log yet. Throws {@link AwsDenied}. */
  since(functionName: string, at: Date, signal: AbortSignal): Promise<string[]>;
}

export interface Machines {
  /** Starts an execution of this name once, also when the request is sent twice. Answers with its ARN. Throws {@link NotDeployed}, {@link AwsDenied}. */
  start(machine: string, execution: string, input: unknown, signal: AbortSignal): Promise<string>;
  look(execution: string, signal: AbortSignal): Promise<Look>;
}
export type Look = {
  status: "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";
  started: Date;
  stopped: Date | undefined;
  input: string | undefined;
  output: string | undefined;
  error: string | undefined;
  cause: string | undefined;
  /** Oldest first. */
  events: HistoryEvent[];
};
export type HistoryEvent =
  | { what: "entered"; state: string; at: Date }
  | { what: "exited"; state: string; at: Date; output: string | undefined }
  | { what: "failed"; at: Date; error: string | undefined; cause: string | undefined };

export interface Keys {
  /** The public half of a signing key, by its alias. Throws {@link NotDeployed}, {@link AwsDenied}. */
  publicKey(alias: string): Promise<{ arn: string; pem: string }>;
  /** The ARN that an alias stands for. */
  arnOf(alias: string): Promise<string>;
  sign(arn: string, pem: string): Sign;
  /** Opens envelopes; what `@holdfast/age` needs of KMS. */
  cipher: {
    encrypt(keyId: string, plaintext: Uint8Array, context: EncryptionContext): Promise<Uint8Array>;
    decrypt(keyId: string, ciphertext: Uint8Array, context: EncryptionContext): Promise<Uint8Array>;
  };
}
