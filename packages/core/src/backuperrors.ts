import { HoldfastError } from "./errors.ts";
import type { Finding } from "./ports/finding.ts";

/** A manifest is malformed, too large or of another backup than its key says. */
export class ManifestInvalid extends HoldfastError {
  override readonly name = "ManifestInvalid";
  override readonly fault = "backup";
  constructor(message: string, options?: ErrorOptions) {
    super(message, "Nothing in this backup is believed. Use another one, and find out who wrote it: CloudTrail has the request.", options);
  }
}
/** A backup would need a manifest over the limit; none was written. */
export class ManifestTooLarge extends HoldfastError {
  override readonly name = "ManifestTooLarge";
  override readonly fault = "input";
  constructor(source: string, bytes: number, limit: number) {
    super(
      `the manifest of ${source} would have ${bytes} bytes, over the limit of ${limit}`,
      "The backup was not made. Split the source in holdfast.config.ts: fewer databases in each need smaller manifests.",
    );
  }
}
/** A signature is missing, wrong or of a key that the plan does not trust. */
export class BackupForged extends HoldfastError {
  override readonly name = "BackupForged";
  override readonly fault = "backup";
  /** The id of the key that signed and that the reader does not trust; undefined where the signature itself is missing or wrong. */
  readonly untrusted: string | undefined;
  constructor(message: string, options?: ErrorOptions & { untrusted?: string }) {
    super(
      message,
      "Nothing in this backup is believed. If the key is an older one of yours, list it under trust in holdfast.config.ts.",
      options,
    );
    this.untrusted = options?.untrusted;
  }
}
/** A check before the backup found that it would be incomplete. */
export class PreflightRefused extends HoldfastError {
  override readonly name = "PreflightRefused";
  override readonly fault = "input";
  readonly findings: readonly Finding[];
  constructor(source: string, findings: readonly Finding[]) {
    super(
      `${source} was not backed up: ${findings.map((f) => `${f.name}: ${f.message}`).join("; ")}`,
      findings.map((f) => f.hint).join(" "),
    );
    this.findings = findings;
  }
}
/** What a kind captured does not fit its own schema or the manifest's; none was written. */
export class CaptureInvalid extends HoldfastError {
  override readonly name = "CaptureInvalid";
  override readonly fault = "input";
  constructor(source: string, problems: readonly string[], options?: ErrorOptions) {
    super(
      `what was captured of ${source} does not fit a manifest: ${problems.join("; ")}`,
      "The backup was not made. This is a fault of the kind's own code: report it with this message.",
      options,
    );
  }
}
/** No backup fits what was asked for. */
export class BackupNotFound extends HoldfastError {
  override readonly name = "BackupNotFound";
  override readonly fault = "input";
}
/** The backup that was asked for has no proof that it can be read. */
export class BackupUnverified extends HoldfastError {
  override readonly name = "BackupUnverified";
  override readonly fault = "input";
}
/** A restore was refused by its plan; nothing was made. */
export class RestoreRefused extends HoldfastError {
  override readonly name = "RestoreRefused";
  override readonly fault = "input";
  readonly finding: Finding;
  constructor(finding: Finding) {
    super(`${finding.name}: ${finding.message}`, finding.hint);
    this.finding = finding;
  }
}
/** What was loaded is not what the backup holds. */
export class RestoreDiffers extends HoldfastError {
  override readonly name = "RestoreDiffers";
  override readonly fault = "backup";
}
/** An artifact that the manifest names is not in the store. */
export class ArtifactMissing extends HoldfastError {
  override readonly name = "ArtifactMissing";
  override readonly fault = "backup";
  constructor(key: string) {
    super(
      `${key} is named by the manifest and not in the store`,
      "This backup cannot be restored. Use another one, and find out who could delete: CloudTrail has the request.",
    );
  }
}
/** An artifact is shorter or longer than the manifest says. */
export class ArtifactTruncated extends HoldfastError {
  override readonly name = "ArtifactTruncated";
  override readonly fault = "backup";
  constructor(key: string, expected: number, found: number) {
    super(
      `${key} has ${found} bytes, the manifest says ${expected}`,
      "This backup cannot be restored whole. Use another one, or a copy in another store.",
    );
  }
}
/** Retention would delete so many snapshots of a source at once that a person has to look first. Nothing was deleted. */
export class TooManyToPrune extends HoldfastError {
  override readonly name = "TooManyToPrune";
  override readonly fault = "input";
  constructor(source: string, what: string) {
    super(
      `nothing of ${source} was deleted: ${what}`,
      `Was it meant, because the plan keeps fewer now or nobody pruned for long? \`holdfast prune ${source}\` shows what would go; with --yes it goes.`,
    );
  }
}
