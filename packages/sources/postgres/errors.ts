import { HoldfastError } from "@holdfast/core";

// ── Reaching a server ────────────────────────────────────────────────────────────────────────────────────────────────────────
export class ServerUnreachable extends HoldfastError {
  override readonly name = "ServerUnreachable";
  override readonly fault = "world";
  constructor(where: string, options?: ErrorOptions) {
    super(
      `the server ${where} does not answer`,
      "Check that it runs, that host and port are right, and that the function's subnets and security groups let it through.",
      options,
    );
  }
}
export class ServerNotTrusted extends HoldfastError {
  override readonly name = "ServerNotTrusted";
  override readonly fault = "input";
  constructor(where: string, why: string, options?: ErrorOptions) {
    super(
      `the server ${where} did not prove its identity: ${why}`,
      'Give the PEM of the authority that signed its certificate as tls.ca in the plan or ca in the secret ("rds" for Amazon\'s), and connect by the name in the certificate.',
      options,
    );
  }
}
export class LoginRefused extends HoldfastError {
  override readonly name = "LoginRefused";
  override readonly fault = "input";
  constructor(where: string, secret: string, options?: ErrorOptions) {
    super(
      `the server ${where} refuses the login of the secret ${secret}`,
      "Check username and password in the secret, and that pg_hba.conf lets this login in from here. If the password was rotated just now, try again.",
      options,
    );
  }
}
export class DatabaseMissing extends HoldfastError {
  override readonly name = "DatabaseMissing";
  override readonly fault = "input";
  constructor(database: string, options?: ErrorOptions) {
    super(`the server has no database "${database}"`, "Correct the name in the plan's databases; it is taken letter by letter.", options);
  }
}
export class ServerVersionUnsupported extends HoldfastError {
  override readonly name = "ServerVersionUnsupported";
  override readonly fault = "input";
  constructor(major: number, known: readonly number[]) {
    super(
      `the server is PostgreSQL ${major}, and there is no client for it`,
      `Clients of ${known.join(", ")} are at hand. A dump is made only by the client of the server's own major version.`,
    );
  }
}
export class ConnectionLost extends HoldfastError {
  override readonly name = "ConnectionLost";
  override readonly fault = "world";
  constructor(doing: string, options?: ErrorOptions) {
    super(`the connection to the server broke while ${doing}`, "Trying again usually helps; the server's log says why.", options);
  }
}
export class RightsMissing extends HoldfastError {
  override readonly name = "RightsMissing";
  override readonly fault = "input";
  constructor(doing: string, said: string, options?: ErrorOptions) {
    super(
      `the login may not go on with ${doing}: ${said}`,
      "Grant it what the message names; packages/sources/postgres/README.md lists the rights.",
      options,
    );
  }
}
/** The server refused a statement for a reason that no other class names. */
export class ServerRefused extends HoldfastError {
  override readonly name = "ServerRefused";
  override readonly fault = "world";
  readonly code: string;
  constructor(doing: string, said: string, code: string, options?: ErrorOptions) {
    super(`the server refused while ${doing}: ${said} (SQLSTATE ${code})`, "The server's log has the statement.", options);
    this.code = code;
  }
}

// ── Dumping ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export class ClientMissing extends HoldfastError {
  override readonly name = "ClientMissing";
  override readonly fault = "input";
  constructor(program: string, options?: ErrorOptions) {
    super(`${program} cannot be started`, "The layer is missing or of another architecture; scripts/layers.mjs builds it.", options);
  }
}
export class DumpFailed extends HoldfastError {
  override readonly name = "DumpFailed";
  override readonly fault = "world";
  constructor(what: string, ending: string, said: string) {
    super(
      `${what} failed (${ending}): ${said || "it said nothing"}`,
      "No backup was made. The next slot tries again; the server's log may say more.",
    );
  }
}
export class LockTimeout extends HoldfastError {
  override readonly name = "LockTimeout";
  override readonly fault = "world";
  constructor(seconds: number) {
    super(
      `a table stayed locked for ${seconds} seconds, so the dump gave up`,
      "Something, often a migration, holds a lock that excludes readers. Run again when it is done, or raise lockTimeout.",
    );
  }
}
export class StandbyConflict extends HoldfastError {
  override readonly name = "StandbyConflict";
  override readonly fault = "world";
  constructor() {
    super(
      "the standby cancelled the dump in favour of replay",
      "Set hot_standby_feedback on it or raise max_standby_streaming_delay; or back up from the primary.",
    );
  }
}
/** pg_dump reached a server that does not know the snapshot which another session of ours holds. */
export class SnapshotUnknown extends HoldfastError {
  override readonly name = "SnapshotUnknown";
  override readonly fault = "input";
  constructor(where: string) {
    super(
      `behind ${where} sessions reach different servers`,
      "Give the address of one server: the writer's, or one instance's. Endpoints that balance over readers, and poolers, cannot share a snapshot.",
    );
  }
}
export class DumpIncomplete extends HoldfastError {
  override readonly name = "DumpIncomplete";
  override readonly fault = "input";
}
export class TooManyDatabases extends HoldfastError {
  override readonly name = "TooManyDatabases";
  override readonly fault = "input";
  constructor(found: number, most: number) {
    super(
      `the server has ${found} databases, and one backup holds at most ${most}`,
      "Split them over several sources, each with its list of databases.",
    );
  }
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Says nothing of what stands in the archive: its message ends up in evidence, which is not encrypted. */
export class ArchiveBroken extends HoldfastError {
  override readonly name = "ArchiveBroken";
  override readonly fault = "backup";
  constructor(artifact: string, how: string, options?: ErrorOptions) {
    super(`${artifact} ${how}`, "This backup cannot be restored whole. Use another one, and look for what damaged it.", options);
  }
}

/** A client was ended from outside, for want of memory for example: says nothing about the backup. */
export class ClientKilled extends HoldfastError {
  override readonly name = "ClientKilled";
  override readonly fault = "world";
  constructor(program: string, signal: string) {
    super(`${program} was killed by ${signal}`, "Trying again usually helps; if it does not, give the function more memory.");
  }
}

// ── Restoring ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export class DatabaseExists extends HoldfastError {
  override readonly name = "DatabaseExists";
  override readonly fault = "input";
  constructor(database: string, options?: ErrorOptions) {
    super(
      `the target has a database "${database}" already`,
      "It was not touched. Choose another name, or leave the name out and one is made up.",
      options,
    );
  }
}
export class LocaleUnavailable extends HoldfastError {
  override readonly name = "LocaleUnavailable";
  override readonly fault = "input";
  constructor(locale: string, options?: ErrorOptions) {
    super(
      `the target lacks the source's locale ${locale}`,
      "Sorting would differ under another one. Install it on the target's host, or restore to a server that has it.",
      options,
    );
  }
}
export class ExtensionUnavailable extends HoldfastError {
  override readonly name = "ExtensionUnavailable";
  override readonly fault = "input";
  constructor(extension: string, said: string, options?: ErrorOptions) {
    super(
      `the extension ${extension} could not be made: ${said}`,
      "Install it on the target, and list it under the target's extensions where it is not a trusted one.",
      options,
    );
  }
}
export class LoadFailed extends HoldfastError {
  override readonly name = "LoadFailed";
  override readonly fault = "world";
  constructor(ending: string, said: string) {
    super(
      `pg_restore failed (${ending}): ${said || "it said nothing"}`,
      "What was made is removed. Names and values are left out here; the target server's log has the statement.",
    );
  }
}
export class UndoIncomplete extends HoldfastError {
  override readonly name = "UndoIncomplete";
  override readonly fault = "world";
  constructor(role: string, said: string, options?: ErrorOptions) {
    super(
      `the role ${role} is locked out and its databases are gone, but it cannot be dropped: ${said}`,
      "Something outside of its own databases came to belong to it. Look at the server's message for what, give that to somebody else, and undo again.",
      options,
    );
  }
}
